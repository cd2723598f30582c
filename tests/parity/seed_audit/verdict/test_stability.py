"""Integrity, failed runs, the verdicts and the runs that would settle them."""

# statsmodels is untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math

import numpy as np
import pytest

from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.churn import churn
from parity.seed_audit.measures.crossed import seed_effect
from parity.seed_audit.measures.metric_spread import MetricSpread, metric_spread, spread
from parity.seed_audit.population.failed import failed_runs
from parity.seed_audit.population.integrity import Fault, check_rows, check_seeds
from parity.seed_audit.population.population import Population
from parity.seed_audit.verdict.reasons import Reason
from parity.seed_audit.verdict.runs_needed import RunsNeeded, half_width_at, runs_for_stability
from parity.seed_audit.verdict.stability import OneArm, Stability, judge_stability
from tests.seed_runs import labels_of, population


def seeded(logits_of: list[int], factors: list[dict[str, int]]) -> Population:
    """Runs with the logits of these runs of one population: the same number, the same bits."""
    made = population(8, 20)
    return Population(made.logits[logits_of], made.labels, tuple(factors))


def both(first: int, second: int, repeat: int | None = None) -> dict[str, int]:
    seeds = {"init_seed": first, "order_seed": second}
    return seeds if repeat is None else {**seeds, "repeat": repeat}


def test_runs_whose_every_seed_changed_something_have_no_fault() -> None:
    found = check_seeds(seeded([0, 1, 2, 3], [both(1, 1), both(1, 2), both(2, 1), both(2, 2)]))
    assert ((), None, (0, 1, 2, 3)) == (found.faults, found.repeats, found.keep)
    assert [("init_seed", 2, 2, 2), ("order_seed", 2, 2, 2)] == [tuple(factor) for factor in found.factors]


def test_a_seed_that_is_not_wired_is_named_and_its_runs_count_once() -> None:
    found = check_seeds(seeded([0, 0, 1, 1], [both(1, 1), both(1, 2), both(2, 1), both(2, 2)]))
    assert (Fault("seed_without_effect", (0, 1, 2, 3), ("order_seed",)),) == found.faults
    assert (0, 2) == found.keep


def test_seeds_that_move_together_and_change_nothing_are_named_together() -> None:
    found = check_seeds(seeded([0, 0, 0], [both(1, 1), both(2, 2), both(3, 3)]))
    assert (Fault("seed_without_effect", (0, 1, 2), ("init_seed", "order_seed")),) == found.faults
    assert (0,) == found.keep
    assert [0, 0] == [factor.alone for factor in found.factors]


def test_a_duplicate_run_is_told_and_left_out() -> None:
    found = check_seeds(seeded([0, 1, 0, 2], [both(k, k) for k in range(4)]))
    assert (Fault("duplicate_run", (0, 2), ("init_seed", "order_seed")),) == found.faults
    assert (0, 1, 3) == found.keep


def test_a_duplicate_is_seen_without_any_factors_and_weights_alone_make_none() -> None:
    found = check_seeds(seeded([0, 1, 0], [{}, {}, {}]))
    assert (Fault("duplicate_run", (0, 2)),) == found.faults
    by_weights = check_seeds(seeded([0, 1, 2], [{}, {}, {}]), ["a", "b", "a"])
    assert (Fault("same_weights", (0, 2)),) == by_weights.faults
    assert () == check_seeds(seeded([0, 1, 2], [{}, {}, {}]), ["a", None, None]).faults


def test_the_same_run_given_twice_with_its_seeds_is_a_duplicate_and_no_repeat() -> None:
    found = check_seeds(seeded([0, 0, 1], [both(1, 1), both(1, 1), both(2, 2)]))
    assert ("duplicate_run",) == tuple(fault.kind for fault in found.faults)


def test_a_repeat_that_is_bitwise_equal_is_no_fault_and_counts_once() -> None:
    found = check_seeds(seeded([0, 0, 1, 1], [both(1, 1, 0), both(1, 1, 1), both(2, 2, 0), both(2, 2, 1)]))
    assert ((), (0, 2)) == (found.faults, found.keep)
    assert (2, 2, 0.0, 0.0) == found.repeats


def test_a_repeat_that_differs_is_told_with_its_noise() -> None:
    made = seeded([0, 1, 2], [both(1, 1, 0), both(1, 1, 1), both(2, 2, 0)])
    found = check_seeds(made)
    assert (Fault("repeat_differs", (0, 1)),) == found.faults
    assert found.repeats is not None
    assert (1, 0) == found.repeats[:2]
    assert float(np.abs(made.logits[0] - made.logits[1]).max()) == found.repeats.max_abs
    assert float((made.predictions[0] != made.predictions[1]).mean()) == found.repeats.churn
    assert (0, 2) == found.keep


def test_rows_in_another_order_and_other_rows_are_told_apart() -> None:
    found = check_rows([["a", "b", "c"], ["a", "b", "c"], ["c", "b", "a"], ["a", "b"], ["a", "b", "x"]])
    expected = (Fault("row_order", (2,)), Fault("other_data", (3,)), Fault("other_data", (4,)))
    assert (expected, (0, 1)) == (found.faults, found.keep)
    assert ((), ()) == check_rows([])


