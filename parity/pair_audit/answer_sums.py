"""The best spans of both sides beside the answers, added up row by row, and what of them is shown."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from parity.records.exhibit import Cell, Exhibit, ExhibitColumn

__all__ = ["BEST", "SpanSums"]

BEST = 5
"""How many spans of either side are compared, the best first."""


class SpanSums:
    """How many of the best spans both sides share, and in how many rows either gives no answer."""

    def __init__(self, *, null: bool) -> None:
        self._null = null
        self._rows = self._sets = self._orders = 0
        self._shared = 0.0
        self._silent = [0, 0]

    def add(self, here: Sequence[Hashable], there: Sequence[Hashable], silent: Sequence[bool]) -> None:
        """The best spans of a row on both sides, and which side gives no answer to it."""
        self._rows += 1
        self._shared += len({*here} & {*there}) / max(len({*here}), len({*there}), 1)
        self._sets += {*here} != {*there}
        self._orders += list(here) != list(there)
        self._silent = [count + one for count, one in zip(self._silent, silent, strict=True)]

    def exhibits(self) -> Iterator[Exhibit]:
        """The table of the best spans; nothing where no row has any."""
        if not self._rows:
            return
        names = [
            "rows",
            f"share of the {BEST} best spans that both have",
            "rows with others",
            "rows in another order",
        ]
        cells: list[Cell] = [self._rows, self._shared / self._rows, self._sets, self._orders]
        note = f"Of the {BEST} best spans {100 * self._shared / self._rows:.4g} % are the same on both sides."
        if self._null:
            names += ["no answer, reference", "no answer, candidate"]
            cells += self._silent
            note += (
                " Some inputs have no right answer, so that none is given where the score of the first special token "
                f"is above that of the best span: in {self._silent[0]:,} rows of the reference and {self._silent[1]:,} of the candidate."
            )
        yield Exhibit(
            title="Answers: the best spans",
            kind="table",
            columns=[ExhibitColumn(name=name, kind="number") for name in names],
            rows=[cells],
            of="answers",
            note=note,
        )
