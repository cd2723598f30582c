"""A metric over runs: its mean, its spread, and where a new run may be expected, each with an interval.

Only runs that did not fail are used: one failed run gives a mean and an SD that describe no run.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.metrics import METRICS
from parity.metrics.metric import Outputs, RunsMetric
from parity.metrics.registry import runs_metric
from parity.seed_audit.measures.crossed import SeedEffect, crossed_estimate, seed_effect
from parity.seed_audit.measures.grid_spread import (
    grid_example_variance,
    grid_seed_effect,
    of_mean,
    of_run,
    seed_squares,
)
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
    (crossed t for means over examples, two-way jackknife for other metrics). `seed` splits seed effect from flip noise; None for a
    metric that is not a mean over examples.

    `independent` runs share no seed that moved. Where they are fewer than `runs`, the runs are a full grid and all of them are
    used as such, or they are not a grid and everything but `spread.values` is of those that share none.
    """

    metric: str
    spread: Spread
    overall: Estimate | None
    seed: SeedEffect | None
    runs: int
    examples: int
    independent: int


def spread(values: Floats, confidence: float = 0.95, within: Interval = ANYWHERE) -> Spread:
    """Of values [runs]; intervals are cut to the range the metric can have, the half-width is not."""
    if len(values) < 2 or not math.isfinite(float(values.mean())):
        return Spread(_floats(values), float(values.mean()), None, None, None, None, None, confidence)
    one = Part(float(values.var(ddof=1)), len(values) - 1)
    return _spread(values, spread_part(values), one, confidence, within)


def grid_spread(values: Floats, confidence: float = 0.95, within: Interval = ANYWHERE) -> Spread:
    """Of values [rows, columns] over a grid of two seeds, two of each at least."""
    if not np.isfinite(values).all():
        return spread(values.ravel(), confidence, within)
    squares = seed_squares(values)
    return _spread(values.ravel(), of_mean(squares), of_run(squares), confidence, within)


def metric_spread(
    population: Population, metric: str = METRICS[0], *, confidence: float = 0.95, temperature: float = 1.0
) -> MetricSpread:
    """A metric of every run at one temperature, and its spread. Raises ValueError where no example has a label."""
    design = design_of(population)
    if design.grid is not None:
        return _of_grid(population, design.grid, runs_metric(metric), confidence, temperature)
    if len(design.alone) < population.runs:
        alone = population.of_runs(design.alone)
        found = metric_spread(alone, metric, confidence=confidence, temperature=temperature)
        every = runs_metric(metric).values(population.outputs(temperature))
        return found._replace(spread=found.spread._replace(values=_floats(every)), runs=population.runs)
    overall: Estimate | None = None
    seed: SeedEffect | None = None
    measured, outputs = runs_metric(metric), population.outputs(temperature)
    scores, values, examples = measured.scores(outputs), measured.values(outputs), _examples(outputs)
    if scores is None:
        if min(population.runs, examples) > 1 and np.isfinite(values).all():
            overall = _jackknifed(measured, outputs, values, spread_part(values), confidence)
    elif min(scores.shape) > 1 and np.isfinite(scores).all():
        seed = seed_effect(scores)
        floor = _floor(measured, examples, confidence)
        overall = crossed_estimate(scores, confidence, within=measured.range, floor=floor)
    one = spread(values, confidence, measured.range)
    return MetricSpread(metric, one, overall, seed, population.runs, examples, population.runs)


def _of_grid(
    population: Population, grid: Grid, metric: RunsMetric, confidence: float, temperature: float
) -> MetricSpread:
    """Over a full grid of two seeds; runs of one cell are averaged."""
    overall: Estimate | None = None
    seed: SeedEffect | None = None
    outputs = population.outputs(temperature)
    scores, every, examples = metric.scores(outputs), metric.values(outputs), _examples(outputs)
    values = every[grid.cells].mean(axis=2)
    found = grid_spread(values, confidence, metric.range)._replace(values=_floats(every))
    if examples > 1 and found.mean_interval is not None:
        part = of_mean(seed_squares(values))
        if scores is None:
            overall = _jackknifed(metric, outputs, values, part, confidence)
        else:
            scores = scores[grid.cells].mean(axis=2)
            seed = grid_seed_effect(scores)
            overall = apart_estimate(
                float(values.mean()),
                [part],
                grid_example_variance(scores),
                confidence,
                within=metric.range,
                floor=_floor(metric, examples, confidence),
            )
    independent = min(grid.cells.shape[:2])
    return MetricSpread(metric.name, found, overall, seed, population.runs, examples, independent)


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
        _floats(values),
        mean,
        Interval(max(within.low, mean - half), min(within.high, mean + half)),
        sd,
        Interval(sd_low, sd_high),
        Interval(max(within.low, mean - new), min(within.high, mean + new)),
        new,
        confidence,
    )


def _jackknifed(
    metric: RunsMetric, outputs: Outputs, values: Floats, runs: Part, confidence: float
) -> Estimate | None:
    """Of what is not a mean over examples: each example is excluded in turn, from all runs at once; None where it is then not defined."""
    without = metric.deleted(outputs).mean(axis=0)
    if not np.isfinite(without).all():
        return None
    examples = deleted_part(without)
    floor = _floor(metric, _examples(outputs), confidence)
    return apart_estimate(
        float(values.mean()), [runs], examples.variance, confidence, within=metric.range, floor=floor
    )


def _examples(outputs: Outputs) -> int:
    """How many there are that are independent: rows, where labels are those of words."""
    return len(outputs.labels) if outputs.rows is None else len(np.unique(outputs.rows))


def _floor(metric: RunsMetric, examples: int, confidence: float) -> float:
    """Where every run is right on every example, N examples still allow what Wilson's score interval does: z^2 / (N + z^2)."""
    z = normal_quantile((1 + confidence) / 2)
    return z / (examples + z * z) if metric.of_decisions else 0.0


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
