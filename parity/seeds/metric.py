"""A metric over runs: its mean, its spread, and where a new run may be expected, each with an interval.

Given only runs that did not fail: one failed run makes a mean and an SD that no run has.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.decisions import Interval
from parity.measure.quantiles import t_quantile
from parity.seeds.crossed import SeedEffect, crossed_estimate, seed_effect
from parity.seeds.estimate import ANYWHERE, Estimate, deleted_part, estimate, spread_part
from parity.seeds.population import Population
from parity.seeds.scores import RANGES, Metric, deleted_macro_f1, example_scores, macro_f1
from parity.seeds.tails import chi2_quantile

__all__ = ["MetricSpread", "Spread", "metric_spread", "spread"]

Floats = npt.NDArray[np.float64]


class Spread(NamedTuple):
    """The mean and SD (n - 1) of one value a run, near normal over runs, with intervals; None with one run.

    mean: t. sd: s sqrt((S-1)/chi2), both tails alike. new_run: mean +- t s sqrt(1 + 1/S), where one more run falls.
    """

    values: tuple[float, ...]
    mean: float
    mean_interval: Interval | None
    sd: float | None
    sd_interval: Interval | None
    new_run: Interval | None
    new_run_half_width: float | None
    confidence: float


class MetricSpread(NamedTuple):
    """One metric of a population. `spread` is conditional on these test examples; `overall` is over new examples as well
    (crossed t for means over examples, two-way jackknife for macro-F1). `seed` parts seed effect from flip noise; None for
    macro-F1, which is no mean over examples.
    """

    metric: Metric
    spread: Spread
    overall: Estimate | None
    seed: SeedEffect | None
    runs: int
    examples: int


def spread(values: Floats, confidence: float = 0.95, within: Interval = ANYWHERE) -> Spread:
    """Of values [runs]; intervals are cut to the range the metric can have, the half-width is not."""
    runs, mean = len(values), float(values.mean())
    told = tuple(float(value) for value in values)
    if runs < 2 or not math.isfinite(mean):
        return Spread(told, mean, None, None, None, None, None, confidence)
    sd = float(values.std(ddof=1))
    t = t_quantile((1 + confidence) / 2, runs - 1)
    tail = (1 - confidence) / 2
    sd_low, sd_high = (
        sd * math.sqrt((runs - 1) / chi2_quantile(share, runs - 1)) for share in (1 - tail, tail)
    )
    half, new = t * sd / math.sqrt(runs), t * sd * math.sqrt(1 + 1 / runs)
    return Spread(
        told,
        mean,
        Interval(max(within.low, mean - half), min(within.high, mean + half)),
        sd,
        Interval(sd_low, sd_high),
        Interval(max(within.low, mean - new), min(within.high, mean + new)),
        new,
        confidence,
    )


def metric_spread(
    population: Population, metric: Metric = "accuracy", *, confidence: float = 0.95, temperature: float = 1.0
) -> MetricSpread:
    """A metric of every run at one temperature, and its spread. Raises ValueError where no example has a label."""
    within = RANGES[metric]
    overall: Estimate | None = None
    seed: SeedEffect | None = None
    if metric == "macro_f1":
        values, deleted = macro_f1(population), deleted_macro_f1(population)
        examples = deleted.shape[1]
        if min(deleted.shape) > 1:
            overall = estimate(
                float(values.mean()),
                [spread_part(values)],
                deleted_part(deleted.mean(axis=0)),
                confidence,
                within=within,
            )
    else:
        scores = example_scores(population, metric, temperature)
        values, examples = scores.mean(axis=1), scores.shape[1]
        if min(scores.shape) > 1 and np.isfinite(scores).all():
            seed = seed_effect(scores)
            overall = crossed_estimate(scores, confidence, within=within)
    return MetricSpread(metric, spread(values, confidence, within), overall, seed, population.runs, examples)
