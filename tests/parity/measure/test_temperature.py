"""The temperature between two sets of logits."""

# scipy and scikit-learn are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.optimize  # type: ignore[import-untyped]
import scipy.special  # type: ignore[import-untyped]
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.measure.activation import SIGMOID
from parity.measure.temperature import ImpliedTemperature, TemperatureFit

Floats = npt.NDArray[np.float64]


def logits(rows: int, classes: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((rows, classes)) * 2


def fit(reference: Floats, candidate: Floats, **how: Any) -> TemperatureFit:
    implied = ImpliedTemperature(**how)
    implied.add(reference, candidate)
    return implied.fit()


@pytest.mark.parametrize("temperature", [0.1, 1.0, 1.7, 50.0])
def test_a_temperature_is_recovered_from_logits_and_from_log_probabilities(temperature: float) -> None:
    a = logits(200, 5)
    for candidate in (a / temperature, scipy.special.log_softmax(a / temperature, axis=1)):
        got = fit(a, candidate)
        assert pytest.approx((temperature, 1.0, temperature), rel=1e-9) == got[:3]


def test_equal_logits_imply_exactly_one() -> None:
    a = logits(50, 3)
    assert (1.0, 1.0, 1.0, 50, 0) == fit(a, a.copy())


@pytest.mark.parametrize(
    "candidate", [logits(200, 5, seed=9), -logits(200, 5)], ids=["unrelated", "turned round"]
)
def test_unrelated_logits_imply_no_temperature(candidate: Floats) -> None:
    got = fit(logits(200, 5), candidate)
    assert (None, None) == (got.value, got.reverse)
    assert got.r2 is not None


@pytest.mark.parametrize("a", [np.zeros((4, 3)), np.full((4, 3), 7.0), np.zeros((0, 3)), logits(4, 1)])
def test_logits_without_contrast_imply_nothing(a: Floats) -> None:
    assert (None, None, None) == fit(a, a)[:3]


def test_noise_on_both_sides_parts_the_two_estimates_and_keeps_the_truth_between() -> None:
    truth = logits(5000, 5)
    noise = np.random.default_rng(5).standard_normal((2, *truth.shape)) * 0.3
    got = fit(truth + noise[0], truth / 1.7 + noise[1] / 1.7)
    assert got.value is not None
    assert got.reverse is not None
    assert got.reverse < 1.7 < got.value


def test_rows_with_a_masked_class_are_left_out_and_counted() -> None:
    a = logits(10, 3)
    a[4, 1] = -np.inf
    a[5, 1] = -1e32
    got = fit(a, a / 2)
    assert (8, 2) == (got.rows, got.left_out)
    assert pytest.approx(2.0, rel=1e-12) == got.value


def test_multi_label_logits_keep_their_level() -> None:
    a = np.full((20, 1), 3.0)
    assert 1.5 == fit(a, a / 1.5, activation=SIGMOID).value


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_neither_batches_nor_order_change_a_fit(seed: int, rows: int) -> None:
    generator = np.random.default_rng(seed)
    a = logits(rows, 4, seed)
    b = a + 0.7 * generator.standard_normal(a.shape)
    whole, parts = ImpliedTemperature(), ImpliedTemperature()
    whole.add(a, b + 3)
    for part in np.array_split(generator.permutation(rows), 3):
        parts.add(a[part] - 5, b[part])
    assert pytest.approx(whole.fit().r2, rel=1e-6) == parts.fit().r2
