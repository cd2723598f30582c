"""The judge, from measurements built by hand: statuses, the first divergence, verdicts, and what each sentence says."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from parity.align.exclusions import check_exclusions, not_counting
from parity.errors import UnknownStage
from parity.measure.measurement import Measurement, Spot
from parity.measure.noise import Floor
from parity.pair_audit.judge import Measured, Symbols, discrete_record, judge_stage
from parity.pair_audit.policy import BUILT_IN
from parity.pair_audit.verdict import first_divergence, reach_verdict
from parity.pair_audit.verdict_of_decisions import Judgement
from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared, StageRecord
from tests.audits import decisions

FAITHFUL, DECISIONS, BITWISE = BUILT_IN["faithful"], BUILT_IN["decisions"], BUILT_IN["bitwise"]
FLOOR = Floor(
    relative_l2=1e-7,
    allowed=5e-7,
    position_allowed=5e-6,
    float64_allowed=1e-12,
    max_abs=4e-6,
    measured=True,
)
RIGHT = discrete_record("input_ids", "own", Symbols(40, 10, [], 0))


def seen(relative: float | None = 1e-7, **changes: Any) -> Measurement:
    """A stage of 10 rows with 4 tokens of 8 units each."""
    values: dict[str, Any] = {
        "compared": 320,
        "rows": 10,
        "positions": 40,
        "bitwise_equal": relative == 0.0,
        "max_abs": 3e-6,
        "max_abs_at": Spot(4, 2, 7),
        "relative_l2": relative,
        "worst_position": relative or 0.0,
        **changes,
    }
    return Measurement(**values)


def judged(
    relative: float | None = 1e-7,
    *,
    stage: str = "layer.1",
    pass_: str = "own",
    policy: PolicyRecord = FAITHFUL,
    float64: float | None = None,
    whole: bool = False,
    floor: Floor = FLOOR,
    **changes: Any,
) -> StageRecord:
    return judge_stage(Measured(stage, pass_, seen(relative, **changes), floor, float64, whole=whole), policy)


def verdict(
    *stages: StageRecord, policy: PolicyRecord = FAITHFUL, missing: tuple[NotCompared, ...] = (), **flips: Any
) -> Judgement:
    return reach_verdict(stages, decisions(**flips) if flips else None, missing, policy)


# One stage


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
    assert ("divergent", "whole numbers, and not the same") == (record.status, record.reason)


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


def limit(value: float, floor: Floor = FLOOR) -> Floor:
    """The floor of a stage with a limit, as `parity.measure.noise.floor_of` leaves it."""
    return floor._replace(
        allowed=value,
        position_allowed=10 * value,
        float64_allowed=max(value, floor.float64_allowed),
        limit=value,
        noise_allowed=floor.allowed,
        noise_float64_allowed=floor.float64_allowed,
    )


LIMITED = msgspec.structs.replace(FAITHFUL, name="own", stages={"layer.1": 1e-3})


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


# The first divergence


def test_the_first_divergence_is_the_earliest_stage_and_there_the_own_pass() -> None:
    stages = [
        judged(stage="embeddings"),
        judged(1e-3, stage="layer.1", pass_="same_ids"),
        judged(1e-3, stage="layer.1"),
        judged(1.0, stage="layer.2"),
    ]
    first = first_divergence(stages, FAITHFUL)
    assert first is not None and ("layer.1", "own", 1) == (first.stage, first.pass_, first.layer)


def test_the_order_is_the_one_given_and_not_that_of_the_names() -> None:
    first = first_divergence([judged(1e-3, stage="module.z"), judged(1e-3, stage="layer.0")], FAITHFUL)
    assert first is not None and ("module.z", None) == (first.stage, first.layer)


def test_a_stage_that_the_policy_ignores_is_no_first_divergence() -> None:
    policy = msgspec.structs.replace(FAITHFUL, ignore=["layer.1"])
    stages = [judged(1e-3), judged(1e-3, stage="layer.2")]
    first = first_divergence(stages, policy)
    assert first is not None and "layer.2" == first.stage
    assert first_divergence(stages[:1], policy) is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"rows_beyond": 2, "positions_beyond": 3}, (3, 1)),
        ({"rows_beyond": 10, "positions_beyond": 12}, (None, 1)),
        ({"rows_beyond": 2, "positions_beyond": 2, "positions": 10}, (3, None)),
        ({"rows_beyond": 10, "positions_beyond": 40}, (None, None)),
        ({"rows_beyond": 2, "positions_beyond": 3, "worst_position": 9e-6}, (None, None)),
        ({"rows_beyond": 0, "positions_beyond": 0, "first_beyond": ()}, (None, None)),
    ],
    ids=[
        "some tokens of some rows",
        "some tokens of all rows",
        "no tokens",
        "all",
        "not clear-cut",
        "none beyond",
    ],
)
def test_an_example_and_a_token_are_named_where_others_are_clear_of_it(
    changes: dict[str, Any], named: tuple[int | None, int | None]
) -> None:
    values: dict[str, Any] = {"first_beyond": ((3, 1),), "worst_position": 1e-2, **changes}
    record = judged(1e-3, **values)
    first = first_divergence([record], FAITHFUL)
    assert first is not None and named == (first.example, first.token)


def test_a_number_missing_on_one_side_is_clear_cut() -> None:
    record = judged(
        0.0,
        non_finite_unequal=1,
        non_finite_candidate=1,
        rows_beyond=1,
        positions_beyond=1,
        first_beyond=((7, 2),),
    )
    first = first_divergence([record], FAITHFUL)
    assert first is not None and (7, 2, False) == (first.example, first.token, first.float64_only)


def test_a_row_with_other_symbols_is_named_without_a_token() -> None:
    record = discrete_record("tokens", "own", Symbols(40, 10, [6, 8], 2))
    first = first_divergence([record], FAITHFUL)
    assert first is not None and (6, None) == (first.example, first.token)


# The verdict


def test_parity_says_how_near_the_floor_it_is() -> None:
    found = verdict(RIGHT, judged(2e-7), judged(1e-8, stage="layer.2"), differing=0)
    assert ("parity", 0) == (found.verdict, found.exit_code)
    assert (
        "2 stages are within 5 times the noise floor (the largest, layer.1, is 2.0 times it)"
        in found.headline
    )
    assert "120 of 120 labels agree" in found.headline
    assert "Parity: 1 stage is bitwise equal." == verdict(judged(0.0)).headline


def test_equivalence_by_limits_is_stated_by_them_and_never_called_noise() -> None:
    policy = msgspec.structs.replace(FAITHFUL, stages={"layer.1": 0.5, "layer.2": 0.1})
    limited = (
        judged(4e-3, floor=limit(0.5), policy=policy),
        judged(2e-3, stage="layer.2", floor=limit(0.1), policy=policy),
    )
    found = verdict(judged(2e-7, stage="embeddings"), *limited, policy=policy, differing=0)
    assert ("equivalent", 0) == (found.verdict, found.exit_code)
    assert (
        "Equivalent: 2 stages differ by more than rounding explains, within the limits that were set (the nearest, layer.2, "
        "differs by a relative L2 of 2.0e-03, up to 0.1, 20,000 times the noise floor); 1 stage is within 5 times the noise "
        "floor (the largest, embeddings, is 2.0 times it), and 120 of 120 labels agree." == found.headline
    )
    assert "noise" not in verdict(limited[1], policy=policy).headline.replace("times the noise floor", "")
    over = judged(0.6, floor=limit(0.5), policy=policy)
    assert "up to 5.0e-01 is allowed)" in verdict(over, policy=policy).headline


def test_a_pair_within_its_noise_is_parity_whatever_limits_there_are() -> None:
    found = verdict(judged(2e-7, policy=LIMITED, floor=limit(1e-3)), policy=LIMITED)
    assert ("parity", 0) == (found.verdict, found.exit_code)
    assert "within 5 times the noise floor" in found.headline


def test_a_difference_that_only_a_limit_permits_in_float64_is_equivalent_and_stated_in_float64() -> None:
    record = judged(1e-7, policy=LIMITED, floor=limit(1e-3), float64=5e-4)
    found = verdict(record, policy=LIMITED)
    assert "equivalent" == found.verdict
    assert "(layer.1 in float64 by a relative L2 of 5.0e-04, up to 0.001)" in found.headline


def test_a_divergence_is_said_with_value_and_permission() -> None:
    found = verdict(judged(1e-3))
    assert ("divergent", 1) == (found.verdict, found.exit_code)
    assert (
        "Divergent from layer.1 on: relative L2 1.0e-03 (up to 5.0e-07 is noise), 10,000 times the noise floor."
        == found.headline
    )
    assert "given the same ids, relative" in verdict(judged(1e-3, pass_="same_ids")).headline


def test_a_divergence_that_no_relative_l2_shows_is_said_by_its_reason() -> None:
    assert "1 value is a number on one side only" in verdict(judged(0.0, non_finite_unequal=1)).headline
    assert "one position differs by 6.0e-06" in verdict(judged(1e-7, worst_position=6e-6)).headline


def test_a_divergence_in_float64_alone_is_said_to_be_that() -> None:
    record = judged(1e-7, float64=3e-9)
    first = first_divergence([record], FAITHFUL)
    assert first is not None and first.float64_only
    headline = verdict(record).headline
    assert "invisible in float32" in headline
    assert "3.0e-09 (up to 1.0e-12 is rounding)" in headline
    assert "a number on one side only" in verdict(judged(1e-7, float64=math.inf)).headline


def test_symbols_that_differ_are_counted_by_row() -> None:
    record = discrete_record("tokens", "own", Symbols(40, 10, [6, 8], 2))
    assert "Divergent from tokens on: 2 of 10 rows differ." == verdict(record, judged()).headline


def test_flips_are_counted_without_what_is_said_of_rows_that_have_no_label() -> None:
    reason = "in 4 of 24 rows no label can be told"
    record = discrete_record("label", "own", Symbols(20, 20, [2], 8), reason)
    assert "Divergent from label on: 8 of 20 rows differ." == verdict(judged(), record).headline


def test_tokens_that_differ_are_divergent_though_no_number_could_be_compared() -> None:
    tokens = discrete_record("tokens", "own", Symbols(40, 10, [6], 1))
    missing = NotCompared(stage="layer.1", reason="shape [2, 3] against [3, 2]")
    for stages in ((tokens,), (tokens, judged(None, compared=0))):
        found = verdict(*stages, missing=(missing,))
        assert ("divergent", "Divergent from tokens on: 1 of 10 rows differ.") == (
            found.verdict,
            found.headline,
        )


def test_nothing_compared_is_no_parity() -> None:
    nothing = judged(None, compared=0)
    for stages in ((), (RIGHT,), (RIGHT, nothing)):
        found = verdict(*stages)
        assert ("not_comparable", 1) == (found.verdict, found.exit_code)
        assert found.headline.startswith("Nothing was compared: ")


def test_numbers_against_nan_throughout_are_divergent_though_no_number_was_compared() -> None:
    assert "divergent" == verdict(judged(None, compared=0, non_finite_unequal=320)).verdict


def test_what_was_not_compared_keeps_the_verdict_from_parity() -> None:
    missing = (
        NotCompared(stage="pooled", reason="Only the reference has pooled"),
        NotCompared(stage="x", reason="y"),
    )
    found = verdict(judged(), missing=missing)
    assert ("not_comparable", 1) == (found.verdict, found.exit_code)
    assert (
        "What could be compared agrees, but pooled was not compared: Only the reference has pooled (and 1 more)."
        == found.headline
    )


def test_what_does_not_count_or_is_ignored_does_not() -> None:
    uncounted = NotCompared(stage="text", reason="outputs only", counts=False)
    assert "parity" == verdict(judged(), missing=(uncounted,)).verdict
    policy = msgspec.structs.replace(FAITHFUL, ignore=["pooled"])
    missing = NotCompared(stage="pooled", reason="Only the reference has pooled")
    assert "parity" == verdict(judged(), missing=(missing,), policy=policy).verdict


def excluding(*names: str, policy: PolicyRecord = FAITHFUL, option: bool = True) -> PolicyRecord:
    return msgspec.structs.replace(policy, ignore=list(names), ignore_option=list(names) if option else [])


def test_ignoring_every_stage_leaves_nothing_compared() -> None:
    for names in (["layer.1"], ["*"], ["layer.*"]):
        found = verdict(judged(1e-3), policy=excluding(*names))
        assert ("not_comparable", 1) == (found.verdict, found.exit_code)
        assert found.headline.startswith(
            "Nothing was compared: every stage that could be compared was excluded."
        )


def test_what_is_excluded_is_named_with_what_is_known_of_it() -> None:
    missing = NotCompared(stage="pooled", reason="Only the reference has pooled")
    tokens = discrete_record("tokens", "own", Symbols(40, 10, [6], 1))
    found = verdict(
        tokens,
        judged(stage="embeddings"),
        judged(1e-3),
        policy=excluding("pooled", "layer.*", "tokens"),
        missing=(missing,),
    )
    assert ("parity", 0) == (found.verdict, found.exit_code)
    assert found.headline.endswith(
        "tokens (divergent), layer.1 (divergent, relative L2 1.0e-03) and pooled (not compared) were excluded by --ignore."
    )
    by_file = verdict(
        judged(stage="embeddings"), judged(), policy=excluding("layer.1", option=False)
    ).headline
    assert by_file.endswith("layer.1 was excluded by the policy faithful.")


HEAD = NotCompared(stage="head", reason="it is not run", not_run=["head.weight"])
NO_FLOAT64 = NotCompared(stage="float64", side="candidate", reason="it raised")


@pytest.mark.parametrize("policy", [FAITHFUL, DECISIONS], ids=lambda policy: policy.name)
@pytest.mark.parametrize("missing", [HEAD, NO_FLOAT64], ids=lambda item: item.stage)
def test_what_was_not_run_is_excluded_by_its_exact_name_and_by_no_pattern(
    missing: NotCompared, policy: PolicyRecord
) -> None:
    for pattern in ("[!lp]*", "*[!sy]", "?e*", "head*", "float*"):
        found = verdict(judged(), missing=(missing,), policy=excluding(pattern, policy=policy), differing=0)
        assert ("not_comparable", 1) == (found.verdict, found.exit_code), pattern
        assert f"{missing.stage} (" not in found.headline
        assert missing == not_counting(missing, excluding(pattern))
    found = verdict(judged(), missing=(missing,), policy=excluding(missing.stage, policy=policy), differing=0)
    assert "parity" == found.verdict
    how = "not run" if missing.not_run else "not compared"
    assert found.headline.endswith(f"{missing.stage} ({how}) was excluded by --ignore.")


def test_what_differs_or_was_not_run_is_named_first_among_the_excluded_and_never_counted_only() -> None:
    layers = [judged(1e-3 if number > 5 else 1e-7, stage=f"layer.{number}") for number in range(12)]
    headline = verdict(
        judged(stage="embeddings"), *layers, policy=excluding("layer.*", "head"), missing=(HEAD,)
    ).headline
    shown = [
        *(f"layer.{number} (divergent, relative L2 1.0e-03)" for number in range(6, 12)),
        "head (not run)",
    ]
    assert headline.endswith(f"{', '.join(shown)} and 6 more were excluded by --ignore.")


def test_many_excluded_stages_are_counted() -> None:
    layers = [judged(stage=f"layer.{number}") for number in range(9)]
    headline = verdict(judged(stage="embeddings"), *layers, policy=excluding("layer.*")).headline
    assert headline.endswith("layer.0, layer.1, layer.2, layer.3 and 5 more were excluded by --ignore.")


def test_a_name_that_fits_nothing_is_not_said_to_be_excluded() -> None:
    assert "excluded" not in verdict(judged(), policy=excluding("layer.9")).headline


@pytest.mark.parametrize("policy", [FAITHFUL, BITWISE, LIMITED], ids=lambda policy: policy.name)
def test_an_excluded_stage_does_not_count_under_any_policy(policy: PolicyRecord) -> None:
    stages = judged(0.0, stage="embeddings", policy=policy), judged(0.5, stage="pooled", policy=policy)
    assert "divergent" == verdict(*stages, policy=policy).verdict
    found = verdict(*stages, policy=excluding("pooled", policy=policy))
    assert "parity" == found.verdict
    assert "pooled (divergent, relative L2 5.0e-01) was excluded by --ignore" in found.headline


def test_a_stage_to_exclude_that_neither_side_has_is_refused_with_the_nearest() -> None:
    check_exclusions(excluding("pooled", "layer.*", "label", "text"), ["layer.0", "pooled"])
    check_exclusions(excluding("poled", option=False), ["pooled"])  # a file may serve several models
    with pytest.raises(UnknownStage, match="--ignore poled: neither side has such a stage") as error:
        check_exclusions(excluding("poled"), ["layer.0", "pooled"])
    assert (error.value.next_step or "").startswith("Did you mean pooled? The stages are: text, ")
    with pytest.raises(UnknownStage):
        check_exclusions(excluding("decoder.*"), ["layer.0", "pooled"])


def test_what_is_divergent_outweighs_what_was_not_compared() -> None:
    missing = NotCompared(stage="pooled", reason="Only the reference has pooled")
    assert "divergent" == verdict(judged(1e-3), missing=(missing,)).verdict


# Equivalence


def test_no_flip_in_enough_inputs_is_equivalence() -> None:
    found = verdict(judged(1e-3), policy=DECISIONS, differing=0, examples=300)
    assert ("equivalent", 0) == (found.verdict, found.exit_code)
    assert "the flip rate is at most 0.994 % (one-sided 95 % bound, up to 1 % is allowed)" in found.headline


def test_no_flip_in_too_few_inputs_is_inconclusive_and_says_how_many_are_needed() -> None:
    found = verdict(judged(1e-3), policy=DECISIONS, differing=0, examples=80)
    assert ("inconclusive", 1, 299) == (found.verdict, found.exit_code, found.rows_needed)
    assert (
        "80 rows do not show that it does not matter: no label flips, and the flip rate can be as high as 3.68 % (one-sided "
        "95 % bound, up to 1 % is allowed). 299 rows without a flip would show it." in found.headline
    )
    assert "inconclusive" == verdict(judged(1e-3), policy=DECISIONS, differing=0, examples=298).verdict
    assert "equivalent" == verdict(judged(1e-3), policy=DECISIONS, differing=0, examples=299).verdict


def test_an_inconclusive_verdict_may_be_accepted_and_no_other() -> None:
    lenient = msgspec.structs.replace(DECISIONS, allow_inconclusive=True)
    found = verdict(judged(1e-3), policy=lenient, differing=0, examples=80)
    assert ("inconclusive", 0) == (found.verdict, found.exit_code)
    found = verdict(judged(1e-3), policy=lenient, differing=40, examples=80)
    assert ("divergent", 1) == (found.verdict, found.exit_code)
    assert 1 == verdict(judged(1e-3), policy=lenient).exit_code


def test_flips_are_held_against_their_bounds_and_not_their_share() -> None:
    found = verdict(judged(1e-3), policy=DECISIONS, differing=2, examples=400)  # 0.5 %, and up to 1.6 %
    assert ("inconclusive", 1) == (found.verdict, found.exit_code)
    assert "2 of 400 labels flip, and the flip rate can be as high as 1.57 %" in found.headline
    assert f"{found.rows_needed:,} rows would show it, if they flip as often." in found.headline
    assert "equivalent" == verdict(judged(1e-3), policy=DECISIONS, differing=2, examples=700).verdict


def test_a_flip_rate_above_the_limit_that_is_not_shown_to_be_is_inconclusive_and_no_rows_help() -> None:
    found = verdict(judged(1e-3), policy=DECISIONS, differing=2, examples=120)  # 1.7 %, at least 0.3 %
    assert ("inconclusive", None) == (found.verdict, found.rows_needed)
    assert "If rows go on to flip this often, no number of rows would show it." in found.headline


def test_a_flip_rate_that_is_shown_to_exceed_the_limit_is_divergent() -> None:
    found = verdict(judged(1e-3), policy=DECISIONS, differing=6, examples=120)
    assert ("divergent", 1) == (found.verdict, found.exit_code)
    assert (
        "6 of 120 labels flip: the flip rate is at least 2.2 % (one-sided 95 % bound, up to 1 % is allowed)."
        in found.headline
    )


def test_rows_without_a_number_on_either_side_are_not_shown_to_flip() -> None:
    found = verdict(judged(1e-3), policy=DECISIONS, differing=60, examples=120, undefined_both=60)
    assert "inconclusive" == found.verdict
    missing = NotCompared(stage="logits", reason="60 values are NaN on both sides", pass_="own")
    found = verdict(
        judged(1e-3), policy=DECISIONS, missing=(missing,), differing=60, examples=120, undefined_both=60
    )
    assert "not_comparable" == found.verdict


def test_a_bound_and_its_limit_are_told_apart_however_near_they_are() -> None:
    found = verdict(judged(1e-3), policy=DECISIONS, differing=0, examples=298)
    assert "as high as 1.0002 % (one-sided 95 % bound, up to 1 % is allowed)" in found.headline


def test_tokens_are_bounded_by_the_rows_they_stand_in() -> None:
    many: dict[str, Any] = {"unit": "token", "examples": 10_000, "differing": 0}
    found = verdict(judged(1e-3), policy=DECISIONS, rows=80, **many)
    assert ("inconclusive", 299) == (found.verdict, found.rows_needed)
    assert (
        "no token's label flips, and the share of rows in which a token's label flips can be as high as 3.68 %"
        in found.headline
    )
    found = verdict(judged(1e-3), policy=DECISIONS, rows=299, **many)
    assert "equivalent" == found.verdict
    assert "the share of rows in which a token's label flips is at most 0.997 %" in found.headline
    few: dict[str, Any] = {**many, "differing": 30}  # 0.3 % of the tokens, and 3 % of the rows
    found = verdict(judged(1e-3), policy=DECISIONS, rows=1000, rows_flipped=30, **few)
    assert "divergent" == found.verdict
    assert "in 30 of 1,000 rows a token's label flips (30 of 10,000 tokens)" in found.headline


def test_copies_of_a_text_count_once_in_a_bound() -> None:
    found = verdict(judged(1e-3), policy=DECISIONS, differing=0, examples=400, rows=400, distinct=1)
    assert ("inconclusive", 1, 299) == (found.verdict, found.exit_code, found.rows_needed)
    assert "1 distinct row (of 400) does not show that it does not matter: no label flips" in found.headline
    assert "299 distinct rows without a flip would show it." in found.headline
    found = verdict(judged(1e-3), policy=DECISIONS, differing=0, examples=400, rows=400, distinct=300)
    assert "equivalent" == found.verdict
    assert "at most 0.994 % (one-sided 95 % bound from 300 distinct rows (of 400)" in found.headline
    plain = verdict(judged(1e-3), policy=DECISIONS, differing=0, examples=400, rows=400, distinct=400)
    assert "equivalent" == plain.verdict and "distinct" not in plain.headline


def test_copies_that_flip_are_one_input_that_flips() -> None:
    many: dict[str, Any] = {"examples": 400, "rows": 400, "distinct": 100}
    found = verdict(judged(1e-3), policy=DECISIONS, differing=200, distinct_flipped=1, **many)
    assert "inconclusive" == found.verdict
    assert "200 of 400 labels flip, in 1 of 100 distinct rows" in found.headline
    found = verdict(judged(1e-3), policy=DECISIONS, differing=200, distinct_flipped=50, **many)
    assert "divergent" == found.verdict


def test_a_probability_that_moves_too_far_is_divergent_without_a_flip() -> None:
    moved = [msgspec.structs.replace(item, max_abs_probability=0.06) for item in decisions().temperatures]
    found = verdict(judged(1e-3), policy=DECISIONS, differing=0, examples=10_000, temperatures=moved)
    assert "divergent" == found.verdict
    assert "a probability moves by 6.0e-02 (up to 0.05 is allowed)" in found.headline


def test_the_decisions_policy_without_decisions_compares_nothing() -> None:
    assert "not_comparable" == verdict(judged(1e-3), policy=DECISIONS).verdict
    found = reach_verdict([judged(1e-3)], msgspec.structs.replace(decisions(), examples=0), (), DECISIONS)
    assert "there are no decisions to compare" in found.headline


def test_what_was_seen_is_divergent_whatever_was_not_compared() -> None:
    missing = NotCompared(stage="logits", reason="a batch had another shape", pass_="own")
    flips: dict[str, Any] = {"differing": 6, "examples": 120}
    assert "divergent" == verdict(judged(1e-3), policy=DECISIONS, missing=(missing,), **flips).verdict


@pytest.mark.parametrize("stage", ["logits", "layer.3", "head of the pre-training", "tokens"])
def test_nothing_that_counts_may_be_missing_where_equivalence_is_shown(stage: str) -> None:
    missing = NotCompared(stage=stage, reason="it was not run")
    found = verdict(judged(1e-3), policy=DECISIONS, missing=(missing,), differing=0, examples=10_000)
    assert ("not_comparable", 1) == (found.verdict, found.exit_code)
    assert f"{stage} was not compared throughout: it was not run" in found.headline
    assert (
        "not_comparable"
        == verdict(judged(), policy=DECISIONS, missing=(missing,), differing=0, examples=10_000).verdict
    )


def test_a_missing_stage_that_is_excluded_bars_no_equivalence() -> None:
    missing = NotCompared(stage="layer.3", reason="Only the reference has layer.3")
    policy = excluding("layer.3", policy=DECISIONS)
    found = verdict(judged(1e-3), policy=policy, missing=(missing,), differing=0, examples=10_000)
    assert "equivalent" == found.verdict
    assert found.headline.endswith("layer.3 (not compared) was excluded by --ignore.")


def test_the_reason_about_decisions_comes_before_others() -> None:
    missing = NotCompared(stage="layer.3", reason="x"), NotCompared(stage="label", reason="y")
    found = verdict(judged(1e-3), policy=DECISIONS, missing=missing, differing=0, examples=10_000)
    assert "label was not compared throughout: y (and 1 more)." in found.headline


BOTH = msgspec.structs.replace(DECISIONS, name="both", stages={"layer.1": 1e-2})


@pytest.mark.parametrize(
    ("relative", "other", "examples", "expected"),
    [
        (1e-3, 2e-7, 10_000, "equivalent"),
        (1e-3, 2e-7, 80, "inconclusive"),
        (1e-3, 0.5, 10_000, "equivalent"),
        (2e-2, 2e-7, 10_000, "divergent"),
        (2e-2, 0.5, 10_000, "divergent"),
        (2e-7, 0.5, 80, "inconclusive"),
        (2e-7, 2e-7, 80, "parity"),
    ],
)
def test_limits_and_a_flip_rate_must_both_hold(
    relative: float, other: float, examples: int, expected: str
) -> None:
    stages = judged(relative, policy=BOTH, floor=limit(1e-2)), judged(other, stage="pooled", policy=BOTH)
    found = verdict(*stages, policy=BOTH, differing=0, examples=examples)
    assert expected == found.verdict
    if expected == "divergent":
        assert "layer.1 is over the limit that was set for it: relative L2 2.0e-02" in found.headline


def test_without_a_probability_nothing_is_known_of_the_decisions() -> None:
    found = verdict(judged(1e-3), policy=DECISIONS, differing=0, examples=10_000, temperatures=[])
    assert "not_comparable" == found.verdict


def test_the_decisions_policy_says_parity_where_nothing_differs() -> None:
    assert "parity" == verdict(judged(), policy=DECISIONS, differing=0).verdict
