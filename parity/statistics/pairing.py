"""Which pairs of runs show how far two new runs differ, and what a jackknife over runs leaves out.

Two runs of a recipe share no seed. Where runs were made over a grid, those of one row or one column do: they are alike, and
their churn is too small.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Pairing", "every_pair", "grid_pairs"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


class Pairing(NamedTuple):
    """used: [runs, runs] symmetric, the pairs that count. axes: for each thing that was drawn, the runs of each of its values:
    the jackknife leaves out one value after another.
    """

    used: Booleans
    axes: tuple[tuple[Integers, ...], ...]

    def mean(self, matrix: Floats) -> float:
        """The mean of [runs, runs] over the pairs that count."""
        return float(matrix[self.used].mean())

    def deleted(self, matrix: Floats) -> list[Floats]:
        """For each axis, [values] the mean without each value of it."""
        kept = np.where(self.used, matrix, 0.0)
        found: list[Floats] = []
        for axis in self.axes:
            means: list[float] = []
            for gone in axis:
                stays = np.ones(len(matrix), dtype=bool)
                stays[gone] = False
                inside = np.ix_(stays, stays)
                means.append(float(kept[inside].sum() / self.used[inside].sum()))
            found.append(np.array(means))
        return found


def every_pair(runs: int) -> Pairing:
    """All pairs of runs that share nothing; each run is left out in turn."""
    return Pairing(~np.eye(runs, dtype=bool), (tuple(np.array([run]) for run in range(runs)),))


def grid_pairs(cells: Integers) -> Pairing:
    """The pairs of a grid [I, J] of run indices that share neither seed; each row and each column is left out in turn.

    >>> int(grid_pairs(np.arange(9).reshape(3, 3)).used.sum())
    36
    """
    row, column = (np.empty(cells.size, dtype=np.int64) for _ in range(2))
    row[cells] = np.arange(cells.shape[0])[:, None]
    column[cells] = np.arange(cells.shape[1])[None, :]
    used = (row[:, None] != row) & (column[:, None] != column)
    return Pairing(used, (tuple(cells), tuple(cells.T)))
