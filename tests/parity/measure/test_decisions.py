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

from parity.measure.decision_rule import EACH, LARGEST, SIGN, DecisionRule
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


def test_what_agrees_is_said_to_flip_where_another_class_overtakes() -> None:
    # Gaps of 1 and 4 that close by a quarter a difference, one that does not close, and one pair that differs already.
    reference = [[2.0, 1.0], [5.0, 1.0], [3.0, 1.0], [1.0, 0.75]]
    candidate = [[1.75, 1.0], [5.0, 1.25], [3.0, 1.0], [0.5, 0.75]]
    assert count(reference, candidate).headroom == (3, (0, 1, 2), 4.0, 0)


def test_a_difference_of_nothing_never_flips_anything() -> None:
    room = count([[2.0, 1.0, -math.inf]], [[2.0, 1.0, -math.inf]]).headroom
    assert room == (1, (0, 0, 0), math.inf, -1)


def test_a_class_that_one_side_alone_forbids_may_flip_at_any_factor() -> None:
    room = count([[2.0, 1.0, -math.inf]], [[2.0, 1.0, 0.0]]).headroom
    assert room is not None and room.first_at == 1.0


def test_nothing_is_said_of_larger_differences_where_outputs_are_missing() -> None:
    counted = DecisionCount()
    values = np.array([[2.0, 1.0]])
    counted.add(values, values, [0], options=np.array([[7, 3]]))
    assert counted.measurement().headroom is None


class _Doubling(DecisionRule):
    """The largest, as a rule that does not know when it flips."""

    def chosen(self, outputs: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return LARGEST.chosen(outputs)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.sampled_from([LARGEST, EACH]))
def test_a_decision_stands_below_its_factor_and_falls_above_it(
    seed: int, classes: int, rule: DecisionRule
) -> None:
    draw = np.random.default_rng(seed)
    a, b = draw.normal(size=(20, classes)), draw.normal(size=(20, classes))
    alike = rule.same(a, b)
    a, b = a[alike], b[alike]
    factors = rule.factors(a, b)
    assert (factors >= 1).all()
    flips = np.isfinite(factors)
    for t, stands in ((0.999 * factors, True), (1.001 * factors, False)):
        moved = a[flips] + t[flips, np.newaxis] * (b - a)[flips]
        assert (rule.same(a[flips], moved) == stands).all()
    assert rule.same(a[~flips], a[~flips] + 1e6 * (b - a)[~flips]).all()
    coarse = _Doubling().factors(a, b)
    if rule is LARGEST:
        known = np.isfinite(coarse)
        assert ((coarse[known] <= factors[known]) & (factors[known] <= 2 * coarse[known])).all()
        assert (factors[~known] >= 2.0**10).all()
