"""The target ledger: where the targets came from, and how the tokens that the two decoders are fed compare."""

from __future__ import annotations

from parity.inputs.example import LEAST_WRITTEN, MOST_WRITTEN
from parity.pair_audit.judge import Symbols, discrete_record
from parity.pair_audit.token_ledger import TokenLedger
from parity.passes import FIRST
from parity.records.exhibit import Cell, Exhibit, ExhibitColumn
from parity.records.pair import Pair
from parity.records.stage import NotCompared, StageRecord
from parity.records.targets import Targets
from parity.records.tokens import TokenExample, Tokens
from parity.session.window import Window

__all__ = ["TARGETS", "TargetLedger"]

TARGETS = "decoder_input_ids"
"""The stage that shows how the targets compare."""
_SHOWN = 12  # tokens around the first that differs


class TargetLedger:
    """What the targets showed; `tokens` holds how what the decoders are fed compares, as for the tokens of a text."""

    def __init__(self, unknown_pieces: Pair[str], *, one_vocabulary: bool) -> None:
        self.tokens = TokenLedger(unknown_pieces)
        self._written = 0
        self._rows = 0
        self._as_text = not one_vocabulary

    def open_window(self, window: Window) -> None:
        """Every row of a window."""
        self.tokens.open_window(window.of_targets())
        for example, encoding in zip(window.examples, window.encodings.reference, strict=True):
            if encoding is not None and encoding.target is not None:
                self._rows += 1
                self._written += example.target is None

    def record(self) -> Targets:
        """The targets as the audit keeps them."""
        tokens = self.tokens
        return Targets(
            given=self._rows - self._written,
            written=self._written,
            least=LEAST_WRITTEN,
            most=MOST_WRITTEN,
            as_text=self._as_text and self._written > 0,
            tokens=Tokens(
                rows=tokens.rows,
                rows_equal=tokens.rows_equal,
                differences=dict(sorted(tokens.kinds.items())),
                examples=tokens.examples,
                pairs_aligned=tokens.pairs_aligned,
            ),
        )

    def stage(self) -> StageRecord:
        """What the decoders were fed, as a stage of symbols."""
        tokens = self.tokens
        differing = tokens.rows - tokens.rows_equal
        reason = "the two decoders are given other tokens" if differing else ""
        symbols = Symbols(tokens.token_count, tokens.rows, tokens.named(tokens.kinds), differing)
        return discrete_record(TARGETS, FIRST.name, symbols, reason)

    def not_compared(self) -> list[NotCompared]:
        """Tokens of the target without a counterpart: each has a decision of its own, which was then not compared."""
        if not self.tokens.unpaired_rows:
            return []
        here, there = self.tokens.unpaired
        reason = (
            f"{here} tokens of the target of the reference and {there} of the candidate, in {self.tokens.unpaired_rows} of "
            f"{self.tokens.rows} rows, have no counterpart"
        )
        return [NotCompared(stage=TARGETS, pass_=FIRST.name, reason=reason)]

    def exhibits(self) -> list[Exhibit]:
        """The first rows whose targets differ, with the tokens around the first difference; none where all are equal."""
        shown = [_row(example) for example in self.tokens.examples]
        if not shown:
            return []
        return [
            Exhibit(
                title="Tokens of the target that differ",
                kind="table",
                columns=[
                    ExhibitColumn(name="row", kind="number"),
                    ExhibitColumn(name="difference"),
                    ExhibitColumn(name="reference", kind="data"),
                    ExhibitColumn(name="candidate", kind="data"),
                ],
                rows=shown,
                of=FIRST.name,
                note="What each decoder is given: its start token, then the tokens of the target. From the first that differs on.",
                left_out=self.tokens.rows - self.tokens.rows_equal - len(shown),
            )
        ]


def _row(example: TokenExample) -> list[Cell]:
    here, there = example.reference_ids, example.candidate_ids
    first = next(
        (at for at, (one, other) in enumerate(zip(here, there, strict=False)) if one != other),
        min(len(here), len(there)),
    )
    part = slice(first, first + _SHOWN)
    pieces = [" ".join(side[part]) for side in (example.reference_pieces, example.candidate_pieces)]
    return [example.row, ", ".join(example.kinds), *pieces]
