"""Variance over a crossed grid of seeds, split into initial weights, data order, and the rest.

Two-way random effects on runs at every pair of an initial seed i of I and an order seed j of J, r runs in each cell:

    one run a cell   vA = (MSA - MSE)/J      vB = (MSB - MSE)/I      vE = MSE, the interaction and dropout together
    r runs a cell    vA = (MSA - MSAB)/(J r) vB = (MSB - MSAB)/(I r) vAB = (MSAB - MSE)/r  vE = MSE

Unbiased whatever the law. A variance may come out negative when it is near zero: shares are of the clipped ones, the raw one
is reported. Intervals are for a scalar a run (normal): modified large sample (Ting et al., J. Stat. Comput. Simul. 1990) for the
differences of mean squares, chi-squared for the rest; with 5 x 5 each seed has 4 degrees of freedom, so they are wide. Of many
scalars a run (logits) the mean squares are averaged and keep the degrees of freedom of one, as if all moved as one: an average
of chi-squareds varies least where they do not, so that the intervals are at least as wide as need be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.metrics.registry import runs_metric
from parity.seed_audit.population.population import Population
from parity.statistics.interval import Interval
from parity.statistics.tails import chi2_quantile, f_quantile

__all__ = ["Component", "Grid", "VarianceSplit", "grid_of", "logit_split", "metric_split", "split_variance"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Grid(NamedTuple):
    """A full grid of runs: cells [I, J, r] holds the index of each run; rows and columns the seeds' values."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    cells: Integers


class Component(NamedTuple):
    """One source of variance: its raw estimate (below 0 is possible), its share of the sum once negatives are clipped (None
    where nothing varies), its degrees of freedom by Satterthwaite, and the interval of the variance.
    """

    raw: float
    share: float | None
    degrees: float
    interval: Interval


class VarianceSplit(NamedTuple):
    """The variance of one quantity over the grid. `interaction` is None with one run a cell, where it is in `rest`.

    Of logits the unit is squared logits, averaged over examples and classes after each row's mean is taken out; their intervals
    are for these examples, and wide (above).
    """

    first: Component
    second: Component
    interaction: Component | None
    rest: Component
    shape: tuple[int, int, int]
    confidence: float


def grid_of(population: Population, first: str, second: str) -> Grid | None:
    """Where the runs lie on the grid of two seeds; None unless every cell has the same number of runs, two of each seed."""
    cells: dict[tuple[int, int], list[int]] = {}
    for run, factors in enumerate(population.factors):
        if first not in factors or second not in factors:
            return None
        cells.setdefault(_place(factors, first, second), []).append(run)
    rows, columns = (tuple(sorted({cell[side] for cell in cells})) for side in (0, 1))
    sizes = {len(runs) for runs in cells.values()}
    if min(len(rows), len(columns)) < 2 or len(sizes) != 1 or len(cells) != len(rows) * len(columns):
        return None
    return Grid(rows, columns, np.array([[cells[row, column] for column in columns] for row in rows]))


def logit_split(population: Population, grid: Grid, confidence: float = 0.95) -> VarianceSplit:
    """Of row-centred logits (softmax ignores a row's constant), averaged over examples and classes."""
    logits, there = population.logits, ~np.isneginf(population.logits)
    if population.counted == "choices" and not there.all():
        # Inputs with fewer choices have logits of these alone.
        sums = np.where(there, logits, 0.0).sum(axis=2, keepdims=True)
        centred = logits - sums / there.sum(axis=2, keepdims=True)
        return split_variance(centred[:, there[0]][grid.cells], confidence)
    centred = logits - logits.mean(axis=2, keepdims=True)
    return split_variance(centred[grid.cells], confidence)


def metric_split(population: Population, grid: Grid, metric: str, confidence: float = 0.95) -> VarianceSplit:
    """Of one metric a run, with intervals."""
    return split_variance(runs_metric(metric).values(population.outputs())[grid.cells], confidence)


def split_variance(values: Floats, confidence: float = 0.95) -> VarianceSplit:
    """Of values [I, J, r, ...]; the mean squares are averaged over trailing axes."""
    flat = values.reshape(*values.shape[:3], -1)
    i, j, r = flat.shape[:3]
    cell = flat.mean(axis=2)
    row, column, whole = cell.mean(axis=1), cell.mean(axis=0), cell.mean(axis=(0, 1))
    rest = cell - row[:, None] - column[None] + whole
    ms_row = r * j * float(((row - whole) ** 2).sum(axis=0).mean()) / (i - 1)
    ms_column = r * i * float(((column - whole) ** 2).sum(axis=0).mean()) / (j - 1)
    ms_cross = r * float((rest**2).sum(axis=(0, 1)).mean()) / ((i - 1) * (j - 1))
    crossed = (i - 1) * (j - 1)
    within, inner = 0.0, i * j * (r - 1)
    if r > 1:
        within = float(((flat - cell[:, :, None]) ** 2).sum(axis=(0, 1, 2)).mean()) / inner
    alpha = 1 - confidence

    def difference(one: float, of_one: int, other: float, of_other: int, divisor: int) -> Component:
        raw = (one - other) / divisor
        denominator = one**2 / of_one + other**2 / of_other
        low, high = _modified_large_sample(one, of_one, other, of_other, alpha)
        interval = Interval(max(0.0, low / divisor), max(0.0, high / divisor))
        return Component(raw, None, (one - other) ** 2 / denominator if denominator else 0.0, interval)

    last, of_last = (within, inner) if r > 1 else (ms_cross, crossed)
    low, high = (of_last * last / chi2_quantile(share, of_last) for share in (1 - alpha / 2, alpha / 2))
    parts = [
        difference(ms_row, i - 1, ms_cross, crossed, j * r),
        difference(ms_column, j - 1, ms_cross, crossed, i * r),
        *([difference(ms_cross, crossed, within, inner, r)] if r > 1 else []),
        Component(last, None, float(of_last), Interval(low, high)),
    ]
    total = sum(max(part.raw, 0.0) for part in parts)
    sources = [part._replace(share=max(part.raw, 0.0) / total if total > 0 else None) for part in parts]
    return VarianceSplit(
        sources[0], sources[1], sources[2] if r > 1 else None, sources[-1], (i, j, r), confidence
    )


def _place(factors: Mapping[str, int], first: str, second: str) -> tuple[int, int]:
    return factors[first], factors[second]


def _modified_large_sample(
    one: float, of_one: int, other: float, of_other: int, alpha: float
) -> tuple[float, float]:
    """The interval of E(one) - E(other), two independent mean squares on these degrees of freedom.

    Each end exact where the other mean square vanishes, and where both are equal.
    """
    upper, lower = 1 - alpha / 2, alpha / 2
    g1 = 1 - 1 / f_quantile(upper, of_one, math.inf)
    h1 = 1 / f_quantile(lower, of_one, math.inf) - 1
    g2 = 1 - 1 / f_quantile(upper, of_other, math.inf)
    h2 = 1 / f_quantile(lower, of_other, math.inf) - 1
    high, low = f_quantile(upper, of_one, of_other), f_quantile(lower, of_one, of_other)
    g12 = ((high - 1) ** 2 - (g1 * high) ** 2 - h2**2) / high
    h12 = ((1 - low) ** 2 - (h1 * low) ** 2 - g2**2) / low
    down = (g1 * one) ** 2 + (h2 * other) ** 2 + g12 * one * other
    up = (h1 * one) ** 2 + (g2 * other) ** 2 + h12 * one * other
    return one - other - math.sqrt(max(0.0, down)), one - other + math.sqrt(max(0.0, up))