def test_a_failed_run_is_told_by_its_accuracy_or_its_loss_or_its_numbers() -> None:
    import statsmodels.stats.proportion  # type: ignore[import-untyped]

    made = population(5, 200, 3, noise=0.2)
    logits = made.logits.copy()
    logits[1] = [1.0, 0.0, 0.0]
    logits[3, 7] = np.nan
    found = failed_runs(Population(logits, made.labels), [0.2, 0.3, 1.09, 0.2, None])
    assert [(1, ("metric",)), (2, ("loss",)), (3, ("not_finite",))] == [
        (run.run, run.reasons) for run in found.failed
    ]
    assert (0, 4) == found.keep
    low, high = statsmodels.stats.proportion.proportion_confint(3, 5, 0.05, "beta")
    assert pytest.approx((0.6, low, high)) == (found.rate, *found.interval)
    share = np.bincount(labels_of(made)).max() / 200
    assert pytest.approx(share + 2 * math.sqrt(share * (1 - share) / 200)) == found.accuracy_limit
    assert pytest.approx(0.95 * math.log(3)) == found.loss_limit


def test_labels_of_one_class_or_none_fail_no_run_by_its_accuracy() -> None:
    made = population(3, 20, noise=0.1)
    for labels in (np.zeros(20, dtype=np.int64), None, np.full(20, -1)):
        found = failed_runs(Population(made.logits, labels))
        assert ((), None) == (found.failed, found.accuracy_limit)


def test_a_row_without_a_number_agrees_with_no_class() -> None:
    made = population(2, 5)
    logits = made.logits.copy()
    logits[0, 3, 1] = np.nan
    assert -1 == Population(logits).predictions[0, 3]


def test_parts_that_do_not_fit_are_refused() -> None:
    made = population(2, 5)
    for logits, labels, factors, said in (
        (made.logits[0], None, (), "not \\[runs, examples, classes\\]"),
        (made.logits, np.zeros(4, dtype=np.int64), (), "labels for 5 examples"),
        (made.logits, np.full(5, 9), (), "outside the 4 classes"),
        (made.logits, None, ({},), "1 factors"),
    ):
        with pytest.raises(ValueError, match=said):
            Population(logits, labels, factors)


def steady(sd: float, runs: int = 5) -> MetricSpread:
    """A metric with exactly this SD over runs."""
    values = np.linspace(-1, 1, runs)
    return MetricSpread(
        "accuracy", spread(0.8 + sd * values / values.std(ddof=1)), None, None, runs, 500, runs
    )


CALM = np.zeros((5, 500), dtype=np.int64)
MARGINS = Margins(metric=0.02, churn=0.05)


def judged(sd: float, runs: int = 5, margins: Margins = MARGINS) -> Stability:
    return judge_stability(margins, OneArm(steady(sd, runs), churn(CALM[:runs]), runs=runs))


def test_little_spread_and_no_churn_is_stable_and_settled() -> None:
    found = judged(0.002)
    assert ("stable", RunsNeeded(5, "enough")) == (found.verdict, found.runs_needed)
    assert all(reason.holds for reason in found.reasons)
    assert ["new_run", "new_run_low", "churn_high", "churn_low"] == [reason.about for reason in found.reasons]


def test_spread_whose_lower_bound_exceeds_the_margin_is_unstable() -> None:
    found = judged(0.1)
    assert "unstable" == found.verdict
    assert {"new_run", "new_run_low"} == {reason.about for reason in found.reasons if not reason.holds}


def test_spread_between_is_inconclusive_until_as_many_runs_as_it_says() -> None:
    found = judged(0.0085)
    assert "inconclusive" == found.verdict
    needed = found.runs_needed
    assert "estimate" == needed.kind and needed.runs is not None and needed.runs > 5
    assert judged(0.0085, 5).verdict == "inconclusive"
    half = spread(
        0.8 + 0.0085 * np.linspace(-1, 1, needed.runs) / np.linspace(-1, 1, needed.runs).std(ddof=1)
    )
    assert half.new_run_half_width is not None and half.new_run_half_width <= 0.02


def test_a_spread_at_the_margin_itself_no_number_of_runs_settles() -> None:
    assert (None, "none") == judged(0.02 / 1.9599).runs_needed


def test_churn_that_is_surely_over_its_budget_is_unstable() -> None:
    made = population(5, 400, noise=2.0)
    found = judge_stability(MARGINS, OneArm(None, churn(made.predictions), runs=5))
    assert "unstable" == found.verdict
    assert "no_labels" in [reason.about for reason in found.reasons]


def test_a_failed_run_is_unstable_whatever_else() -> None:
    made = population(5, 200, 3, noise=0.2)
    failed = failed_runs(made, [None, None, 9.0, None, None])
    found = judge_stability(MARGINS, OneArm(steady(0.001, 4), churn(CALM[:4]), runs=4, failed=failed))
    assert ("unstable", "failed_runs") == (found.verdict, found.reasons[0].about)


