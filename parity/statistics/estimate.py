"""An estimate: a value with its standard error, degrees of freedom and interval, and the jackknives that compute one.

Seeds are never bootstrapped: a resampled run agrees with itself, which shrinks every pairwise statistic by exactly 1 - 1/S.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.statistics.interval import Interval
from parity.statistics.pairing import Pairing, every_pair
from parity.statistics.quantiles import normal_quantile, t_quantile
from parity.statistics.tails import t_tail

__all__ = [
    "ANYWHERE",
    "Estimate",
    "Part",
    "apart_estimate",
    "deleted_part",
    "estimate",
    "half_width",
    "p_beyond",
    "pairwise_estimate",
    "ratio_estimate",
    "spread_part",
    "together",
]

Floats = npt.NDArray[np.float64]

ANYWHERE = Interval(-math.inf, math.inf)
POSITIVE = Interval(0.0, math.inf)
_LEAST_P = 1e-300
_STEPS = 60


class Estimate(NamedTuple):
    """A value and how certain it is. The interval is None where it is unknown (one run, or two runs of a pairwise statistic).

    `run_variance` is what shrinks with more runs, `example_variance` what shrinks only with more examples; their sum is the
    square of the standard error (unless a floor was set beneath it). `degrees` are of the whole, by Satterthwaite (None:
    unbounded). `run_degrees`, where not None, are of the runs' part alone, which then has its own quantile in the interval
    (`apart_estimate`).
    """

    value: float
    interval: Interval | None
    standard_error: float | None
    degrees: float | None
    run_variance: float
    example_variance: float
    confidence: float
    run_degrees: float | None = None


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


def together(parts: Sequence[Part]) -> Part:
    """The sum of independent parts, its degrees of freedom by Satterthwaite (Biometrics 1946); the least where all are 0."""
    variance = sum(part.variance for part in parts)
    denominator = sum(part.variance**2 / part.degrees for part in parts if part.degrees > 0)
    least = min(part.degrees for part in parts)
    return Part(variance, variance**2 / denominator if denominator > 0 else least)


def half_width(found: Estimate, confidence: float) -> float | None:
    """The half-width of its interval at any confidence; None where it has none."""
    if found.standard_error is None:
        return None
    return _half(found, 1 - confidence)


def p_beyond(found: Estimate, distance: float) -> float | None:
    """The two-sided p of a value this far (0 or more) from the truth: the level whose half-width is the distance.

    The p of a test is read off the interval, so that p <= alpha exactly where the 1 - alpha interval leaves the point out.
    """
    if found.standard_error is None:
        return None
    if distance <= 0:
        return 1.0
    if found.standard_error == 0:
        return 0.0
    if found.run_degrees is None or found.example_variance == 0:
        degrees = found.degrees if found.run_degrees is None else found.run_degrees
        ratio = distance / found.standard_error
        return min(1.0, 2 * t_tail(ratio, math.inf if degrees is None else degrees))
    low, high = math.log(_LEAST_P), 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _half(found, math.exp(middle)) > distance else (low, middle)
    return math.exp((low + high) / 2)


def _half(found: Estimate, alpha: float) -> float:
    assert found.standard_error is not None
    # Lower tails: an alpha below 1e-16 is lost in 1 - alpha / 2.
    if found.run_degrees is None:
        return -_t(alpha / 2, found.degrees) * found.standard_error
    whole = found.run_variance + found.example_variance
    of_runs = found.run_variance / whole if whole > 0 else 1.0
    quantile = of_runs * _t(alpha / 2, found.run_degrees)
    if of_runs < 1:
        quantile += (1 - of_runs) * normal_quantile(alpha / 2)
    return -quantile * found.standard_error


def _t(probability: float, degrees: float | None) -> float:
    if degrees is None or math.isinf(degrees):
        return normal_quantile(probability)
    return t_quantile(probability, degrees)


def _with_interval(found: Estimate, within: Interval) -> Estimate:
    half = _half(found, 1 - found.confidence)
    interval = Interval(max(within.low, found.value - half), min(within.high, found.value + half))
    return found._replace(interval=interval)


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
    whole = together([*runs, *([examples] if examples else [])])
    error = max(math.sqrt(whole.variance), floor)
    found = Estimate(
        value,
        None,
        error,
        whole.degrees,
        sum(part.variance for part in runs),
        examples.variance if examples else 0.0,
        confidence,
    )
    return _with_interval(found, within)


def apart_estimate(
    value: float,
    runs: Sequence[Part],
    example_variance: float,
    confidence: float,
    *,
    within: Interval = ANYWHERE,
    floor: float = 0.0,
) -> Estimate:
    """An interval in which each part of the variance has its own quantile (Cochran and Cox, Experimental Designs, 1957, 4.14).

    half = (t V_runs + z V_examples) / sqrt(V), with t on the degrees of freedom of the runs' part and z normal: examples are
    many. One t on the degrees of freedom of the whole (Hillis, Stat. Med. 2007; Satterthwaite) covers 92 to 94 % with few
    runs, for those degrees are estimated from the same few runs: too many just where the runs' part came out too small.
    """
    part = together(runs)
    variance = part.variance + example_variance
    error = max(math.sqrt(variance), floor)
    degrees: float | None = part.degrees
    if example_variance > 0:
        degrees = part.degrees * (variance / part.variance) ** 2 if part.variance > 0 else None
    found = Estimate(
        value, None, error, degrees, part.variance, example_variance, confidence, float(part.degrees)
    )
    return _with_interval(found, within)


def ratio_estimate(
    value: float,
    runs: Sequence[Part],
    example_variance: float,
    confidence: float,
    *,
    within: Interval = POSITIVE,
) -> Estimate:
    """`apart_estimate` for what is above 0 and skewed: its interval is on the scale of logarithms, value exp(+- half / value).

    runs may be empty: then the interval is for these runs.
    """
    parts = list(runs) or [Part(0.0, math.inf)]
    found = apart_estimate(value, parts, example_variance, confidence)
    if value <= 0:
        return found._replace(interval=Interval(max(within.low, value), max(within.low, value)))
    ratio = math.exp(min(_half(found, 1 - confidence) / value, 700.0))
    return found._replace(interval=Interval(max(within.low, value / ratio), min(within.high, value * ratio)))


def pairwise_estimate(
    matrix: Floats,
    by_example: Floats,
    confidence: float,
    *,
    within: Interval = POSITIVE,
    pairing: Pairing | None = None,
    ratio: bool = False,
) -> Estimate:
    """The mean over pairs of runs of a symmetric statistic, with the two-way jackknife interval.

    matrix: [runs, runs] the statistic's mean over examples for each pair (its diagonal is not used). by_example: [examples]
    its mean over the pairs of `pairing` (None: all pairs, and each run is left out in turn). v = var_n(u_n)/N + the sum over
    seeds crossed of (S-1)/S sum_s (u_(-s) - mean)^2: what is not additive is counted in each, so that the interval errs on the
    wide side. Three of each seed at least; with fewer, leaving one out leaves no pair and the interval is None (with `ratio`,
    which puts the interval on the scale of logarithms, it is then over examples for these runs).
    """
    runs = len(matrix)
    if runs < 2:
        raise ValueError("a pairwise statistic needs two runs")
    pairs = every_pair(runs) if pairing is None else pairing
    value = pairs.mean(matrix)
    bare = Estimate(value, None, None, None, 0.0, 0.0, confidence)
    if len(by_example) < 2 or not math.isfinite(value):
        return bare
    examples = spread_part(by_example)
    if min(len(axis) for axis in pairs.axes) < 3:
        return ratio_estimate(value, [], examples.variance, confidence, within=within) if ratio else bare
    parts = [deleted_part(deleted) for deleted in pairs.deleted(matrix)]
    if ratio:
        return ratio_estimate(value, parts, examples.variance, confidence, within=within)
    return estimate(value, parts, examples, confidence, within=within)
