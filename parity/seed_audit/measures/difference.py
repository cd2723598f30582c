"""The difference between two arms, candidate minus baseline, over new runs and new examples; and whether it lies within a margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.metrics import METRICS
from parity.metrics.registry import runs_metric
from parity.seed_audit.measures.crossed import crossed_estimate, mean_squares
from parity.seed_audit.population.population import Population
from parity.statistics.estimate import (
    Estimate,
    Part,
    apart_estimate,
    deleted_part,
    half_width,
    p_beyond,
    spread_part,
)
from parity.statistics.interval import Interval
from parity.statistics.quantiles import normal_quantile

__all__ = ["Difference", "Equivalence", "difference", "tost", "unpaired_estimate"]

Floats = npt.NDArray[np.float64]


class Difference(NamedTuple):
    """One metric of two arms on the same examples. `estimate` is candidate minus baseline; `p` of the two-sided t test of no
    difference (None without an interval: fewer than two runs in an arm).

    Paired where run s of both arms was made with the same seeds; then crossed t on their differences. Else Welch's form of
    it: each arm's runs have a variance of their own.
    """

    metric: str
    baseline: float
    candidate: float
    estimate: Estimate
    p: float | None
    paired: bool
    runs: tuple[int, int]
    examples: int


class Equivalence(NamedTuple):
    """Two one-sided tests (Schuirmann 1987): equivalent when the 1 - 2 alpha interval lies inside (-margin, margin).

    The margin must have been fixed before looking. A difference that is not significant does not show equivalence.
    """

    margin: float
    alpha: float
    p: float
    equivalent: bool
    interval: Interval


def difference(
    baseline: Population,
    candidate: Population,
    metric: str = METRICS[0],
    *,
    paired: bool = False,
    confidence: float = 0.95,
) -> Difference:
    """Of two populations on the same labelled examples. Raises ValueError where they are not, or none has a label."""
    if baseline.labels is None or candidate.labels is None:
        raise ValueError("no example has a label")
    if not np.array_equal(baseline.labels, candidate.labels):
        raise ValueError("the arms do not have the same examples")
    if paired and baseline.runs != candidate.runs:
        raise ValueError(f"{baseline.runs} and {candidate.runs} runs cannot be paired")
    arms = (baseline, candidate)
    runs = (baseline.runs, candidate.runs)
    examples = int((baseline.labels >= 0).sum())
    # Where no decision differs, N examples still allow what Tango's score interval does: +- z^2 / (N + z^2).
    z = normal_quantile((1 + confidence) / 2)
    measured = runs_metric(metric)
    floor = z / (examples + z * z) if measured.of_decisions else 0.0
    found: Estimate | None = None
    outputs = [arm.outputs() for arm in arms]
    one, other = (measured.scores(side) for side in outputs)
    if one is None or other is None:
        values = [measured.values(side) for side in outputs]
        if min(*runs, examples) > 1 and all(np.isfinite(side).all() for side in values):
            deleted = [measured.deleted(side).mean(axis=0) for side in outputs]
            if np.isfinite(deleted).all():
                found = _jackknifed(values, deleted, paired, confidence, floor)
        means = [float(side.mean()) for side in values]
    else:
        means = [float(one.mean()), float(other.mean())]
        if min(*runs, examples) > 1 and np.isfinite(means).all():
            if paired:
                found = crossed_estimate(other - one, confidence, floor=floor)
            else:
                found = unpaired_estimate(one, other, confidence, floor=floor)
    if found is None:
        found = Estimate(means[1] - means[0], None, None, None, 0.0, 0.0, confidence)
    return Difference(
        metric, means[0], means[1], found, p_beyond(found, abs(found.value)), paired, runs, examples
    )


def unpaired_estimate(
    baseline: Floats, candidate: Floats, confidence: float, *, floor: float = 0.0
) -> Estimate:
    """The difference of the means of scores [runs, examples] of two arms on the same examples, candidate minus baseline.

    V = sum_a MS_S(a)/(S_a N) + max(var_n(difference of example means) - sum_a MS_E(a)/S_a, 0)/N. The runs' part has the t of
    Welch's degrees of freedom, (sum_a V_a)^2 / sum_a (V_a^2 / (S_a - 1)): for S equal runs an arm up to 2 (S-1), where pairing
    runs that have nothing in common leaves S-1. The examples' part is normal (`apart_estimate`).
    """
    squares = [mean_squares(values) for values in (baseline, candidate)]
    n = baseline.shape[1]
    parts = [Part(arm.of_runs / (arm.runs * n), arm.runs - 1) for arm in squares]
    apart = candidate.mean(axis=0) - baseline.mean(axis=0)
    examples = max(float(apart.var(ddof=1)) - sum(arm.rest / arm.runs for arm in squares), 0.0) / n
    return apart_estimate(float(apart.mean()), parts, examples, confidence, floor=floor)


def tost(found: Difference, margin: float, alpha: float = 0.05) -> Equivalence | None:
    """Whether the difference is shown to lie inside the margin (in the metric's unit); None without an interval.

    p is the larger of the two one-sided ones, read off the interval: the alpha at which it just fills the margin.
    """
    value = found.estimate.value
    half = half_width(found.estimate, 1 - 2 * alpha)
    if half is None:
        return None
    interval = Interval(value - half, value + half)
    room = margin - abs(value)
    beyond = p_beyond(found.estimate, abs(room))
    assert beyond is not None
    p = beyond / 2 if room > 0 else 1 - beyond / 2
    return Equivalence(margin, alpha, p, -margin < interval.low and interval.high < margin, interval)


def _jackknifed(
    values: Sequence[Floats], without: Sequence[Floats], paired: bool, confidence: float, floor: float
) -> Estimate:
    """Two-way jackknife of what is not a mean over examples: an example is excluded from all runs of both arms at once.

    values: of each arm, [runs]. without: of each arm, [examples] the mean over runs without that example.
    """
    parts = [spread_part(values[1] - values[0])] if paired else [spread_part(side) for side in values]
    value = float(values[1].mean() - values[0].mean())
    examples = deleted_part(without[1] - without[0]).variance
    return apart_estimate(value, parts, examples, confidence, floor=floor)
