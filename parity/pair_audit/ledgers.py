"""The ledgers of one comparison: everything that is added up over the batches, of constant size."""

from __future__ import annotations

from typing import NamedTuple

from parity.measure.noise import Floors
from parity.pair_audit.answer_ledger import AnswerLedger
from parity.pair_audit.choice_ledger import ChoiceLedger
from parity.pair_audit.decision_ledger import DecisionLedger
from parity.pair_audit.embedding_ledger import Embedding, EmbeddingLedger
from parity.pair_audit.feed_ledger import FeedLedger
from parity.pair_audit.probability_ledger import Deciding
from parity.pair_audit.selection_ledger import SelectionLedger
from parity.pair_audit.stage_ledger import StageLedger
from parity.pair_audit.target_ledger import TargetLedger
from parity.pair_audit.token_ledger import TokenLedger
from parity.records.pair import Pair
from parity.session.window import Window

__all__ = ["Ledgers", "open_ledgers"]


class Ledgers(NamedTuple):
    """What the tokens, the feeds and the stages showed; the decisions, where there are classes to decide between; embeddings, answers,
    the targets of two decoders, and what one side selects."""

    tokens: TokenLedger
    feeds: FeedLedger
    stages: StageLedger
    decisions: DecisionLedger | None
    embeddings: EmbeddingLedger | None = None
    answers: AnswerLedger | None = None
    targets: TargetLedger | None = None
    selections: SelectionLedger | None = None

    def open_window(self, window: Window) -> None:
        """The rows whose batches come next."""
        self.tokens.open_window(window)
        if self.decisions is not None:
            self.decisions.open_window(window.examples)
        if self.embeddings is not None:
            self.embeddings.open_window(window.examples)
        if self.answers is not None:
            self.answers.open_window(window)
        if self.targets is not None:
            self.targets.open_window(window)
        if self.selections is not None:
            self.selections.open_window(window)


def open_ledgers(
    floors: Floors,
    deciding: Deciding | None,
    unknown_pieces: Pair[str] = Pair("", ""),  # noqa: B008 - immutable
    embedding: Embedding | None = None,
) -> Ledgers:
    """Empty ledgers; `deciding` says how decisions are counted (None: there are none), `unknown_pieces` what each side's
    tokenizer writes for a word that it does not know, `embedding` where the embeddings are (None: there are none)."""
    tokens = TokenLedger(unknown_pieces)
    task = None if deciding is None else deciding.plan.task
    kind = ChoiceLedger if task is not None and task.by_choice else DecisionLedger
    decisions = None if deciding is None else kind(deciding, tokens)
    embeddings = None if embedding is None else EmbeddingLedger(embedding)
    stages = StageLedger(
        floors, None if decisions is None else decisions.add, None if embeddings is None else embeddings.add
    )
    return Ledgers(tokens, FeedLedger(), stages, decisions, embeddings)
