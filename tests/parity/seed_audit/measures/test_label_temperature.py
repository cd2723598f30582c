"""The temperature that fits the labels, against other implementations and closed forms."""

# scipy, scikit-learn and the other references are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
import scipy.optimize  # type: ignore[import-untyped]
import scipy.special  # type: ignore[import-untyped]
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.measure.activation import SOFTMAX
from parity.seed_audit.measures.label_temperature import fit_label_temperature, temperature_spread
from parity.seed_audit.measures.metric_spread import grid_spread
from tests.seed_runs import drawn

Floats = npt.NDArray[np.float64]

Integers = npt.NDArray[np.int64]


def test_the_temperature_of_labels_is_a_conditional_logits_inverse_slope() -> None:
    from statsmodels.discrete.conditional_models import ConditionalLogit  # type: ignore[import-untyped]

    logits, labels = drawn(300, 4, 1.7)
    chosen = (np.arange(4) == labels[:, None]).ravel().astype(int)
    model = ConditionalLogit(chosen, logits.reshape(-1, 1), groups=np.repeat(np.arange(300), 4)).fit(disp=0)
    found = fit_label_temperature(logits, labels)
    assert pytest.approx(1 / model.params[0], rel=1e-5) == found.value
    assert pytest.approx(-model.llf / 300, rel=1e-6) == found.nll_fitted


def test_its_interval_is_the_sandwich_of_a_logistic_regression_for_two_classes() -> None:
    import statsmodels.api as sm  # type: ignore[import-untyped]

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
