"""The verdict, from stages judged by hand: the first divergence, verdicts, and what each sentence says."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from parity.pair_audit.judge import Symbols, discrete_record
from parity.pair_audit.verdict import first_divergence
from parity.records.stage import NotCompared
from tests.judged import FAITHFUL, LIMITED, RIGHT, judged, limit, verdict

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
    reason = "4 of 24 rows have no label"
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


def test_a_stage_that_could_not_be_judged_is_no_parity_though_nothing_else_names_it() -> None:
    record = msgspec.structs.replace(judged(1e-3), status="not_comparable", reason="rounded to 3 decimals")
    found = verdict(judged(), record)
    assert ("not_comparable", 1) == (found.verdict, found.exit_code)
    assert "rounded to 3 decimals" in found.headline
    # What does not count says nothing about whether the stage agrees.
    aside = NotCompared(stage=record.stage, reason="one side has only outputs", counts=False)
    assert "not_comparable" == verdict(judged(), record, missing=(aside,)).verdict


def test_what_does_not_count_or_is_ignored_does_not() -> None:
    uncounted = NotCompared(stage="text", reason="outputs only", counts=False)
    assert "parity" == verdict(judged(), missing=(uncounted,)).verdict
    policy = msgspec.structs.replace(FAITHFUL, ignore=["pooled"])
    missing = NotCompared(stage="pooled", reason="Only the reference has pooled")
    assert "parity" == verdict(judged(), missing=(missing,), policy=policy).verdict
