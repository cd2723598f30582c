"""A score over a grid of two seeds, I x J: the interval of its mean for new seeds, and how far one run of new seeds falls from it.

Two-way random effects, one run at each pair of seeds (repeats are averaged first). With A, B, E the mean squares of rows, columns
and the rest, E(A) = J vA + vE, E(B) = I vB + vE, E(E) = vE:

    V(mean)    = vA/I + vB/J + vE/(I J)  is estimated by  max(A + B - E, A, B, E) / (I J)
    V(one run) = vA + vB + vE            is estimated by  A/J + B/I + (1 - 1/I - 1/J) E

each with Satterthwaite's degrees of freedom (Biometrics 1946). I J runs taken as independent would give too narrow intervals: they sample
rows only as well as I runs do.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.seed_audit.measures.crossed import SeedEffect, seed_effect
from parity.statistics.estimate import Part, together

__all__ = ["SeedSquares", "grid_example_variance", "grid_seed_effect", "of_mean", "of_run", "seed_squares"]

Floats = npt.NDArray[np.float64]


class SeedSquares(NamedTuple):
    """The mean squares of values [rows, columns, ...], the mean over whatever else there is."""

    first: float
    second: float
    rest: float
    rows: int
    columns: int


def seed_squares(values: Floats) -> SeedSquares:
    """Of values [rows, columns, ...], two of each at least."""
    rows, columns = values.shape[:2]
    whole = values.mean(axis=(0, 1))
    row, column = values.mean(axis=1), values.mean(axis=0)
    rest = values - row[:, None] - column[None] + whole
    return SeedSquares(
        columns * float(((row - whole) ** 2).sum(axis=0).mean()) / (rows - 1),
        rows * float(((column - whole) ** 2).sum(axis=0).mean()) / (columns - 1),
        float((rest**2).sum(axis=(0, 1)).mean()) / ((rows - 1) * (columns - 1)),
        rows,
        columns,
    )


def of_mean(squares: SeedSquares) -> Part:
    """The variance of the mean over the grid, for new seeds of both kinds; degrees not below those of the fewer seeds."""
    a, b, e, rows, columns = squares
    size = rows * columns
    variance = max(a + b - e, a, b, e) / size
    denominator = a**2 / (rows - 1) + b**2 / (columns - 1)
    least = min(rows, columns) - 1
    degrees = (size * variance) ** 2 / denominator if denominator > 0 else least
    return Part(variance, max(degrees, least))


def of_run(squares: SeedSquares) -> Part:
    """The variance of one run whose seeds are new."""
    a, b, e, rows, columns = squares
    return together(
        [
            Part(a / columns, rows - 1),
            Part(b / rows, columns - 1),
            Part((1 - 1 / rows - 1 / columns) * e, (rows - 1) * (columns - 1)),
        ]
    )


def grid_example_variance(scores: Floats) -> float:
    """What new examples add to the variance of the mean of scores [rows, columns, examples].

    var_n of the examples' means over N, minus what seeds crossed with examples add to it, which is already in the runs' part.
    """
    n = int(scores.shape[2])
    within = scores - scores.mean(axis=2, keepdims=True)
    squares = seed_squares(within)
    # The mean square over examples has N - 1 degrees of freedom.
    crossed = (squares.first + squares.second - squares.rest) / (squares.rows * squares.columns) * n / (n - 1)
    seen = float(scores.mean(axis=(0, 1)).var(ddof=1))
    return max(seen - max(crossed, 0.0), 0.0) / n


def grid_seed_effect(scores: Floats) -> SeedEffect | None:
    """Seed effect and flip noise in one run of new seeds; p is of the F test over the diagonal, whose runs share no seed."""
    length, n = min(scores.shape[:2]), scores.shape[2]
    test = seed_effect(scores[np.arange(length), np.arange(length)])
    if test is None:
        return None
    observed = of_run(seed_squares(scores.mean(axis=2))).variance
    within = scores - scores.mean(axis=2, keepdims=True)
    flips = of_run(seed_squares(within)).variance / (n - 1)
    return SeedEffect(math.sqrt(max(observed - flips, 0.0)), math.sqrt(flips), math.sqrt(observed), test.p)
