"""Distances between distributions against scipy, long double, and their own laws."""

# scipy and its distances are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportCallIssue=false

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.special  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import jensenshannon  # type: ignore[import-untyped]

from parity.measure.activation import SIGMOID, SOFTMAX, log_softmax
from parity.measure.decision_rule import EACH
from parity.measure.distributions import TemperatureSums, distances

Floats = npt.NDArray[np.float64]
LN2 = math.log(2.0)


def logits(rows: int, classes: int, seed: int = 0, scale: float = 3.0) -> Floats:
    return np.random.default_rng(seed).standard_normal((rows, classes)) * scale


@pytest.mark.parametrize("temperature", [0.1, 1.0, 1.7, 100.0])
@pytest.mark.parametrize("classes", [2, 7, 1000])
def test_softmax_and_distances_agree_with_scipy(temperature: float, classes: int) -> None:
    a, b = logits(40, classes), logits(40, classes, seed=1)
    p, q = scipy.special.softmax(a / temperature, axis=1), scipy.special.softmax(b / temperature, axis=1)
    np.testing.assert_allclose(SOFTMAX.probabilities(a, temperature), p, rtol=1e-12, atol=1e-300)
    seen = distances(log_softmax(a, temperature), log_softmax(b, temperature))
    np.testing.assert_allclose(seen.kl, scipy.special.rel_entr(p, q).sum(axis=1), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(seen.js, jensenshannon(p, q, axis=1) ** 2, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(seen.tv, np.abs(p - q).sum(axis=1) / 2, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(seen.max_abs, np.abs(p - q).max(axis=1), rtol=1e-9, atol=1e-15)


def test_line_18_kl_of_nearly_equal_rows_is_right_in_every_row_and_never_negative() -> None:
    a = np.random.default_rng(0).standard_normal((50, 3000)).astype(np.float32)
    b = (a + 1e-5 * np.random.default_rng(1).standard_normal(a.shape)).astype(np.float32)
    x, y = a.astype(np.longdouble), b.astype(np.longdouble)
    lp, lq = (side - np.log(np.exp(side).sum(axis=1, keepdims=True)) for side in (x, y))
    truth = (np.exp(lp) * (lp - lq)).sum(axis=1).astype(np.float64)
    assert truth.max() < 1e-9
    seen = distances(log_softmax(a), log_softmax(b))
    assert (seen.kl >= 0).all()
    np.testing.assert_allclose(seen.kl, truth, rtol=1e-6)
    np.testing.assert_allclose(seen.js, truth / 4, rtol=1e-2)


def test_masked_classes_take_no_part() -> None:
    a, b = logits(5, 4), logits(5, 4, seed=1)
    for mask in (-np.inf, -1e32):
        masked = [np.concatenate([side, np.full((5, 3), mask)], axis=1) for side in (a, b)]
        np.testing.assert_allclose(
            distances(*(log_softmax(side) for side in masked)).kl,
            distances(log_softmax(a), log_softmax(b)).kl,
        )


def test_a_class_that_the_candidate_rules_out_is_infinitely_far_in_kl_and_bounded_in_js() -> None:
    seen = distances(log_softmax(np.array([[0.0, 0.0]])), log_softmax(np.array([[0.0, -np.inf]])))
    assert math.inf == seen.kl[0]
    assert pytest.approx(jensenshannon([0.5, 0.5], [1, 0]) ** 2, rel=1e-12) == seen.js[0]
    back = distances(log_softmax(np.array([[0.0, -np.inf]])), log_softmax(np.array([[0.0, 0.0]])))
    assert pytest.approx(LN2, rel=1e-12) == back.kl[0]


def test_opposite_certainties_are_as_far_apart_as_can_be() -> None:
    a, b = np.array([[0.0, -1e6]]), np.array([[-1e6, 0.0]])
    seen = distances(log_softmax(a), log_softmax(b))
    assert (LN2, 1.0, 1.0) == (seen.js[0], seen.tv[0], seen.max_abs[0])


def test_a_sigmoid_does_not_overflow() -> None:
    assert [[0.0, 0.5, 1.0]] == SIGMOID.probabilities(np.array([[-1e6, 0.0, 1e6]])).tolist()


def test_multi_label_distances_are_the_mean_over_labels_of_two_class_ones() -> None:
    a, b = logits(6, 3), logits(6, 3, seed=1)
    sums = TemperatureSums([1.5], activation=SIGMOID, rule=EACH)
    sums.add(a, b)
    pairs = [np.stack([side.ravel(), np.zeros(18)], axis=1) for side in (a, b)]
    each = distances(*(log_softmax(side, 1.5) for side in pairs))
    got = sums.measurements()[0]
    assert pytest.approx(each.js.mean(), rel=1e-9) == got.js_mean
    assert pytest.approx(each.kl.reshape(6, 3).mean(axis=1).max(), rel=1e-9) == got.kl_max
    assert pytest.approx(each.max_abs.max(), rel=1e-9) == got.max_abs_probability


def test_equal_logits_are_zero_apart_at_every_temperature_and_all_agree() -> None:
    a = logits(30, 5)
    sums = TemperatureSums([0.5, 1.0, 3.0])
    sums.add(a, a.copy())
    assert [(0.0,) * 7 + (30, None)] * 3 == [seen[3:] for seen in sums.measurements()]


def test_a_subjects_own_temperature_divides_its_logits_alone() -> None:
    a = logits(30, 5)
    sums = TemperatureSums([1.0], candidate_temperature=1.7)
    sums.add(a, a)
    got = sums.measurements()[0]
    p, q = scipy.special.softmax(a, axis=1), scipy.special.softmax(a / 1.7, axis=1)
    assert pytest.approx(scipy.special.rel_entr(p, q).sum(axis=1).mean(), rel=1e-9) == got.kl_mean
    assert 30 == got.agree


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rows_without_a_distribution_are_counted_and_left_out(bad: float) -> None:
    a = logits(4, 3)
    b = a.copy()
    b[2, 1] = bad
    sums = TemperatureSums([1.0])
    sums.add(a, b)
    got = sums.measurements()[0]
    assert (3, 1, 3, 0.0) == (got.rows, got.undefined, got.agree, got.kl_max)


def test_no_rows_leave_every_distance_unsaid() -> None:
    got = TemperatureSums([1.0]).measurements()[0]
    assert (0, 0) == (got.rows, got.agree)
    assert all(math.isnan(value) for value in got[3:10])


def test_a_temperature_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        TemperatureSums([0.0])


def test_logits_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(3, 2\)"):
        TemperatureSums([1.0]).add(np.zeros((2, 3)), np.zeros((3, 2)))


def test_a_vocabulary_is_taken_a_few_rows_at_a_time_with_the_same_result() -> None:
    a, b = logits(20, 30522), logits(20, 30522, seed=1)
    sums = TemperatureSums([1.0])
    sums.add(a, b)
    assert (
        pytest.approx(distances(log_softmax(a), log_softmax(b)).kl.mean(), rel=1e-12)
        == sums.measurements()[0].kl_mean
    )


finite = st.floats(-1e4, 1e4, allow_subnormal=False)
pairs_of_logits = st.integers(1, 6).flatmap(
    lambda classes: st.tuples(*[hnp.arrays(np.float64, (5, classes), elements=finite)] * 2)
)


@settings(max_examples=200, deadline=None)
@given(pairs_of_logits, st.sampled_from([0.01, 1.0, 30.0]))
def test_distances_keep_their_laws(pair: tuple[Floats, Floats], temperature: float) -> None:
    one, other = (log_softmax(side, temperature) for side in pair)
    forth, back = distances(one, other), distances(other, one)
    assert all(bool((values >= 0).all()) for values in forth)
    assert bool((forth.js <= LN2).all())
    assert bool((forth.tv <= 1).all())
    np.testing.assert_allclose(forth.js, back.js, rtol=1e-6, atol=1e-15)
    np.testing.assert_allclose(forth.tv, back.tv, rtol=1e-14, atol=1e-16)
    assert bool((forth.kl >= forth.tv**2 * 2 * (1 - 1e-6) - 1e-12).all())  # Pinsker
    assert bool((forth.js <= forth.tv * LN2 * (1 + 1e-6) + 1e-12).all())
    moved = np.abs(pair[1] - pair[0]).max(axis=1)
    assert bool(
        (forth.max_abs <= moved / 2 / temperature * (1 + 1e-6) + 1e-12).all()
    )  # softmax is 1/2-Lipschitz


@settings(max_examples=100, deadline=None)
@given(pairs_of_logits, st.floats(-100, 100), st.randoms())
def test_neither_a_shift_of_a_row_nor_batches_nor_order_change_the_sums(
    pair: tuple[Floats, Floats], shift: float, random: Any
) -> None:
    a, b = pair
    whole, parts = TemperatureSums([1.0, 2.0]), TemperatureSums([1.0, 2.0])
    whole.add(a, b)
    order = list(range(5))
    random.shuffle(order)
    for part in (order[:2], order[2:]):
        parts.add(a[part] + shift, b[part])
    for one, other in zip(whole.measurements(), parts.measurements(), strict=True):
        np.testing.assert_allclose(one[:10], other[:10], rtol=1e-6, atol=1e-10)