def test_a_seed_without_effect_is_never_stable() -> None:
    dead = check_seeds(seeded([0, 0, 1, 1], [both(1, 1), both(1, 2), both(2, 1), both(2, 2)]))
    found = judge_stability(MARGINS, OneArm(steady(0.001), churn(CALM), runs=5, seeds=dead))
    assert "inconclusive" == found.verdict


@pytest.mark.parametrize("runs", [1, 2])
def test_one_run_or_two_are_inconclusive_and_ask_for_three(runs: int) -> None:
    found = judge_stability(
        MARGINS,
        OneArm(steady(0.0001, 2) if runs == 2 else None, churn(CALM[:2]) if runs == 2 else None, runs=runs),
    )
    assert ("inconclusive", RunsNeeded(3, "at_least")) == (found.verdict, found.runs_needed)
    # Nothing is said of new runs by the interval of one pair.
    assert {"few_runs"} == {reason.about for reason in found.reasons} - {"no_labels"}


def test_a_seed_that_never_moved_bars_stable_and_asks_for_runs_that_move_it() -> None:
    found = judge_stability(MARGINS, OneArm(steady(0.002), churn(CALM), runs=5, fixed=["init_seed"]))
    assert ("inconclusive", RunsNeeded(5, "every_seed")) == (found.verdict, found.runs_needed)
    assert ["init_seed_fixed"] == [reason.about for reason in found.reasons if not reason.holds]
    wide = judge_stability(MARGINS, OneArm(steady(0.1), churn(CALM), runs=5, fixed=["init_seed"]))
    assert "unstable" == wide.verdict


def test_four_runs_of_two_by_two_seeds_are_judged_as_two() -> None:
    found = judge_stability(MARGINS, OneArm(steady(0.0001, 4), churn(CALM[:4]), runs=4, independent=2))
    assert ("inconclusive", RunsNeeded(4, "every_seed")) == (found.verdict, found.runs_needed)
    assert ["shared_seeds"] == [reason.about for reason in found.reasons]


def test_a_spread_that_the_examples_make_by_themselves_asks_for_no_more_seeds() -> None:
    flips = np.random.default_rng(3).standard_normal((8, 500))
    seed = seed_effect(flips - flips.mean(axis=1, keepdims=True) * 0.5)
    metric = steady(0.0085, 8)._replace(seed=seed)
    found = judge_stability(MARGINS, OneArm(metric, churn(np.repeat(CALM[:1], 8, axis=0)), runs=8))
    assert ("inconclusive", RunsNeeded(None, "examples")) == (found.verdict, found.runs_needed)


def test_two_runs_apart_do_not_condemn_a_recipe_by_their_churn() -> None:
    picked = np.stack([np.zeros(500, dtype=np.int64), np.ones(500, dtype=np.int64)])
    assert "inconclusive" == judge_stability(MARGINS, OneArm(None, churn(picked), runs=2)).verdict


def test_intervals_at_another_alpha_are_refused() -> None:
    with pytest.raises(ValueError, match="alpha"):
        judge_stability(Margins(0.02, 0.05, alpha=0.01), OneArm(steady(0.01), churn(CALM), runs=5))


@pytest.mark.parametrize("about", ["metric_not_measured", "slices_not_measured", "labels_not_classes"])
def test_what_was_requested_and_not_measured_bars_a_pass(about: str) -> None:
    reason = Reason(about, None, None, False)
    found = judge_stability(MARGINS, OneArm(steady(0.002), churn(CALM), runs=5), [reason])
    assert ("inconclusive", RunsNeeded(None, "not_measured")) == (found.verdict, found.runs_needed)
    assert about in [item.about for item in found.reasons]
    wide = judge_stability(MARGINS, OneArm(steady(0.1), churn(CALM), runs=5), [reason])
    assert "unstable" == wide.verdict


def test_the_examples_part_of_an_interval_does_not_shrink_with_runs() -> None:
    found = churn(population(5, 100).predictions).estimate
    assert found.interval is not None
    now = half_width_at(found, 5, 5, 0.95)
    assert pytest.approx((found.interval.high - found.interval.low) / 2) == now
    least = 1.97 * math.sqrt(found.example_variance)
    assert now > half_width_at(found, 5, 50, 0.95) > half_width_at(found, 5, 1000, 0.95) > 0.9 * least


def test_churn_near_its_budget_for_want_of_examples_no_number_of_runs_settles() -> None:
    found = churn(population(5, 100).predictions).estimate
    assert (None, "none") == runs_for_stability(None, 0.0, found, found.value + 1e-4, 5, 0.05)


def test_a_real_population_goes_through_the_whole_gate() -> None:
    made = population(5, 300, known=0.9)
    found = judge_stability(
        Margins(0.05, 0.5),
        OneArm(metric_spread(made), churn(made.predictions), runs=5, failed=failed_runs(made)),
    )
    assert found.verdict in ("stable", "inconclusive")
