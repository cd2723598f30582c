"""Calibration of a run, the temperature that fits the labels, variance by seed and CKA, each against another implementation."""

# scipy, scikit-learn and the other references are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

import math
from typing import Literal

import dcor
import numpy as np
import numpy.typing as npt
import pandas as pd  # type: ignore[import-untyped]
import pytest
import scipy.optimize  # type: ignore[import-untyped]
import scipy.special  # type: ignore[import-untyped]
import scipy.stats  # type: ignore[import-untyped]
import sklearn.calibration  # type: ignore[import-untyped]
import sklearn.metrics  # type: ignore[import-untyped]
import statsmodels.api as sm  # type: ignore[import-untyped]
import statsmodels.formula.api as smf  # type: ignore[import-untyped]
import torch
import torchmetrics.functional.classification as tm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.discrete.conditional_models import ConditionalLogit  # type: ignore[import-untyped]

from parity.measure.activation import SOFTMAX
from parity.seed_audit.measures.calibration import (
    adaptive_calibration_error,
    calibration_error,
    run_calibration,
)
from parity.seed_audit.measures.cka import population_similarity, similarity
from parity.seed_audit.measures.label_temperature import fit_label_temperature, temperature_spread
from parity.seed_audit.measures.metric_spread import grid_spread, metric_spread
from parity.seed_audit.measures.variance import grid_of, logit_split, metric_split, split_variance
from parity.seed_audit.population.population import Population
from tests.seed_runs import population

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def drawn(rows: int, classes: int, temperature: float, seed: int = 0) -> tuple[Floats, Integers]:
    """Logits, and labels drawn at that temperature."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((rows, classes))
    p = SOFTMAX.probabilities(logits, temperature)
    return logits, (p.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(max=classes - 1).astype(
        np.int64
    )


def test_ece_and_mce_are_those_of_torchmetrics() -> None:
    logits, labels = drawn(400, 5, 2.0)
    p = SOFTMAX.probabilities(logits)
    found = calibration_error(p.max(axis=1), p.argmax(axis=1) == labels, simulations=20)
    norms: tuple[tuple[Literal["l1", "max"], float], ...] = (("l1", found.ece), ("max", found.mce))
    for norm, value in norms:
        expected = tm.multiclass_calibration_error(
            torch.tensor(p), torch.tensor(labels), 5, n_bins=15, norm=norm
        )
        assert pytest.approx(float(expected), abs=1e-6) == value


@pytest.mark.parametrize(("rows", "expected"), [(200, 0.069), (1000, 0.031), (5000, 0.014)])
def test_a_calibrated_model_of_n_examples_has_an_ece_too(rows: int, expected: float) -> None:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.3, 1.0, rows)
    found = calibration_error(sure, rng.random(rows) < sure, simulations=400)
    assert pytest.approx(expected, rel=0.25) == found.calibrated_mean
    assert found.p > 0.01


def test_an_overconfident_model_stands_out_from_calibrated_ones_and_the_same_seed_says_the_same() -> None:
    sure = np.full(500, 0.95)
    right = np.arange(500) % 2 == 0
    found = calibration_error(sure, right)
    assert pytest.approx(0.45) == found.ece
    assert 1 / 1001 == found.p and found.calibrated_high < 0.05
    assert found == calibration_error(sure, right)


def test_ace_is_the_mean_gap_over_classes_and_bins_of_equal_mass() -> None:
    logits, labels = drawn(90, 3, 1.0)
    p = SOFTMAX.probabilities(logits)
    gaps: list[float] = []
    for k in range(3):
        observed, predicted = sklearn.calibration.calibration_curve(
            labels == k, p[:, k], n_bins=15, strategy="quantile"
        )
        gaps.append(np.abs(observed - predicted).mean())
    assert pytest.approx(np.mean(gaps)) == adaptive_calibration_error(p, labels)


def test_a_run_is_told_with_scikit_learns_nll_and_brier() -> None:
    logits, labels = drawn(100, 4, 1.5)
    p = SOFTMAX.probabilities(logits, 2.0)
    found = run_calibration(logits, labels, temperature=2.0, simulations=10)
    assert pytest.approx(sklearn.metrics.log_loss(labels, p, labels=range(4))) == found.nll
    expected = sklearn.metrics.brier_score_loss(labels, p, labels=range(4), scale_by_half=False)
    assert pytest.approx(expected) == found.brier


def test_the_temperature_of_labels_is_a_conditional_logits_inverse_slope() -> None:
    logits, labels = drawn(300, 4, 1.7)
    chosen = (np.arange(4) == labels[:, None]).ravel().astype(int)
    model = ConditionalLogit(chosen, logits.reshape(-1, 1), groups=np.repeat(np.arange(300), 4)).fit(disp=0)
    found = fit_label_temperature(logits, labels)
    assert pytest.approx(1 / model.params[0], rel=1e-5) == found.value
    assert pytest.approx(-model.llf / 300, rel=1e-6) == found.nll_fitted


def test_its_interval_is_the_sandwich_of_a_logistic_regression_for_two_classes() -> None:
    logits, labels = drawn(400, 2, 0.8, seed=3)
    gap = (logits[:, 1] - logits[:, 0])[:, None]
    model = sm.Logit(labels, gap).fit(disp=0, cov_type="HC0", tol=1e-12)
    half = 1.959963985 * model.bse[0] / model.params[0]
    expected = (math.exp(-half) / model.params[0], math.exp(half) / model.params[0])
    found = fit_label_temperature(logits, labels)
    assert pytest.approx(expected, rel=1e-6) == found.interval


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 20), st.floats(-1e3, 1e3))
def test_scaling_the_logits_scales_the_temperature_and_a_shift_does_nothing(
    seed: int, scale: float, shift: float
) -> None:
    logits, labels = drawn(60, 3, 1.0, seed=seed)
    one = fit_label_temperature(logits, labels)
    other = fit_label_temperature(scale * logits + shift, labels)
    assert one.state == other.state
    if one.value is not None and other.value is not None:
        assert pytest.approx(scale * one.value, rel=1e-6) == other.value
        assert pytest.approx(one.nll_fitted, abs=1e-9) == other.nll_fitted


def test_where_every_label_is_on_top_only_an_upper_bound_is_told() -> None:
    logits, _ = drawn(50, 3, 1.0)
    found = fit_label_temperature(logits, logits.argmax(axis=1).astype(np.int64))
    assert ("below", None, None, None) == (found.state, found.value, found.interval, found.at_least)
    assert found.at_most is not None
    p = SOFTMAX.probabilities(logits, found.at_most)
    assert pytest.approx(scipy.stats.chi2.ppf(0.95, 1) / 2) == -np.log(p.max(axis=1)).sum()


def test_where_logits_tell_the_reverse_of_the_labels_only_a_lower_bound_is_told() -> None:
    logits, labels = drawn(50, 3, 1.0)
    found = fit_label_temperature(-logits, labels)
    assert ("above", None, None) == (found.state, found.value, found.at_most)
    assert found.at_least is not None and found.at_least > 0
    assert pytest.approx(math.log(3)) == found.nll_fitted


def test_logits_all_alike_have_no_temperature() -> None:
    found = fit_label_temperature(np.ones((4, 3)), np.array([0, 1, 2, 0]))
    assert ("constant", None, None, None) == (found.state, found.value, found.at_most, found.at_least)


def test_the_spread_of_temperatures_is_over_their_logarithms() -> None:
    fits = [fit_label_temperature(*drawn(200, 3, t)) for t in (0.5, 1.0, 2.0)]
    told = temperature_spread(fits)
    assert told is not None
    assert pytest.approx(np.mean([math.log(fit.value or 0) for fit in fits])) == told.mean
    assert temperature_spread([]) is None


def test_temperatures_over_a_grid_have_the_spread_of_a_grid_or_of_its_diagonal() -> None:
    fits = [fit_label_temperature(*drawn(200, 3, 1 + k / 4, seed=k)) for k in range(9)]
    cells = np.arange(9).reshape(3, 3, 1)
    logs = np.array([math.log(fit.value or 0) for fit in fits])
    assert grid_spread(logs.reshape(3, 3)) == temperature_spread(fits, cells=cells)
    fits[1] = fits[1]._replace(value=None)
    diagonal = temperature_spread(fits, cells=cells)
    assert diagonal is not None and pytest.approx(logs[[0, 4, 8]].mean()) == diagonal.mean


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


def vectors(rows: int, seed: int = 0) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, 6)) + 5
    return x, x @ rng.standard_normal((6, 9)) + rng.standard_normal((rows, 9))


@pytest.mark.parametrize("rows", [4, 5, 40])
def test_debiased_cka_is_the_product_of_u_centred_gram_matrices(rows: int) -> None:
    x, y = vectors(rows)
    # u_centered is made for distances, whose diagonal is 0.
    grams = [(side @ side.T) * (1 - np.eye(rows)) for side in (x - x.mean(0), y - y.mean(0))]
    one, other = (dcor.u_centered(gram) for gram in grams)
    norms = dcor.u_product(one, one) * dcor.u_product(other, other)
    found = similarity(x, y)
    assert pytest.approx(dcor.u_product(one, other) / math.sqrt(norms), abs=1e-9) == found.cka
    assert (rows, "measured") == (found.vectors, found.state)


def test_unrelated_vectors_have_a_cka_near_zero_though_features_outnumber_them() -> None:
    rng = np.random.default_rng(0)
    found = similarity(rng.standard_normal((128, 384)), rng.standard_normal((128, 384)))
    assert found.cka is not None and abs(found.cka) < 0.03


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_cka_ignores_rotation_scale_shift_and_the_order_of_vectors(seed: int, scale: float) -> None:
    x, y = vectors(20, seed)
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    rows = rng.permutation(20)
    assert pytest.approx(similarity(x, y).cka) == similarity((scale * x @ turn + 3)[rows], y[rows]).cka
    assert pytest.approx(1.0) == similarity(x, x @ turn).cka


def test_the_jackknife_leaves_out_examples_for_real() -> None:
    x, y = vectors(60)
    example = np.repeat(np.arange(20), 3)
    without = np.array(
        [similarity(x[example != k], y[example != k]).cka for k in range(20)], dtype=np.float64
    )
    found = similarity(x, y, example)
    half = scipy.stats.t.ppf(0.975, 19) * math.sqrt(19 / 20 * ((without - without.mean()) ** 2).sum())
    assert found.cka is not None and found.cka_interval is not None
    assert pytest.approx(found.cka - half) == found.cka_interval.low


def test_the_mean_cka_of_a_population_has_the_jackknife_of_its_mean() -> None:
    rng = np.random.default_rng(0)
    base = rng.standard_normal((60, 6))
    runs = [base @ rng.standard_normal((6, 6)) + rng.standard_normal((60, 6)) for _ in range(3)]
    example = np.repeat(np.arange(20), 3)
    without = np.array([population_similarity([x[example != k] for x in runs]).cka for k in range(20)])
    found = population_similarity(runs, example)
    half = scipy.stats.t.ppf(0.975, 19) * math.sqrt(19 / 20 * ((without - without.mean()) ** 2).sum())
    assert found.cka is not None and found.cka_interval is not None
    assert pytest.approx(found.cka + half) == found.cka_interval.high
    assert population_similarity(runs).cka_interval is None


def test_only_pairs_that_are_asked_for_are_in_a_populations_mean() -> None:
    x, y = vectors(30)
    z = np.roll(y, 1, axis=0)
    used = np.zeros((3, 3), dtype=bool)
    used[0, 1] = used[1, 0] = True
    found = population_similarity([x, y, z], used=used)
    assert (1, similarity(x, y).cka) == (found.pairs, found.cka)


def test_a_stage_that_is_constant_has_no_cka_and_never_one() -> None:
    x, y = vectors(30)
    still = np.broadcast_to(x[:1], x.shape) * (1 + 1e-7 * np.random.default_rng(0).standard_normal((30, 1)))
    for one, other in ((still, y), (y, still), (still, still), (np.zeros((30, 6)), y)):
        assert (None, None, "constant") == (
            (found := similarity(one, other, np.arange(30))).cka,
            found.cka_interval,
            found.state,
        )


def test_few_vectors_and_values_that_are_no_numbers_are_said() -> None:
    x, y = vectors(3)
    assert "few" == similarity(x, y).state
    x, y = vectors(30)
    x[3, 2] = np.nan
    assert ("not_finite", None, None) == ((found := similarity(x, y)).state, found.cka, found.cosine)


def test_cosine_and_relative_l2_stand_beside_cka_for_equal_widths() -> None:
    x, _ = vectors(40)
    y = x + np.random.default_rng(1).standard_normal(x.shape)
    found = similarity(x, y)
    cosines = 1 - np.array([scipy.spatial.distance.cosine(a, b) for a, b in zip(x, y, strict=True)])
    assert pytest.approx(cosines.mean()) == found.cosine
    assert pytest.approx(np.linalg.norm(y - x) / np.linalg.norm(x)) == found.relative_l2
    assert similarity(x, vectors(40)[1]).cosine is None


def test_a_population_is_told_by_its_pairs() -> None:
    x, _ = vectors(40)
    rng = np.random.default_rng(0)
    runs = [x + 0.3 * rng.standard_normal(x.shape) for _ in range(3)]
    found = population_similarity(runs)
    ckas = [similarity(runs[a], runs[b]).cka or 0 for a, b in ((0, 1), (0, 2), (1, 2))]
    assert pytest.approx((np.mean(ckas), min(ckas))) == (found.cka, found.cka_least)
    assert (3, 0) == (found.pairs, found.undefined)
    assert 1 == population_similarity([x, np.ones_like(x)]).undefined
