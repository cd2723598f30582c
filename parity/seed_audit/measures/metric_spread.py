"""A metric over runs: its mean, its spread, and where a new run may be expected, each with an interval.

Given only runs that did not fail: one failed run makes a mean and an SD that no run has.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.seed_audit.measures.crossed import SeedEffect, crossed_estimate, seed_effect
from parity.seed_audit.measures.grid_spread import (
    grid_example_variance,
    grid_seed_effect,
    of_mean,
    of_run,
    seed_squares,
)
from parity.seed_audit.measures.scores import RANGES, Metric, deleted_macro_f1, example_scores, macro_f1
from parity.seed_audit.measures.variance import Grid
from parity.seed_audit.population.design import design_of
from parity.seed_audit.population.population import Population
from parity.statistics.estimate import ANYWHERE, Estimate, Part, apart_estimate, deleted_part, spread_part
from parity.statistics.interval import Interval
from parity.statistics.quantiles import normal_quantile, t_quantile
from parity.statistics.tails import chi2_quantile

__all__ = ["MetricSpread", "Spread", "grid_spread", "metric_spread", "spread"]

Floats = npt.NDArray[np.float64]


class Spread(NamedTuple):
    """The mean and SD (n - 1) of one value a run, near normal over runs, with intervals; None with one run.

    mean: t. sd: s sqrt((S-1)/chi2), both tails alike. new_run: mean +- t s sqrt(1 + 1/S), where one more run falls. Over a grid
    of seeds the variances and degrees of freedom are those of `grid_spread`; `sd` is then of one run whose seeds are new.
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

    `independent` runs share no seed that moved. Where they are fewer than `runs`, the runs are a full grid and all of them are
    used as such, or they are no grid and everything but `spread.values` is of those that share none.
    """

    metric: Metric
    spread: Spread
    overall: Estimate | None
    seed: SeedEffect | None
    runs: int
    examples: int
    independent: int


def spread(values: Floats, confidence: float = 0.95, within: Interval = ANYWHERE) -> Spread:
    """Of values [runs]; intervals are cut to the range the metric can have, the half-width is not."""
    if len(values) < 2 or not math.isfinite(float(values.mean())):
        return Spread(_told(values), float(values.mean()), None, None, None, None, None, confidence)
    one = Part(float(values.var(ddof=1)), len(values) - 1)
    return _spread(values, spread_part(values), one, confidence, within)


def grid_spread(values: Floats, confidence: float = 0.95, within: Interval = ANYWHERE) -> Spread:
    """Of values [rows, columns] over a grid of two seeds, two of each at least."""
    if not np.isfinite(values).all():
        return spread(values.ravel(), confidence, within)
    squares = seed_squares(values)
    return _spread(values.ravel(), of_mean(squares), of_run(squares), confidence, within)


def metric_spread(
    population: Population, metric: Metric = "accuracy", *, confidence: float = 0.95, temperature: float = 1.0
) -> MetricSpread:
    """A metric of every run at one temperature, and its spread. Raises ValueError where no example has a label."""
    design = design_of(population)
    if design.grid is not None:
        return _of_grid(population, design.grid, metric, confidence, temperature)
    if len(design.alone) < population.runs:
        alone = population.of_runs(design.alone)
        found = metric_spread(alone, metric, confidence=confidence, temperature=temperature)
        told = found.spread._replace(values=_told(_values(population, metric, temperature)))
        return found._replace(spread=told, runs=population.runs)
    overall: Estimate | None = None
    seed: SeedEffect | None = None
    values, examples = _values(population, metric, temperature), _labelled(population)
    if metric == "macro_f1":
        if min(population.runs, examples) > 1:
            overall = _overall_macro_f1(population, values, spread_part(values), confidence)
    else:
        scores = example_scores(population, metric, temperature)
        if min(scores.shape) > 1 and np.isfinite(scores).all():
            seed = seed_effect(scores)
            floor = _floor(metric, examples, confidence)
            overall = crossed_estimate(scores, confidence, within=RANGES[metric], floor=floor)
    told = spread(values, confidence, RANGES[metric])
    return MetricSpread(metric, told, overall, seed, population.runs, examples, population.runs)


def _of_grid(
    population: Population, grid: Grid, metric: Metric, confidence: float, temperature: float
) -> MetricSpread:
    """Over a full grid of two seeds; runs of one cell are averaged."""
    overall: Estimate | None = None
    seed: SeedEffect | None = None
    every, examples = _values(population, metric, temperature), _labelled(population)
    values = every[grid.cells].mean(axis=2)
    told = grid_spread(values, confidence, RANGES[metric])._replace(values=_told(every))
    if examples > 1 and told.mean_interval is not None:
        part = of_mean(seed_squares(values))
        if metric == "macro_f1":
            overall = _overall_macro_f1(population, values, part, confidence)
        else:
            scores = example_scores(population, metric, temperature)[grid.cells].mean(axis=2)
            seed = grid_seed_effect(scores)
            overall = apart_estimate(
                float(values.mean()),
                [part],
                grid_example_variance(scores),
                confidence,
                within=RANGES[metric],
                floor=_floor(metric, examples, confidence),
            )
    independent = min(grid.cells.shape[:2])
    return MetricSpread(metric, told, overall, seed, population.runs, examples, independent)


def _spread(values: Floats, mean_part: Part, run_part: Part, confidence: float, within: Interval) -> Spread:
    mean, sd = float(values.mean()), math.sqrt(run_part.variance)
    upper, tail = (1 + confidence) / 2, (1 - confidence) / 2
    half = t_quantile(upper, mean_part.degrees) * math.sqrt(mean_part.variance)
    new = t_quantile(upper, run_part.degrees) * math.sqrt(run_part.variance + mean_part.variance)
    sd_low, sd_high = (
        sd * math.sqrt(run_part.degrees / chi2_quantile(share, run_part.degrees))
        for share in (1 - tail, tail)
    )
    return Spread(
        _told(values),
        mean,
        Interval(max(within.low, mean - half), min(within.high, mean + half)),
        sd,
        Interval(sd_low, sd_high),
        Interval(max(within.low, mean - new), min(within.high, mean + new)),
        new,
        confidence,
    )


def _overall_macro_f1(population: Population, values: Floats, runs: Part, confidence: float) -> Estimate:
    examples = deleted_part(deleted_macro_f1(population).mean(axis=0))
    floor = _floor("macro_f1", _labelled(population), confidence)
    return apart_estimate(
        float(values.mean()), [runs], examples.variance, confidence, within=RANGES["macro_f1"], floor=floor
    )


def _values(population: Population, metric: Metric, temperature: float) -> Floats:
    """[runs] the metric of each."""
    if metric == "macro_f1":
        return macro_f1(population)
    return np.asarray(example_scores(population, metric, temperature).mean(axis=1))


def _labelled(population: Population) -> int:
    return 0 if population.labels is None else int((population.labels >= 0).sum())


def _floor(metric: Metric, examples: int, confidence: float) -> float:
    """Where every run is right on every example, N examples still allow what Wilson's score interval does: z^2 / (N + z^2)."""
    z = normal_quantile((1 + confidence) / 2)
    return z / (examples + z * z) if metric in ("accuracy", "macro_f1") else 0.0


def _told(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
