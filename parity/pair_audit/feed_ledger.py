"""The feed ledger: how both sides padded and masked their own batches, and which positions they gave their tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.padding import padding_side
from parity.align.positions import gather, pair_positions
from parity.border.runner import Batch, Group
from parity.pair_audit.token_ledger import NAMED_ROWS
from parity.records.pair import Pair

__all__ = ["FeedLedger", "Unlike"]


class Unlike:
    """Rows in which the two feeds differ in one thing: how many of how many, and the first of them."""

    def __init__(self) -> None:
        self.of = 0
        self.count = 0
        self.rows: list[int] = []

    def add(self, rows: Sequence[int]) -> None:
        """Count these rows, and name them while there is room."""
        self.count += len(rows)
        self.name(rows)

    def name(self, rows: Sequence[int]) -> None:
        """Name these rows while there is room, and count none."""
        self.rows.extend(list(rows)[: max(0, NAMED_ROWS - len(self.rows))])


class FeedLedger:
    """What the feeds showed.

    `sides` counts the batches of each side by the side they were padded on; `padded` are the padded rows of each side, and its
    named rows are padded on both; `unmasked` counts the rows of each side that attend to other than real tokens. `mask` are the
    rows in which only one side does; `positions` those whose real tokens have other positions, of the rows with equal tokens;
    `shifts` the differences, reference minus candidate, between positions of tokens that are the same.
    """

    def __init__(self) -> None:
        self.sides: Pair[Counter[str]] = Pair(Counter(), Counter())
        self.padded: Pair[int] = Pair(0, 0)
        self.unmasked: Pair[int] = Pair(0, 0)
        self.padding = Unlike()
        self.mask = Unlike()
        self.positions = Unlike()
        self.shifts: set[int] = set()

    def add(self, batches: Pair[Batch], rows: Sequence[int], equal_rows: Sequence[bool]) -> None:
        """A pair of own batches; `equal_rows` says whose tokens are equal."""
        if any("real" not in batch.stages for batch in batches):
            return
        here = _layout(batches.reference)
        there = here if _laid_out_alike(batches) else _layout(batches.candidate)
        for sides, layout in zip(self.sides, (here, there), strict=True):
            sides.update(layout.sides)
        self.padded = _plus(self.padded, here.padded, there.padded)
        self.unmasked = _plus(self.unmasked, here.loose, there.loose)
        self.padding.name(_chosen(rows, here.padded & there.padded))
        self.mask.add(_chosen(rows, here.loose != there.loose))
        self._positions(batches, rows, equal_rows)

    @property
    def padding_sides(self) -> dict[str, str]:
        """The side each subject pads on, over all batches: the one seen, "none" where nothing was padded, else "mixed"."""
        return {name: _side(counts) for name, counts in zip(Pair._fields, self.sides, strict=True)}

    @property
    def padded_unlike(self) -> bool:
        """Whether the two pad on other sides."""
        return len(set(self.padding_sides.values()) - {"none"}) > 1

    def _positions(self, batches: Pair[Batch], rows: Sequence[int], equal_rows: Sequence[bool]) -> None:
        known = [batch.stages.get("position_ids") for batch in batches]
        if known[0] is None or known[1] is None:
            return
        reals = [batch.stages["real"].values.astype(np.uint8) for batch in batches]
        equal = np.asarray(equal_rows, dtype=bool)
        self.positions.of += int(equal.sum())
        if np.array_equal(reals[0], reals[1]) and np.array_equal(known[0].values, known[1].values):
            return  # the usual case, handled in fewer steps than below
        pairing = pair_positions(reals[0], reals[1])
        here, there = (
            np.asarray(gather(side.values, index), dtype=np.int64)
            for side, index in ((known[0], pairing.reference), (known[1], pairing.candidate))
        )
        apart = here - there
        concerned = np.zeros(len(rows), dtype=bool)
        concerned[pairing.rows[apart[:, 0] != 0]] = True
        if concerned.any() and len(self.shifts) < 2:  # two suffice to show that they differ
            self.shifts.update(np.unique(apart[equal[pairing.rows], 0]).tolist())
        self.positions.add(_chosen(rows, concerned & equal))


class _Layout(NamedTuple):
    """How a batch was laid out: the side that each group of its rows was padded on, and which rows [rows] are padded, or attend to
    other than real tokens."""

    sides: tuple[str, ...]
    padded: NDArray[np.bool_]
    loose: NDArray[np.bool_]


def _layout(batch: Batch) -> _Layout:
    real = batch.stages["real"].values.astype(bool)
    mask = batch.stages.get("attention_mask")
    attended = np.ones(real.shape, dtype=bool) if mask is None else mask.values.astype(bool)
    sides: list[str] = []
    padded, loose = np.zeros(len(real), dtype=bool), np.zeros(len(real), dtype=bool)
    start = 0
    for count, width in batch.groups or (Group(*real.shape),):
        rows = slice(start, start + count)
        fed = real[rows, :width]  # beyond it nothing was fed
        sides.append(padding_side(fed.astype(np.uint8)))
        padded[rows] = (~fed).any(axis=1)
        loose[rows] = (attended[rows, :width] != fed).any(axis=1)
        start += count
    return _Layout(tuple(sides), padded, loose)


def _laid_out_alike(batches: Pair[Batch]) -> bool:
    here, there = (batch.stages for batch in batches)
    return batches.reference.groups == batches.candidate.groups and all(
        name in here and name in there and np.array_equal(here[name].values, there[name].values)
        for name in ("real", "attention_mask")
    )


def _plus(known: Pair[int], here: NDArray[np.bool_], there: NDArray[np.bool_]) -> Pair[int]:
    return Pair(known.reference + int(here.sum()), known.candidate + int(there.sum()))


def _chosen(rows: Sequence[int], which: NDArray[np.bool_]) -> list[int]:
    return [rows[place] for place in np.flatnonzero(which).tolist()]


def _side(counts: Counter[str]) -> str:
    seen = {side for side in counts if side != "none"}
    return seen.pop() if len(seen) == 1 else "mixed" if seen else "none"
