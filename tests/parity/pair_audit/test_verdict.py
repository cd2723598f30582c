"""The verdict, from stages judged by hand: the first divergence, verdicts, and what each sentence says."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from parity.align.exclusions import check_exclusions, not_counting
from parity.errors import UnknownStage
from parity.pair_audit.judge import Symbols, discrete_record
from parity.pair_audit.verdict import first_divergence, reach_verdict
from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared
from tests.audits import decisions
from tests.judged import BITWISE, DECISIONS, FAITHFUL, LIMITED, RIGHT, judged, limit, verdict

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
    reason = "in 4 of 24 rows there is no label"
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
