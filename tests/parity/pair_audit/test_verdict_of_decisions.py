"""The verdict under policies that decide by flips and bounds, from stages judged by hand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from parity.pair_audit.verdict import reach_verdict
from parity.records.stage import NotCompared
from tests.audit_parts import decisions
from tests.judged import DECISIONS, excluding, judged, limit, verdict


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


@pytest.mark.parametrize(("unit", "expected"), [("next_token", "divergent"), ("example", "equivalent")])
def test_no_decision_on_tokens_excuses_another_class_of_a_pair(unit: str, expected: str) -> None:
    made = msgspec.structs.replace(decisions(0, 400), unit=unit, rows=400)
    found = reach_verdict([judged(1e-3, stage="nsp_logits")], made, [], DECISIONS)
    assert expected == found.verdict
