"""How far two versions of some vectors are from each other, over all and by row; and what rounding alone does at one place."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parity.records.pair import Pair

__all__ = ["Distance", "Place"]

_ROW_FACTOR = 10.0
Array = NDArray[np.float64]


class Distance:
    """The relative L2 of two versions of some vectors, over all and by row; infinite where a value is a number in one version only."""

    def __init__(self) -> None:
        self._squares: dict[int, Array] = {}

    def add(self, rows: Iterable[int], reference: Any, other: Any) -> None:
        """More vectors [n, width] with the row of each."""
        here = np.asarray(reference, dtype=np.float64).reshape(len(reference), -1)
        there = np.asarray(other, dtype=np.float64).reshape(len(other), -1)
        with np.errstate(invalid="ignore", over="ignore"):
            apart = np.where(here == there, 0.0, there - here)
            apart[np.isnan(here) & np.isnan(there)] = 0.0
            sizes = np.where(np.isfinite(here), here, 0.0)
            squares = np.stack([np.square(apart).sum(axis=1), np.square(sizes).sum(axis=1)], axis=1)
        squares[np.isnan(squares)] = np.inf
        self.add_squares(zip(rows, squares, strict=True))

    def add_squares(self, seen: Iterable[tuple[int, Any]]) -> None:
        """More rows, each with the squared difference and the squared size."""
        for row, both in seen:
            self._squares[int(row)] = self._squares.get(int(row), np.zeros(2)) + both

    @property
    def relative(self) -> float | None:
        """Over all; None where nothing was seen."""
        if not self._squares:
            return None
        return _root(*np.sum(list(self._squares.values()), axis=0))

    def rows(self, over: float) -> list[int]:
        """The rows that differ by more."""
        return sorted(row for row, both in self._squares.items() if row >= 0 and _root(*both) > over)

    def beyond(self, allowed: float) -> bool:
        """Whether it is more than is allowed, over all or in a row alone."""
        return (self.relative or 0.0) > allowed or bool(self.rows(_ROW_FACTOR * allowed))


def _root(apart: float, size: float) -> float:
    return 0.0 if apart == 0 else math.sqrt(apart / size) if size else math.inf


class Place:
    """One stage, or one part: its own error, the total, and its rounding on either side."""

    def __init__(self) -> None:
        self.own, self.total = Distance(), Distance()
        self.noise = Pair(Distance(), Distance())

    def floor(self, least: float) -> float:
        """The rounding of the stage alone: that of the finer side, and no less than one rounding."""
        known = [one.relative for one in self.noise if one.relative is not None]
        return max(math.sqrt(2.0) * min(known, default=0.0), least)
