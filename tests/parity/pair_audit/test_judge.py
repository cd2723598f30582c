"""The judge of one stage, from measurements built by hand: its status, and what it says."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from parity.measure.measurement import Spot
from parity.pair_audit.judge import Symbols, discrete_record
from tests.judged import BITWISE, DECISIONS, FAITHFUL, FLOOR, LIMITED, judged, limit, verdict


def test_equal_bits_are_equal() -> None:
    assert "equal" == judged(0.0).status


def test_a_difference_up_to_what_is_allowed_is_noise_and_beyond_it_is_not() -> None:
    assert "within_noise" == judged(5e-7).status
    record = judged(5.1e-7)
    assert ("divergent", 5.1) == (record.status, round(record.times_floor or 0.0, 3))


def test_a_zero_reference_against_anything_is_divergent() -> None:
    record = judged(math.inf)
    assert ("divergent", None, None) == (record.status, record.relative_l2, record.times_floor)


def test_one_position_far_off_is_divergent_where_the_whole_is_not() -> None:
    record = judged(1e-7, worst_position=6e-6)
    assert "divergent" == record.status
    assert "one position differs by 6.0e-06 of its size (up to 5.0e-06 is noise)" == record.reason


@pytest.mark.parametrize(
    ("float64", "status"), [(None, "within_noise"), (1e-12, "within_noise"), (2e-12, "divergent")]
)
def test_float64_decides_what_float32_cannot_see(float64: float | None, status: str) -> None:
    assert status == judged(1e-7, float64=float64).status


@pytest.mark.parametrize("float64", [math.inf, math.nan])
def test_a_float64_difference_that_is_no_number_is_divergent(float64: float) -> None:
    record = judged(0.0, float64=float64)
    assert ("divergent", None) == (record.status, record.float64_relative_l2)


def test_a_policy_without_the_float64_check_does_not_look_at_it() -> None:
    policy = msgspec.structs.replace(FAITHFUL, check_float64=False)
    assert "within_noise" == judged(1e-7, float64=1.0, policy=policy).status


def test_values_that_are_numbers_on_one_side_only_are_divergent_whatever_else_agrees() -> None:
    assert "divergent" == judged(0.0, non_finite_unequal=1, non_finite_candidate=1).status
    assert "divergent" == judged(None, compared=0, non_finite_unequal=320).status


def test_nan_on_both_sides_hides_no_difference_beside_it() -> None:
    record = judged(0.2, nan_both=3, non_finite_reference=3, non_finite_candidate=3)
    assert ("divergent", "3 values are NaN on both sides, and NaN equals nothing") == (
        record.status,
        record.reason,
    )
    assert "divergent" == judged(0.0, bitwise_equal=False, nan_both=1, policy=BITWISE).status
    in_float64 = judged(1e-7, float64=1e-3, nan_both=1)
    assert ("divergent", True) == (in_float64.status, in_float64.reason.startswith("invisible in float32"))


def test_nan_on_both_sides_is_not_comparable() -> None:
    assert "not_comparable" == judged(1e-7, nan_both=1).status
    assert "not_comparable" == judged(0.0, nan_both=1, non_finite_reference=1, non_finite_candidate=1).status


@pytest.mark.parametrize(
    ("non_finite", "reason"), [(0, "it is empty"), (320, "no value is a number on both sides")]
)
def test_nothing_compared_is_not_comparable(non_finite: int, reason: str) -> None:
    record = judged(None, compared=0, positions=0, non_finite_reference=non_finite)
    assert ("not_comparable", reason) == (record.status, reason)


def test_whole_numbers_are_equal_or_are_not() -> None:
    assert "equal" == judged(0.0, whole=True).status
    record = judged(1e-16, whole=True)
    assert ("divergent", "the whole numbers are not equal") == (record.status, record.reason)


def test_the_bitwise_policy_takes_no_difference_for_noise() -> None:
    assert "equal" == judged(0.0, policy=BITWISE).status
    assert "divergent" == judged(1e-9, policy=BITWISE).status
    assert "divergent" == judged(0.0, bitwise_equal=False, policy=BITWISE).status  # 0.0 is not -0.0


def test_what_a_policy_is_called_does_not_matter() -> None:
    for policy in (FAITHFUL, DECISIONS, BITWISE):
        one = msgspec.structs.replace(policy, name="bitwise")
        other = msgspec.structs.replace(policy, name="ours")
        assert judged(1e-9, policy=one) == judged(1e-9, policy=other)
        assert judged(0.0, policy=one) == judged(0.0, policy=other)


@pytest.mark.parametrize(
    ("relative", "status"),
    [
        (0.0, "equal"),
        (5e-7, "within_noise"),
        (6e-7, "within_limit"),
        (1e-3, "within_limit"),
        (2e-3, "divergent"),
    ],
)
def test_what_rounding_does_not_explain_is_within_its_limit_or_over_it(relative: float, status: str) -> None:
    record = judged(relative, policy=LIMITED, floor=limit(1e-3))
    assert (status, 1e-3) == (record.status, record.limit)


@pytest.mark.parametrize(
    ("float64", "status"),
    [
        (None, "within_noise"),
        (1e-12, "within_noise"),
        (2e-12, "within_limit"),
        (1e-3, "within_limit"),
        (2e-3, "divergent"),
    ],
)
def test_float64_is_judged_by_the_limit_too(float64: float | None, status: str) -> None:
    record = judged(1e-7, policy=LIMITED, floor=limit(1e-3), float64=float64)
    assert status == record.status
    if status == "within_limit":
        assert "rounding explains it in float32, and not in float64" == record.reason


def test_a_difference_over_the_limit_in_float64_alone_says_that_the_limit_is_exceeded() -> None:
    record = judged(9e-4, policy=LIMITED, floor=limit(1e-3), float64=1.2e-3)
    assert (
        "divergent",
        "in float64 the two differ by a relative L2 of 1.2e-03 (up to 1.0e-03 is allowed)",
    ) == (
        record.status,
        record.reason,
    )
    assert "noise" not in verdict(record, policy=LIMITED).headline


def test_a_limit_below_the_noise_is_exceeded_and_said_to_be_below_it() -> None:
    record = judged(2e-7, policy=LIMITED, floor=limit(1e-7))
    assert "divergent" == record.status
    headline = verdict(record, policy=LIMITED).headline
    assert "relative L2 2.0e-07 (up to 1.0e-07 is allowed), 2.0 times the noise floor" in headline
    assert "the limit is below the 5.0e-07 that rounding explains" in headline
    assert "below" not in judged(6e-7, policy=LIMITED, floor=limit(1e-7)).reason


def test_a_limit_permits_no_value_that_is_a_number_on_one_side_only_and_no_nan() -> None:
    given: dict[str, Any] = {"policy": LIMITED, "floor": limit(1e3)}
    assert "divergent" == judged(1e-4, non_finite_unequal=1, **given).status
    assert "not_comparable" == judged(1e-4, nan_both=1, **given).status
    assert "divergent" == judged(1e-4, float64=math.inf, **given).status
    assert "divergent" == judged(1e-4, whole=True, **given).status


def test_one_position_may_be_off_by_ten_times_the_limit() -> None:
    given: dict[str, Any] = {"policy": LIMITED, "floor": limit(1e-3)}
    assert "within_limit" == judged(1e-7, worst_position=6e-6, **given).status
    record = judged(9e-4, worst_position=2e-2, **given)
    assert ("divergent", "one position differs by 2.0e-02 of its size (up to 1.0e-02 is allowed)") == (
        record.status,
        record.reason,
    )


def test_a_limit_beside_the_bitwise_policy_is_held_against_the_limit_and_the_others_against_their_bits() -> (
    None
):
    policy = msgspec.structs.replace(BITWISE, name="own", stages={"layer.*": 1e-3})
    floor = limit(1e-3, FLOOR._replace(allowed=0.0, position_allowed=0.0, float64_allowed=0.0))
    assert "within_limit" == judged(1e-9, policy=policy, floor=floor).status
    assert "divergent" == judged(9e-4, stage="pooled", policy=policy, floor=floor).status


@pytest.mark.parametrize(
    ("stage", "changes", "place"),
    [
        ("layer.1", {}, "[row 4, token 2, unit 7]"),
        ("pooled", {"positions": 10, "max_abs_at": Spot(4, 0, 7)}, "[row 4, unit 7]"),
        ("logits", {"positions": 10, "max_abs_at": Spot(4, 0, 1)}, "[row 4, class 1]"),
        ("logits", {"max_abs_at": Spot(4, 2, 1)}, "[row 4, token 2, class 1]"),
        ("layer.1", {"max_abs_at": None}, None),
    ],
)
def test_a_place_is_said_in_the_words_of_its_stage(
    stage: str, changes: dict[str, Any], place: str | None
) -> None:
    assert place == judged(stage=stage, **changes).max_abs.at


def test_symbols_of_no_row_are_not_comparable() -> None:
    assert "not_comparable" == discrete_record("tokens", "own", Symbols(0, 0, [], 0)).status


def test_what_only_float64_shows_is_invisible_in_the_precision_of_the_sides() -> None:
    record = judged(1e-7, float64=1e-4, floor=FLOOR._replace(precision="bfloat16"))
    assert "divergent" == record.status
    assert record.reason.startswith("invisible in bfloat16; ")
