"""The ledgers of one comparison: everything that is added up over the batches, of constant size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.paired_stage import PairedStage
from parity.inputs.example import Example
from parity.measure.noise import Floors
from parity.pair_audit.answer_ledger import AnswerLedger
from parity.pair_audit.choice_ledger import ChoiceLedger
from parity.pair_audit.decision_ledger import DecisionLedger
from parity.pair_audit.embedding_ledger import Embedding, EmbeddingLedger
from parity.pair_audit.feed_ledger import FeedLedger
from parity.pair_audit.language_ledger import LanguageLedger, Predicting
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
    the targets of two decoders, what one side selects, and what language models predict."""

    tokens: TokenLedger
    feeds: FeedLedger
    stages: StageLedger
    decisions: DecisionLedger | None
    embeddings: EmbeddingLedger | None = None
    answers: AnswerLedger | None = None
    targets: TargetLedger | None = None
    selections: SelectionLedger | None = None
    language: LanguageLedger | None = None

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
        if self.language is not None:
            self.language.open_window(window)

    def begin(self, examples: Sequence[Example], sampled: str) -> None:
        """The texts of which each token is masked in turn."""
        if self.decisions is not None:
            self.decisions.open_window(examples)
        if self.language is not None:
            self.language.begin_masked(examples, sampled)

    def take(self, item: PairedStage, targets: NDArray[np.int64]) -> None:
        """What both sides give at masks, and the tokens that were masked."""
        self.stages.add_own(item)
        if self.decisions is not None:
            self.decisions.take_masked(item)
        if self.language is not None:
            self.language.take_masked(item, targets)


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
    predicting = None if deciding is None else _predicting(deciding)
    language = None if predicting is None else LanguageLedger(predicting, tokens)
    takers = [ledger.add for ledger in (embeddings, language) if ledger is not None]
    stages = StageLedger(floors, None if decisions is None else decisions.add, *takers)
    return Ledgers(tokens, FeedLedger(), stages, decisions, embeddings, language=language)


def _predicting(deciding: Deciding) -> Predicting | None:
    """What language models predict; None for what is none."""
    task = deciding.plan.task
    if task is None or not task.wide:
        return None
    return Predicting(task.outputs[0], task.target, deciding.decided, deciding.mask, deciding.confidence)
