"""An estimate: a value with its standard error, degrees of freedom and interval, and the jackknives that make one.

Seeds are never bootstrapped: a resampled run agrees with itself, which shrinks every pairwise statistic by exactly 1 - 1/S.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.decisions import Interval
from parity.measure.quantiles import t_quantile

__all__ = ["ANYWHERE", "Estimate", "Part", "deleted_part", "estimate", "pairwise_estimate", "spread_part"]

Floats = npt.NDArray[np.float64]

ANYWHERE = Interval(-math.inf, math.inf)
POSITIVE = Interval(0.0, math.inf)


class Estimate(NamedTuple):
    """A value and how sure it is. The interval is None where nothing tells it (one run, or two runs of a pairwise statistic).

    `run_variance` is what shrinks with more runs, `example_variance` what shrinks only with more examples; their sum is the
    square of the standard error (unless a floor was set beneath it).
    """

    value: float
    interval: Interval | None
    standard_error: float | None
    degrees: float | None
    run_variance: float
    example_variance: float
    confidence: float


class Part(NamedTuple):
    """One source of variance of a mean: its size, and on how many degrees of freedom it was measured."""

    variance: float
    degrees: float


def spread_part(values: Floats) -> Part:
    """The variance of the mean of independent values, s^2 / n."""
    return Part(float(values.var(ddof=1)) / len(values), len(values) - 1)


def deleted_part(deleted: Floats) -> Part:
    """The jackknife variance from the n values with one unit left out each, (n-1)/n sum (v - mean)^2."""
    n = len(deleted)
    return Part((n - 1) / n * float(((deleted - deleted.mean()) ** 2).sum()), n - 1)


def estimate(
    value: float,
    runs: Sequence[Part],
    examples: Part | None,
    confidence: float,
    *,
    within: Interval = ANYWHERE,
    floor: float = 0.0,
) -> Estimate:
    """A t interval from independent parts of variance, degrees of freedom by Satterthwaite (Biometrics 1946).

    within: the statistic's range; the interval is cut to it. floor: the standard error is never below it.
    """
    run_variance = sum(part.variance for part in runs)
    example_variance = examples.variance if examples else 0.0
    variance = run_variance + example_variance
    parts = [*runs, *([examples] if examples else [])]
    denominator = sum(part.variance**2 / part.degrees for part in parts if part.degrees > 0)
    least = min(part.degrees for part in parts)
    degrees = variance**2 / denominator if denominator > 0 else least
    error = max(math.sqrt(variance), floor)
    half = t_quantile((1 + confidence) / 2, degrees) * error
    interval = Interval(max(within.low, value - half), min(within.high, value + half))
    return Estimate(value, interval, error, degrees, run_variance, example_variance, confidence)


def pairwise_estimate(
    matrix: Floats, by_example: Floats, confidence: float, *, within: Interval = POSITIVE
) -> Estimate:
    """The mean over pairs of runs of a symmetric statistic, with the two-way jackknife interval.

    matrix: [runs, runs] the statistic's mean over examples for each pair (its diagonal is not used). by_example: [examples]
    its mean over pairs. v = var_n(u_n)/N + (S-1)/S sum_s (u_(-s) - mean)^2: the rest is counted in both, so that the
    interval errs on the wide side. Three runs at least; with fewer, leaving one out leaves no pair and the interval is None.
    """
    runs = len(matrix)
    if runs < 2:
        raise ValueError("a pairwise statistic needs two runs")
    off = matrix - np.diag(np.diag(matrix))
    total = float(off.sum())
    value = total / (runs * (runs - 1))
    if runs < 3 or len(by_example) < 2 or not math.isfinite(value):
        return Estimate(value, None, None, None, 0.0, 0.0, confidence)
    deleted = (total - off.sum(axis=0) - off.sum(axis=1)) / ((runs - 1) * (runs - 2))
    return estimate(value, [deleted_part(deleted)], spread_part(by_example), confidence, within=within)
