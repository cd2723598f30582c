"""Equivalent, different, or not to be told: two arms by their difference and their excess churn."""

# statsmodels is untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import pytest

from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.difference import Difference, difference
from parity.seed_audit.measures.excess import ExcessChurn, excess_churn
from parity.seed_audit.population.failed import failed_runs
from parity.seed_audit.verdict.equivalence import BothArms, Comparison, compare_arms
from parity.seed_audit.verdict.reasons import Reason
from parity.seed_audit.verdict.runs_needed import RunsNeeded
from parity.statistics.estimate import Estimate
from tests.seed_runs import population

CALM = np.zeros((5, 500), dtype=np.int64)
MARGINS = Margins(metric=0.02, churn=0.05)


def apart(value: float, error: float, runs: int = 5) -> Difference:
    """A difference with this standard error, all of it from runs."""
    p = 1.0 if abs(value) < 2.31 * error else 0.001
    half = 2.31 * error
    found = Estimate(value, (value - half, value + half), error, 2.0 * (runs - 1), error**2, 0.0, 0.95)  # type: ignore[arg-type]
    return Difference("accuracy", 0.8, 0.8 + value, found, p, False, (runs, runs), 500)


def no_excess(runs: int = 5) -> ExcessChurn:
    return excess_churn(CALM[:runs], CALM[:runs])


def compared(value: float, error: float) -> Comparison:
    return compare_arms(MARGINS, BothArms(apart(value, error), no_excess(), runs=(5, 5)))


def test_a_seed_that_never_moved_bars_equivalence() -> None:
    found = compare_arms(MARGINS, BothArms(apart(0.001, 0.002), no_excess(), runs=(5, 5), fixed=["seed"]))
    assert ("inconclusive", RunsNeeded(5, "every_seed")) == (found.verdict, found.runs_needed)
    assert "seed_fixed" in [reason.about for reason in found.reasons]


def test_a_difference_shown_to_lie_inside_the_margin_is_equivalent() -> None:
    found = compared(0.001, 0.002)
    assert ("equivalent", False, RunsNeeded(5, "enough")) == (
        found.verdict,
        found.inside_margin,
        found.runs_needed,
    )


def test_a_difference_that_is_real_and_small_is_different_but_inside_the_margin() -> None:
    found = compared(0.008, 0.002)
    assert ("different", True) == (found.verdict, found.inside_margin)


def test_a_difference_that_is_large_is_different() -> None:
    found = compared(0.05, 0.005)
    assert ("different", False) == (found.verdict, found.inside_margin)


def test_what_cannot_be_shown_either_way_is_inconclusive_with_the_runs_that_would_settle_it() -> None:
    found = compared(0.005, 0.01)
    assert "inconclusive" == found.verdict
    assert found.runs_needed.kind == "estimate" and (found.runs_needed.runs or 0) > 5
    assert (compared(0.005, 0.02).runs_needed.runs or 0) > (found.runs_needed.runs or 0)


def test_vote_laws_that_differ_at_equal_accuracy_are_different() -> None:
    rng = np.random.default_rng(0)
    other = np.array([rng.permutation(np.arange(500) % 2) for _ in range(1)]).repeat(5, axis=0)
    found = compare_arms(MARGINS, BothArms(apart(0.0, 0.002), excess_churn(CALM, other), runs=(5, 5)))
    assert ("different", False) == (found.verdict, found.inside_margin)
    assert {"permutation", "tost"} == {reason.about for reason in found.reasons if reason.holds} - {
        "difference"
    }


def test_a_failed_run_bars_equivalence() -> None:
    failed = failed_runs(population(5, 200, 3, noise=0.2), [9.0, None, None, None, None])
    found = compare_arms(MARGINS, BothArms(apart(0.001, 0.002), no_excess(), runs=(5, 5), failed=[failed]))
    assert "inconclusive" == found.verdict


@pytest.mark.parametrize("runs", [3, 4, 5])
def test_the_two_tests_together_spend_one_alpha(runs: int) -> None:
    found = compare_arms(MARGINS, BothArms(apart(0.0, 0.01, runs), no_excess(runs), runs=(runs, runs)))
    assert pytest.approx(0.05) == found.false_alarm == sum(found.levels)
    assert (runs == 3) == (found.levels.permutation == 0)


def test_a_p_below_alpha_and_above_its_part_of_it_is_not_different() -> None:
    seen = apart(0.008, 0.002)._replace(p=0.04)
    found = compare_arms(MARGINS, BothArms(seen, no_excess(), runs=(5, 5)))
    assert "equivalent" == found.verdict
    alone = compare_arms(MARGINS, BothArms(seen, None, runs=(5, 5)))
    assert "different" == alone.verdict


def test_where_one_test_rejects_the_other_has_all_of_alpha() -> None:
    rng = np.random.default_rng(0)
    other = np.array([rng.permutation(np.arange(500) % 2) for _ in range(1)]).repeat(5, axis=0)
    seen = apart(0.008, 0.002)._replace(p=0.04)
    found = compare_arms(MARGINS, BothArms(seen, excess_churn(CALM, other), runs=(5, 5)))
    limits = {reason.about: (reason.limit, reason.holds) for reason in found.reasons}
    assert (0.05, True) == limits["difference"]
    assert limits["permutation"][1] and pytest.approx(3 / 126) == limits["permutation"][0]


def test_single_runs_are_inconclusive_and_ask_for_three() -> None:
    one, other = population(1, 50), population(1, 50)
    found = compare_arms(MARGINS, BothArms(difference(one, other), None, runs=(1, 1)))
    assert ("inconclusive", RunsNeeded(3, "at_least")) == (found.verdict, found.runs_needed)


def test_without_labels_churn_alone_decides_and_it_is_said() -> None:
    found = compare_arms(MARGINS, BothArms(None, no_excess(), runs=(5, 5)))
    assert "equivalent" == found.verdict
    assert "no_labels" in [reason.about for reason in found.reasons]


@pytest.mark.parametrize("about", ["metric_not_measured", "slices_not_measured", "labels_not_classes"])
def test_what_was_requested_and_not_measured_prevents_equivalence(about: str) -> None:
    reason = Reason(about, None, None, False)
    found = compare_arms(MARGINS, BothArms(apart(0.001, 0.002), no_excess(), runs=(5, 5)), [reason])
    assert ("inconclusive", RunsNeeded(None, "not_measured")) == (found.verdict, found.runs_needed)
    assert about in [item.about for item in found.reasons]
