"""How the embeddings of two sides compare: the angle and the length of each, and whether the nearest neighbours stay.

Cosines are computed in float64 from the vectors as they are. Neighbours are found among a sample of the inputs, for each text of
that sample, by cosine, which is how most users search. Copies of one text are equally near, and rounding decides which of them is
named: a neighbour that one side names counts as shared where the other holds it as near as its own last one, to 1e-6.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AT",
    "MOST",
    "TIED",
    "EmbeddingSums",
    "NeighbourMeasurement",
    "Vectors",
    "directions",
    "rows_sampled",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Array = NDArray[np.generic]
AT = 10
"""How many neighbours are compared."""
MOST = 2_000
"""The most texts that neighbours are searched among."""
TIED = 1e-6
"""How far below the last neighbour's cosine another text still is as near."""
_AT_ONCE = 256  # texts whose cosines to all others are held at once


def rows_sampled(count: int, *, pairs: bool = False) -> Integers:
    """The rows among which neighbours are searched: all, or MOST of them evenly drawn; where they are in pairs, both texts of each.

    >>> rows_sampled(3).tolist(), len(rows_sampled(5000)), rows_sampled(5000)[-1].item()
    ([0, 1, 2], 2000, 4999)
    """
    if pairs:
        first = 2 * rows_sampled(count // 2)[:: 1 if count <= MOST else 2]
        return np.sort(np.concatenate([first, first + 1]))
    if count <= MOST:
        return np.arange(count, dtype=np.int64)
    return np.unique(np.linspace(0, count - 1, MOST).round().astype(np.int64))


class Vectors(NamedTuple):
    """Embeddings [n, hidden] of both sides, in one order, with the row of each."""

    rows: Integers
    reference: Array
    candidate: Array


class NeighbourMeasurement(NamedTuple):
    """The share of the `at` nearest neighbours that both sides have, over all `sample` texts; `changed` of these have another one.

    `kept` are the neighbours that each text of the sample shares, in order.
    """

    at: int
    overlap: float
    sample: int
    changed: int
    rows: Integers
    kept: Integers


class Furthest(NamedTuple):
    """The row with the smallest cosine."""

    row: int
    cosine: float


class EmbeddingSums:
    """What accumulates over the embeddings of both sides; a vector without a direction (a zero, a NaN) is counted and has no cosine."""

    def __init__(self, sampled: Integers, keep: int = 8) -> None:
        self.rows = 0
        self.undefined = 0
        self._sampled = sampled
        self._keep = keep
        self._cosines = 0.0
        self._ratios = 0.0
        self._lengths = np.zeros(2)
        self._spread = np.array([np.inf, -np.inf, np.inf, -np.inf])
        self._furthest: list[Furthest] = []
        self._kept: list[Vectors] = []

    def add(self, vectors: Vectors) -> None:
        """The embeddings of some rows."""
        here, there = (np.asarray(side, dtype=np.float64) for side in vectors[1:])
        with np.errstate(invalid="ignore", over="ignore"):
            lengths = np.stack([np.linalg.norm(side, axis=1) for side in (here, there)])
            usable = (np.isfinite(lengths) & (lengths > 0)).all(axis=0)
        self.undefined += int((~usable).sum())
        if not usable.any():
            return
        here, there, lengths, rows = here[usable], there[usable], lengths[:, usable], vectors.rows[usable]
        cosines = np.minimum((here / lengths[0][:, None] * (there / lengths[1][:, None])).sum(axis=1), 1.0)
        self.rows += len(rows)
        self._cosines += float(cosines.sum())
        self._ratios += float((lengths[1] / lengths[0]).sum())
        self._lengths += lengths.sum(axis=1)
        for place, side in enumerate(lengths):
            self._spread[2 * place] = min(self._spread[2 * place], side.min())
            self._spread[2 * place + 1] = max(self._spread[2 * place + 1], side.max())
        named = [Furthest(int(row), float(cosine)) for row, cosine in zip(rows, cosines, strict=True)]
        self._furthest = sorted(
            [*self._furthest, *named], key=lambda item: (round(item.cosine, 12), item.row)
        )[: self._keep]
        sampled = np.isin(rows, self._sampled)
        if sampled.any():
            kept = (side[sampled].astype(np.float32) for side in (here, there))
            self._kept.append(Vectors(rows[sampled], *kept))

    def samples(self, row: int) -> bool:
        """Whether a row is in the sample."""
        place = int(np.searchsorted(self._sampled, row))
        return place < len(self._sampled) and int(self._sampled[place]) == row

    def sampled(self) -> Vectors:
        """The embeddings of the sample, by rising row."""
        rows = np.concatenate([part.rows for part in self._kept]) if self._kept else np.zeros(0, np.int64)
        order = np.argsort(rows, kind="stable")
        sides = (
            np.concatenate([part[side] for part in self._kept])[order] if self._kept else np.zeros((0, 1))
            for side in (1, 2)
        )
        return Vectors(rows[order], *sides)

    @property
    def cosine_mean(self) -> float:
        """The mean cosine between the two embeddings of a text."""
        return self._cosines / self.rows

    @property
    def norm_ratio(self) -> float:
        """The mean of candidate's length by reference's."""
        return self._ratios / self.rows

    @property
    def lengths(self) -> tuple[float, float]:
        """The mean length of each side."""
        here, there = (self._lengths / self.rows).tolist()
        return here, there

    def is_unit(self, side: int) -> bool:
        """Whether every vector of a side (0: the reference) has length 1, up to rounding to three decimals."""
        low, high = self._spread[2 * side : 2 * side + 2]
        return bool(abs(low - 1.0) < 1e-3 and abs(high - 1.0) < 1e-3)

    @property
    def furthest(self) -> list[Furthest]:
        """The rows with the smallest cosines, smallest first."""
        return self._furthest

    def neighbours(self) -> NeighbourMeasurement | None:
        """The overlap of the neighbours, of at most half of the other texts: where all are neighbours, all are shared.

        None with fewer than three texts.
        """
        rows, *vectors = self.sampled()
        at = min(AT, (len(rows) - 1) // 2)
        if at < 1:
            return None
        sides = [directions(side) for side in vectors]
        kept = np.concatenate(list(_kept(sides[0], sides[1], at)))
        return NeighbourMeasurement(
            at=at,
            overlap=float(kept.sum()) / (at * len(rows)),
            sample=len(rows),
            changed=int((kept < at).sum()),
            rows=rows,
            kept=kept,
        )


def directions(vectors: Array) -> Floats:
    """[n, hidden] vectors of length 1."""
    wide = np.asarray(vectors, dtype=np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), dtype=np.float64)


def _kept(here: Floats, there: Floats, at: int) -> Iterator[Integers]:
    """How many of its `at` neighbours each text keeps, some texts at a time: the fewer of what either side finds in the other."""
    for start in range(0, len(here), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        near = [side[part] @ side.T for side in (here, there)]
        for cosines in near:
            own = np.arange(len(cosines))
            cosines[own, own + start] = -np.inf
        found = [np.argpartition(-cosines, at - 1, axis=1)[:, :at] for cosines in near]
        least = [
            np.take_along_axis(cosines, chosen, axis=1).min(axis=1, keepdims=True) - TIED
            for cosines, chosen in zip(near, found, strict=True)
        ]
        shared = [
            (np.take_along_axis(near[1 - side], found[side], axis=1) >= least[1 - side]).sum(axis=1)
            for side in (0, 1)
        ]
        yield np.minimum(*shared).astype(np.int64)
