"""Runs crossed with examples: how much of a score's variance comes from the run, from the example, and from the rest.

The two-way analysis of variance without replication of values [runs, examples]: MS_S over runs, MS_N over examples, MS_E the
rest. Valid for any score that is a mean over examples; both runs and examples are taken as drawn at random.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.statistics.estimate import ANYWHERE, Estimate, Part, apart_estimate
from parity.statistics.interval import Interval
from parity.statistics.tails import f_tail

__all__ = ["MeanSquares", "SeedEffect", "crossed_estimate", "mean_squares", "seed_effect"]

Floats = npt.NDArray[np.float64]

_ABOUT_NONE = 0.1


class MeanSquares(NamedTuple):
    """The mean squares of values [runs, examples]."""

    mean: float
    runs: int
    examples: int
    of_runs: float
    of_examples: float
    rest: float


class SeedEffect(NamedTuple):
    """The spread over runs, split: `seed_sd` would stay with endless examples, `flip_sd` is what this many produce.

    seed = sqrt(max((MS_S - MS_E)/N, 0)), flip = sqrt(MS_E/N); the observed variance over runs is the sum of their squares
    (where seed is above 0). `p` is the F test of no seed effect, MS_S/MS_E on (S-1, (S-1)(N-1)) degrees of freedom: with a
    large p the spread is what N examples produce, and more seeds will not change the choice of a release.
    """

    seed_sd: float
    flip_sd: float
    observed_sd: float
    p: float

    def unseen(self, alpha: float) -> bool:
        """Whether no seed effect is seen: at most a tenth of the variance over runs, and no significance."""
        return self.p > alpha and self.seed_sd**2 <= _ABOUT_NONE * self.observed_sd**2


def mean_squares(values: Floats) -> MeanSquares:
    """Of values [runs, examples], two of each at least."""
    runs, examples = values.shape
    by_run, by_example, mean = values.mean(axis=1), values.mean(axis=0), float(values.mean())
    over_runs = examples * float(((by_run - mean) ** 2).sum())
    over_examples = runs * float(((by_example - mean) ** 2).sum())
    total = float(((values - mean) ** 2).sum())
    rest = max(0.0, total - over_runs - over_examples)
    return MeanSquares(
        mean,
        runs,
        examples,
        over_runs / (runs - 1),
        over_examples / (examples - 1),
        rest / ((runs - 1) * (examples - 1)),
    )


def seed_effect(values: Floats) -> SeedEffect | None:
    """The split of the spread of run means; None with fewer than two runs or two examples."""
    if min(values.shape) < 2:
        return None
    squares = mean_squares(values)
    n, degrees = squares.examples, squares.runs - 1
    if squares.rest > 0:
        p = f_tail(squares.of_runs / squares.rest, degrees, degrees * (n - 1))
    else:
        p = 0.0 if squares.of_runs > 0 else 1.0
    return SeedEffect(
        math.sqrt(max((squares.of_runs - squares.rest) / n, 0.0)),
        math.sqrt(squares.rest / n),
        math.sqrt(squares.of_runs / n),
        p,
    )


def crossed_estimate(
    values: Floats, confidence: float, *, within: Interval = ANYWHERE, floor: float = 0.0
) -> Estimate:
    """The mean of values [runs, examples] with its interval over new runs and new examples.

    V = (MS_S + max(MS_N - MS_E, 0)) / (S N), as for readers crossed with cases (Obuchowski and Rockette 1995). Hillis (Stat.
    Med. 2007) puts one t on it, on (S N V)^2 / (MS_S^2 / (S-1)) degrees of freedom, which covers 92 to 94 % at three runs; here
    MS_S has the t of its own S - 1 degrees and the examples' part is normal (`apart_estimate`), 94 to 97 % in simulation
    (docs/seed-statistics.md). floor: the standard error is never below it.
    """
    squares = mean_squares(values)
    size = squares.runs * squares.examples
    return apart_estimate(
        squares.mean,
        [Part(squares.of_runs / size, squares.runs - 1)],
        max(squares.of_examples - squares.rest, 0.0) / size,
        confidence,
        within=within,
        floor=floor,
    )
