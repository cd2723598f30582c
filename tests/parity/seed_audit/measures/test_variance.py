"""Variance by seed: its parts over a grid of two seeds, against an analysis of variance, REML and closed forms."""

# scipy, scikit-learn and the other references are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import scipy.optimize  # type: ignore[import-untyped]
import scipy.special  # type: ignore[import-untyped]
import scipy.stats  # type: ignore[import-untyped]

from parity.seed_audit.measures.metric_spread import metric_spread
from parity.seed_audit.measures.variance import grid_of, logit_split, metric_split, split_variance
from parity.seed_audit.population.population import Population
from tests.seed_runs import population


def gridded(rows: int, columns: int, repeats: int, seed: int = 0) -> Population:
    rng = np.random.default_rng(seed)
    cells = [(i, j) for i in range(rows) for j in range(columns) for _ in range(repeats)]
    made = population(len(cells), 30, 3, seed=seed)
    logits = made.logits.copy()
    first, second = rng.standard_normal((rows, 30, 3)), rng.standard_normal((columns, 30, 3))
    for run, (i, j) in enumerate(cells):
        logits[run] += 2 * first[i] + second[j]
    order = rng.permutation(len(cells))
    factors = tuple(
        {"init_seed": 10 * i, "order_seed": 10 * j, "repeat": int(k)} for k, (i, j) in enumerate(cells)
    )
    return Population(logits, made.labels, factors).of_runs([int(k) for k in order])


@pytest.mark.parametrize("repeats", [1, 2])
def test_components_are_those_of_an_analysis_of_variance(repeats: int) -> None:
    import statsmodels.api as sm  # type: ignore[import-untyped]
    import statsmodels.formula.api as smf  # type: ignore[import-untyped]

    i, j = 4, 3
    values = np.random.default_rng(0).standard_normal((i, j, repeats)) + 3 * np.arange(i)[:, None, None]
    index = pd.DataFrame(list(np.ndindex(i, j, repeats)), columns=["a", "b", "r"])
    index["v"] = values.ravel()
    formula = "v ~ C(a) * C(b)" if repeats > 1 else "v ~ C(a) + C(b)"
    squares = sm.stats.anova_lm(smf.ols(formula, index).fit())["mean_sq"]
    cross = squares["C(a):C(b)"] if repeats > 1 else squares["Residual"]
    found = split_variance(values)
    assert pytest.approx((squares["C(a)"] - cross) / (j * repeats)) == found.first.raw
    assert pytest.approx((squares["C(b)"] - cross) / (i * repeats)) == found.second.raw
    assert pytest.approx(squares["Residual"]) == found.rest.raw
    degrees = i * j * (repeats - 1) if repeats > 1 else (i - 1) * (j - 1)
    chi = degrees * squares["Residual"] / scipy.stats.chi2.ppf([0.975, 0.025], degrees)
    assert pytest.approx(tuple(chi)) == tuple(found.rest.interval)
    if found.interaction is not None:
        assert pytest.approx((cross - squares["Residual"]) / repeats) == found.interaction.raw


def test_components_agree_with_reml_where_all_are_above_zero() -> None:
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(2)
    values = (
        2 * rng.standard_normal((6, 1, 1))
        + rng.standard_normal((1, 6, 1))
        + 0.5 * rng.standard_normal((6, 6, 1))
    )
    frame = pd.DataFrame(list(np.ndindex(6, 6)), columns=["a", "b"])
    frame["v"] = values.ravel()
    frame["all"] = 1
    parts = {"a": "0 + C(a)", "b": "0 + C(b)"}
    fitted = smf.mixedlm("v ~ 1", frame, groups="all", vc_formula=parts).fit(reml=True)
    found = split_variance(values)
    assert pytest.approx([*fitted.vcomp, fitted.scale], rel=1e-3) == [
        found.first.raw,
        found.second.raw,
        found.rest.raw,
    ]


def test_the_modified_large_sample_interval_is_exact_where_the_rest_vanishes() -> None:
    values = np.broadcast_to(np.random.default_rng(0).standard_normal((5, 1, 1)), (5, 3, 1)).copy()
    found = split_variance(values)
    exact = 4 * values[:, 0, 0].var(ddof=1) / scipy.stats.chi2.ppf([0.975, 0.025], 4)
    assert pytest.approx(tuple(exact)) == tuple(found.first.interval)
    assert pytest.approx((1.0, 0.0, 0.0), abs=1e-12) == (
        found.first.share,
        found.second.share,
        found.rest.share,
    )


def test_a_grid_is_found_whatever_the_order_of_runs_and_only_when_it_is_full() -> None:
    made = gridded(3, 4, 2)
    grid = grid_of(made, "init_seed", "order_seed")
    assert grid is not None
    assert ((0, 10, 20), (0, 10, 20, 30), (3, 4, 2)) == (grid.rows, grid.columns, grid.cells.shape)
    assert 10 == made.factors[int(grid.cells[1, 2, 0])]["init_seed"]
    assert grid_of(made.of_runs(range(23)), "init_seed", "order_seed") is None
    assert grid_of(population(), "init_seed", "order_seed") is None


def test_what_the_initial_weights_do_is_found_in_the_logits_and_a_row_constant_is_not_seen() -> None:
    made = gridded(4, 4, 1)
    grid = grid_of(made, "init_seed", "order_seed")
    assert grid is not None
    found = logit_split(made, grid)
    assert found.first.share is not None and found.second.share is not None and found.rest.share is not None
    assert found.first.share > found.second.share > 0
    assert pytest.approx(1.0) == found.first.share + found.second.share + found.rest.share
    shifted = Population(made.logits + np.arange(16)[:, None, None], made.labels, made.factors)
    assert pytest.approx(found.first.raw) == logit_split(shifted, grid).first.raw
    assert found.first.interval.low < found.first.raw < found.first.interval.high


def test_logits_that_move_as_one_have_the_interval_of_one_of_them() -> None:
    values = np.random.default_rng(0).standard_normal((4, 3, 1))
    many = np.repeat(values[..., None], 20, axis=3)
    for one, other in zip(split_variance(values)[:4], split_variance(many)[:4], strict=True):
        if one is not None and other is not None:
            assert pytest.approx(tuple(one.interval)) == tuple(other.interval)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "nll"])
def test_every_metric_that_is_a_number_a_run_is_split(metric: str) -> None:
    made = gridded(4, 3, 1)
    grid = grid_of(made, "init_seed", "order_seed")
    assert grid is not None
    values = np.array(metric_spread(made, metric).spread.values)
    assert split_variance(values[grid.cells]) == metric_split(made, grid, metric)
