"""The difference between two arms, candidate minus baseline, over new runs and new examples; and whether it lies in a margin."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.decisions import Interval
from parity.measure.quantiles import normal_quantile, t_quantile
from parity.seeds.crossed import crossed_estimate, mean_squares
from parity.seeds.estimate import Estimate, Part, deleted_part, estimate, spread_part
from parity.seeds.population import Population
from parity.seeds.scores import Metric, deleted_macro_f1, example_scores, macro_f1
from parity.seeds.tails import t_tail

__all__ = ["Difference", "Equivalence", "difference", "tost", "unpaired_estimate"]

Floats = npt.NDArray[np.float64]


class Difference(NamedTuple):
    """One metric of two arms on the same examples. `estimate` is candidate minus baseline; `p` of the two-sided t test of no
    difference (None without an interval: fewer than two runs in an arm).

    Paired where run s of both arms was made with the same seeds; then crossed t on their differences. Else Welch's form of
    it: each arm's runs have a variance of their own.
    """

    metric: Metric
    baseline: float
    candidate: float
    estimate: Estimate
    p: float | None
    paired: bool
    runs: tuple[int, int]
    examples: int


class Equivalence(NamedTuple):
    """Two one-sided tests (Schuirmann 1987): equivalent when the 1 - 2 alpha interval lies inside (-margin, margin).

    The margin must have been fixed before looking. A difference that is not significant is not thereby equivalent.
    """

    margin: float
    alpha: float
    p: float
    equivalent: bool
    interval: Interval


def difference(
    baseline: Population,
    candidate: Population,
    metric: Metric = "accuracy",
    *,
    paired: bool = False,
    confidence: float = 0.95,
    temperatures: tuple[float, float] = (1.0, 1.0),
) -> Difference:
    """Of two populations on the same labelled examples. Raises ValueError where they are not, or none has a label.

    temperatures: of the baseline's and the candidate's logits, for NLL and Brier.
    """
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
    floor = z / (examples + z * z) if metric in ("accuracy", "macro_f1") else 0.0
    found: Estimate | None = None
    if metric == "macro_f1":
        values = [macro_f1(arm) for arm in arms]
        if min(*runs, examples) > 1:
            found = _of_macro_f1(arms, (values[0], values[1]), paired, confidence, floor)
        means = [float(side.mean()) for side in values]
    else:
        one, other = (example_scores(arm, metric, t) for arm, t in zip(arms, temperatures, strict=True))
        means = [float(one.mean()), float(other.mean())]
        if min(*runs, examples) > 1 and np.isfinite(means).all():
            if paired:
                found = crossed_estimate(other - one, confidence, floor=floor)
            else:
                found = unpaired_estimate(one, other, confidence, floor=floor)
    if found is None:
        found = Estimate(means[1] - means[0], None, None, None, 0.0, 0.0, confidence)
    return Difference(metric, means[0], means[1], found, _p(found), paired, runs, examples)


def unpaired_estimate(
    baseline: Floats, candidate: Floats, confidence: float, *, floor: float = 0.0
) -> Estimate:
    """The difference of the means of scores [runs, examples] of two arms on the same examples, candidate minus baseline.

    V = sum_a MS_S(a)/(S_a N) + max(var_n(difference of example means) - sum_a MS_E(a)/S_a, 0)/N. Degrees of freedom as in the
    crossed t, V^2 / sum_a ((MS_S(a)/(S_a N))^2 / (S_a - 1)): for S equal runs an arm up to 2 (S-1), where pairing runs that
    have nothing in common leaves S-1.
    """
    squares = [mean_squares(values) for values in (baseline, candidate)]
    n = baseline.shape[1]
    parts = [Part(arm.of_runs / (arm.runs * n), arm.runs - 1) for arm in squares]
    apart = candidate.mean(axis=0) - baseline.mean(axis=0)
    examples = max(float(apart.var(ddof=1)) - sum(arm.rest / arm.runs for arm in squares), 0.0) / n
    # Examples are many: only the runs' parts count against the degrees of freedom.
    return estimate(float(apart.mean()), parts, Part(examples, math.inf), confidence, floor=floor)


def tost(found: Difference, margin: float, alpha: float = 0.05) -> Equivalence | None:
    """Whether the difference is shown to lie inside the margin (in the metric's unit); None without an interval."""
    value, error, degrees = found.estimate.value, found.estimate.standard_error, found.estimate.degrees
    if error is None or degrees is None:
        return None
    half = t_quantile(1 - alpha, degrees) * error
    interval = Interval(value - half, value + half)
    if error > 0:
        p = max(t_tail((margin - value) / error, degrees), t_tail((margin + value) / error, degrees))
    else:
        p = 0.0 if abs(value) < margin else 1.0
    return Equivalence(margin, alpha, p, -margin < interval.low and interval.high < margin, interval)


def _p(found: Estimate) -> float | None:
    if found.standard_error is None or found.degrees is None:
        return None
    if found.standard_error == 0:
        return 1.0 if found.value == 0 else 0.0
    return min(1.0, 2 * t_tail(abs(found.value) / found.standard_error, found.degrees))


def _of_macro_f1(
    arms: tuple[Population, Population],
    values: tuple[Floats, Floats],
    paired: bool,
    confidence: float,
    floor: float,
) -> Estimate:
    """Two-way jackknife: examples are left out of all runs of both arms at once."""
    without = [deleted_macro_f1(arm).mean(axis=0) for arm in arms]
    parts = [spread_part(values[1] - values[0])] if paired else [spread_part(side) for side in values]
    value = float(values[1].mean() - values[0].mean())
    return estimate(value, parts, deleted_part(without[1] - without[0]), confidence, floor=floor)
