"""A score over a grid of two seeds: against the components of an analysis of variance, and against runs that share nothing."""

# scipy and statsmodels are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd  # type: ignore[import-untyped]
import pytest
import scipy.stats  # type: ignore[import-untyped]

from parity.seed_audit.measures.grid_spread import (
    grid_example_variance,
    grid_seed_effect,
    of_mean,
    of_run,
    seed_squares,
)
from parity.seed_audit.measures.metric_spread import grid_spread, metric_spread
from parity.seed_audit.measures.variance import split_variance
from parity.seed_audit.population.population import Population
from tests.seed_runs import population


def effects(rows: int, columns: int, *, first: float = 1.0, seed: int = 0) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.asarray(
        first * rng.standard_normal((rows, 1))
        + 0.5 * rng.standard_normal((1, columns))
        + 0.3 * rng.standard_normal((rows, columns))
    )


def test_the_mean_squares_are_those_of_an_analysis_of_variance() -> None:
    import statsmodels.api as sm  # type: ignore[import-untyped]
    import statsmodels.formula.api as smf  # type: ignore[import-untyped]

    values = effects(4, 3)
    frame = pd.DataFrame(list(np.ndindex(4, 3)), columns=["a", "b"])
    frame["v"] = values.ravel()
    table = sm.stats.anova_lm(smf.ols("v ~ C(a) + C(b)", frame).fit())["mean_sq"]
    assert pytest.approx(list(table)) == list(seed_squares(values)[:3])


def test_the_variance_of_one_run_is_the_sum_of_the_components() -> None:
    values = effects(4, 3)
    split = split_variance(values[:, :, None])
    expected = split.first.raw + split.second.raw + split.rest.raw
    assert pytest.approx(expected) == of_run(seed_squares(values)).variance


def test_the_variance_of_the_mean_is_that_of_new_seeds_of_both_kinds() -> None:
    values = effects(4, 3)
    split = split_variance(values[:, :, None])
    expected = split.first.raw / 4 + split.second.raw / 3 + split.rest.raw / 12
    assert split.first.raw > 0 and split.second.raw > 0
    assert pytest.approx(expected) == of_mean(seed_squares(values)).variance


def test_where_only_rows_matter_the_mean_is_known_as_well_as_that_many_runs_know_it() -> None:
    rows = np.random.default_rng(1).standard_normal(5)
    found = grid_spread(np.repeat(rows[:, None], 4, axis=1))
    expected = scipy.stats.t.interval(0.95, 4, rows.mean(), scipy.stats.sem(rows))
    assert pytest.approx(expected) == found.mean_interval
    assert pytest.approx(rows.std(ddof=1)) == found.sd
    half = scipy.stats.t.ppf(0.975, 4) * rows.std(ddof=1) * math.sqrt(1.2)
    assert pytest.approx(half) == found.new_run_half_width


def test_a_grid_is_never_surer_of_its_mean_than_as_many_runs_that_share_nothing() -> None:
    made = population(9, 200, noise=2.0)
    factors = tuple({"init_seed": i, "order_seed": j} for i, j in product(range(3), repeat=2))
    grid = metric_spread(Population(made.logits, made.labels, factors))
    assert (9, 3) == (grid.runs, grid.independent)
    assert grid.spread.values == metric_spread(made).spread.values
    assert grid.spread.new_run_half_width is not None and grid.overall is not None
    assert 2 <= (grid.overall.run_degrees or 0)


def test_the_intervals_of_a_grid_with_a_hole_are_of_the_runs_that_share_no_seed() -> None:
    made = population(9, 200, noise=2.0)
    factors = tuple({"init_seed": i, "order_seed": j} for i, j in product(range(3), repeat=2))
    whole = Population(made.logits, made.labels, factors).of_runs(range(1, 9))
    found = metric_spread(whole)
    assert (8, 3, 8) == (found.runs, found.independent, len(found.spread.values))
    assert found.overall is not None and found.overall.run_degrees == 2


def test_what_examples_add_is_what_the_crossed_form_says_where_no_seed_matters() -> None:
    rng = np.random.default_rng(2)
    found = [
        grid_example_variance(rng.standard_normal(300) + rng.standard_normal((3, 3, 300))) for _ in range(50)
    ]
    assert pytest.approx(1 / 300, rel=0.05) == np.mean(found)


def test_flips_alone_are_no_seed_effect_over_a_grid() -> None:
    rng = np.random.default_rng(3)
    effect = grid_seed_effect(rng.standard_normal((5, 5, 400)))
    assert effect is not None
    assert pytest.approx(1 / 20, rel=0.2) == effect.flip_sd
    assert effect.seed_sd < effect.flip_sd and effect.p > 0.01
    moved = grid_seed_effect(rng.standard_normal((5, 5, 400)) + effects(5, 5)[:, :, None])
    assert moved is not None and moved.p < 1e-6
    assert pytest.approx(moved.observed_sd**2) == moved.seed_sd**2 + moved.flip_sd**2
