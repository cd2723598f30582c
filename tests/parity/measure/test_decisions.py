"""Labels, margins and flips."""

# scipy is untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.measure.decision_rule import EACH, LARGEST, SIGN
from parity.measure.decisions import DecisionCount, DecisionMeasurement
from parity.statistics.interval import one_sided_bounds

Array = npt.NDArray[Any]


def count(reference: Any, candidate: Any, **how: Any) -> DecisionMeasurement:
    a, b = np.asarray(reference, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
    decisions = DecisionCount(**how)
    decisions.add(a, b, np.arange(len(a)))
    return decisions.measurement()


def test_agreement_and_flips_are_counted_with_margins() -> None:
    got = count([[2.0, 0.5, 0], [0, 1, 0]], [[2, 0.5, 0], [0, 1, 4.0]])
    assert (2, 1, 1, 0.5) == (got.examples, got.agree, got.flips_total, got.flip_rate)
    flip = got.flips[0]
    assert (1, 0, (1,), (2,), 1.0, 3.0, 4.0, False) == flip
    assert one_sided_bounds(1, 2) == got.flip_bounds


def test_a_flip_whose_logits_moved_no_more_than_noise_is_explained_by_it() -> None:
    got = count([[1.0, 1.0 - 1e-6]], [[1.0, 1.0 + 1e-6]], noise=2e-6)
    assert got.flips[0].explained_by_noise
    assert 1 == got.flips_explained


@pytest.mark.parametrize("noise", [None, 1e-7])
def test_a_flip_is_not_excused_by_a_small_margin_alone(noise: float | None) -> None:
    assert not count([[1.0, 1.0 - 1e-6]], [[1.0, 1.0 + 1e-6]], noise=noise).flips[0].explained_by_noise


def test_line_14_a_constant_added_to_a_row_flips_nothing_and_takes_no_part_in_the_noise() -> None:
    a = np.random.default_rng(0).standard_normal((50, 4))
    assert 50 == count(a, a + 7).agree
    shifted = count([[1.0, 1.0 - 1e-6]], [[8.0, 8.0 + 1e-6]], noise=2e-6).flips[0]
    assert shifted.explained_by_noise
    assert pytest.approx(7.0) == shifted.max_abs_logit


def test_ties_are_said_and_the_first_class_is_taken() -> None:
    got = count([[1.0, 1.0], [3, 0]], [[0.0, 1.0], [3, 0]])
    assert (1, ((0,), (1,)), 0.0) == (got.ties, got.flips[0][2:4], got.flips[0].reference_margin)


@pytest.mark.parametrize("bad", [[np.nan, 1.0], [np.inf, 1.0], [-np.inf, -np.inf]])
def test_a_row_that_cannot_decide_agrees_with_nothing_not_even_itself(bad: list[float]) -> None:
    got = count([bad], [bad])
    assert (1, 0, 1, 1.0) == (got.examples, got.agree, got.undefined, got.flip_rate)


def test_masked_classes_do_not_disturb_the_margin() -> None:
    got = count([[2.0, 1.0, -np.inf]], [[1.0, 2.0, -np.inf]], noise=1.5)
    assert (1.0, 1.0, True) == (
        got.flips[0].reference_margin,
        got.flips[0].max_abs_logit,
        got.flips[0].explained_by_noise,
    )


def test_multi_label_compares_whole_sets_at_one_half() -> None:
    got = count([[1.0, -1.0, 0.2], [1, 1, 1]], [[1.0, -1.0, -0.1], [2, 3, 0.5]], rule=EACH)
    assert (1, ((0, 2), (0,))) == (got.agree, got.flips[0][2:4])
    assert pytest.approx((0.2, 0.1, 0.3)) == got.flips[0][4:7]


def test_only_the_first_flips_by_row_are_kept_and_all_are_counted() -> None:
    decisions = DecisionCount(keep=3)
    for start in (40, 0, 20):
        decisions.add(np.tile([1.0, 0.0], (5, 1)), np.tile([0.0, 1.0], (5, 1)), np.arange(start, start + 5))
    got = decisions.measurement()
    assert (15, [0, 1, 2]) == (got.flips_total, [flip.row for flip in decisions.kept()])


def test_tokens_of_one_row_are_told_apart() -> None:
    decisions = DecisionCount()
    decisions.add(np.array([[1.0, 0], [1, 0]]), np.array([[0.0, 1], [0, 1]]), [4, 4], [9, 2])
    assert [(4, 2), (4, 9)] == [flip[:2] for flip in decisions.measurement().flips]


def test_rows_with_a_decision_that_differs_are_counted_once_however_many_do() -> None:
    decisions = DecisionCount()
    a = np.array([[1.0, 0], [1, 0], [1, 0], [1, 0]])
    decisions.add(a, np.array([[0.0, 1], [0, 1], [1, 0], [1, 0]]), [4, 4, 4, 7], [0, 1, 2, 0])
    decisions.add(a, np.array([[math.nan, 1], [0, 1], [1, 0], [1, 0]]), [8, 8, 9, 9], [0, 1, 0, 1])
    got = decisions.measurement()
    assert (4, 2, one_sided_bounds(2, 4)) == (got.inputs, got.inputs_flipped, got.input_bounds)


def test_what_neither_side_can_decide_is_told_from_what_one_side_cannot() -> None:
    got = count([[math.nan, 0.0], [math.nan, 0], [1, 0]], [[math.nan, 0], [1, 0], [1, 0]])
    assert (2, 1, 1) == (got.undefined, got.undefined_both, got.agree)


def test_nothing_decided_bounds_nothing() -> None:
    got = DecisionCount().measurement()
    assert (0, 0, (0.0, 1.0)) == (got.examples, got.agree, got.flip_bounds)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.booleans(), st.floats(0.01, 100))
def test_labels_do_not_depend_on_temperature_batches_or_order(
    seed: int, classes: int, each: bool, temperature: float
) -> None:
    generator = np.random.default_rng(seed)
    a = generator.integers(-4, 5, (12, classes)).astype(np.float64)
    b = a + generator.integers(-1, 2, a.shape)
    whole, parts, cooled = (DecisionCount(rule=EACH if each else LARGEST, noise=1.0) for _ in range(3))
    whole.add(a, b, np.arange(12))
    order = generator.permutation(12)
    for part in np.array_split(order, 3):
        parts.add(a[part], b[part], part)
    cooled.add(a / temperature, b / temperature, np.arange(12))
    assert whole.measurement() == parts.measurement()
    assert [flip[:4] for flip in whole.measurement().flips] == [
        flip[:4] for flip in cooled.measurement().flips
    ]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.floats(1e-9, 10))
def test_no_flip_has_a_margin_beyond_twice_what_moved(seed: int, classes: int, size: float) -> None:
    generator = np.random.default_rng(seed)
    a = generator.standard_normal((20, classes))
    got = count(a, a + size * generator.standard_normal(a.shape), noise=math.inf)
    assert got.flips_total == got.flips_explained
    assert all(flip.reference_margin <= 2 * flip.max_abs_logit * (1 + 1e-9) for flip in got.flips)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=9))
def test_one_logit_decides_between_two_options_as_two_of_which_one_is_zero(logits: list[float]) -> None:
    one = np.array(logits)[:, None]
    two = np.concatenate([np.zeros_like(one), one], axis=1)
    np.testing.assert_array_equal(LARGEST.chosen(two), SIGN.chosen(one))
    np.testing.assert_array_equal(LARGEST.margins(two), SIGN.margins(one))
