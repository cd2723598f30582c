"""Excess churn, and slices and power of two arms, against scipy, statsmodels and closed forms."""

# scipy, scikit-learn and the other references are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.seed_audit.measures.difference import difference
from parity.seed_audit.measures.excess import excess_churn, least_p
from parity.seed_audit.measures.power import can_show, detectable, difference_power, tost_power
from parity.seed_audit.measures.slices import slice_differences, slice_spreads
from parity.seed_audit.population.population import Population
from parity.statistics.holm import holm
from parity.statistics.tails import beyond_noncentral_t
from tests.seed_runs import labels_of, population, two_arms


def test_the_excess_is_churn_between_less_churn_within() -> None:
    one, other = (arm.predictions for arm in two_arms(4, 3))
    between = np.mean([(a != b).mean() for a in one for b in other])
    within = [np.mean([(a != b).mean() for a, b in combinations(arm, 2)]) for arm in (one, other)]
    found = excess_churn(one, other)
    assert pytest.approx((between, *within)) == (found.between, *found.within)
    assert pytest.approx(between - np.mean(within)) == found.estimate.value
    assert (35, True) == (found.labellings, found.exact)


@pytest.mark.parametrize(("runs", "other"), [(3, 3), (4, 3), (4, 4)])
def test_its_p_is_that_of_scipys_permutation_test_on_the_runs_numbers(runs: int, other: int) -> None:
    one, two = (arm.predictions for arm in two_arms(runs, other, worse=2.0))
    together = np.concatenate([one, two])
    matrix = np.array([[(a != b).mean() for b in together] for a in together])

    def statistic(first: object, second: object) -> float:
        a, b = np.asarray(first, dtype=int), np.asarray(second, dtype=int)
        inner = [matrix[np.ix_(side, side)].sum() / (len(side) * (len(side) - 1)) for side in (a, b)]
        return float(matrix[np.ix_(a, b)].mean() - np.mean(inner))

    expected = scipy.stats.permutation_test(
        (np.arange(runs), np.arange(runs, runs + other)), statistic, alternative="greater", n_resamples=np.inf
    )
    found = excess_churn(one, two)
    assert pytest.approx(expected.statistic) == found.estimate.value
    assert pytest.approx(expected.pvalue) == found.p


def test_three_against_three_can_never_reject_and_five_against_five_can() -> None:
    assert pytest.approx([2 / 20, 2 / 70, 2 / 252]) == [least_p(s, s) for s in (3, 4, 5)]
    zeros, ones = np.zeros((5, 30), dtype=np.int64), np.ones((5, 30), dtype=np.int64)
    assert least_p(3, 3) == excess_churn(zeros[:3], ones[:3]).p
    assert pytest.approx(least_p(5, 5)) == excess_churn(zeros, ones).p
    assert pytest.approx(least_p(5, 3)) == excess_churn(zeros, ones[:3]).p


def test_too_many_labellings_are_drawn_and_it_is_said() -> None:
    one, other = (arm.predictions for arm in two_arms(6))
    exact, drawn = excess_churn(one, other), excess_churn(one, other, most=500)
    assert (True, 924, False, 500) == (exact.exact, exact.labellings, drawn.exact, drawn.labellings)
    assert abs(exact.p - drawn.p) < 4 * math.sqrt(0.25 / 500)
    assert drawn == excess_churn(one, other, most=500)


def test_the_jackknife_of_the_excess_leaves_out_each_run_of_either_arm() -> None:
    one, other = (arm.predictions for arm in two_arms(4))

    def value(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> float:
        return excess_churn(a, b).estimate.value

    expected = 0.0
    for deleted in (
        [value(np.delete(one, k, 0), other) for k in range(4)],
        [value(one, np.delete(other, k, 0)) for k in range(4)],
    ):
        expected += 3 / 4 * float(((np.array(deleted) - np.mean(deleted)) ** 2).sum())
    found = excess_churn(one, other).estimate
    assert pytest.approx(expected) == found.run_variance
    by_example = [value(one[:, [n]], other[:, [n]]) for n in range(80)]
    assert pytest.approx(np.var(by_example, ddof=1) / 80) == found.example_variance


PARTNERS = np.eye(4, dtype=bool)


def unmatched(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> float:
    """The excess by brute force, without the pairs of partners."""
    runs = range(len(one))
    between = np.mean([(one[i] != other[j]).mean() for i in runs for j in runs if i != j])
    within = [np.mean([(arm[i] != arm[j]).mean() for i, j in combinations(runs, 2)]) for arm in (one, other)]
    return float(between - (within[0] + within[1]) / 2)


def test_pairs_of_runs_that_share_seeds_are_in_no_excess_and_are_left_out_together() -> None:
    one, other = (arm.predictions for arm in two_arms(4))
    found = excess_churn(one, other, matched=PARTNERS)
    assert pytest.approx(unmatched(one, other)) == found.estimate.value
    deleted = np.array([unmatched(np.delete(one, run, 0), np.delete(other, run, 0)) for run in range(4)])
    assert pytest.approx(3 / 4 * ((deleted - deleted.mean()) ** 2).sum()) == found.estimate.run_variance
    assert 4 == found.matched


def test_a_candidate_that_answers_as_its_partners_do_has_no_excess_because_of_them() -> None:
    one, _ = two_arms(4)
    picked = one.predictions
    found = excess_churn(picked, picked, matched=PARTNERS)
    assert pytest.approx(0.0) == found.estimate.value
    assert excess_churn(picked, picked).estimate.value < -0.01
    assert found.p > 0.05


def test_the_permutation_leaves_pairs_that_share_seeds_out_of_every_labelling() -> None:
    one, other = (arm.predictions for arm in two_arms(3))
    together = np.concatenate([one, other])

    def statistic(first: tuple[int, ...]) -> float:
        second = [run for run in range(6) if run not in first]

        def mean(pairs: list[tuple[int, int]]) -> float:
            return float(
                np.mean([(together[i] != together[j]).mean() for i, j in pairs if i % 3 != j % 3] or [np.nan])
            )

        within = mean(list(combinations(first, 2))) + mean(list(combinations(second, 2)))
        return mean([(i, j) for i in first for j in second]) - within / 2

    seen = statistic((0, 1, 2))
    expected = np.mean([not statistic(first) < seen - 1e-12 for first in combinations(range(6), 3)])
    assert pytest.approx(expected) == excess_churn(one, other, matched=np.eye(3, dtype=bool)).p


def test_arms_of_which_every_run_shares_a_seed_with_every_other_are_refused() -> None:
    one, other = (arm.predictions for arm in two_arms(3))
    with pytest.raises(ValueError, match="shares a seed"):
        excess_churn(one, other, matched=np.ones((3, 3), dtype=bool))


def test_two_runs_an_arm_have_an_excess_and_no_interval_and_one_is_refused() -> None:
    one, other = (arm.predictions for arm in two_arms(3))
    assert excess_churn(one[:2], other).estimate.interval is None
    with pytest.raises(ValueError, match="two runs an arm"):
        excess_churn(one[:1], other)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 3))
def test_the_order_of_runs_and_examples_and_the_names_of_classes_change_nothing(
    seed: int, shift: int
) -> None:
    one, other = population(3, 30, seed=seed), population(4, 30, seed=seed + 1)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(30)
    found = excess_churn(one.predictions, other.predictions)
    renamed = [(arm.predictions[rng.permutation(arm.runs)][:, rows] + shift) % 4 for arm in (one, other)]
    again = excess_churn(renamed[0], renamed[1])
    assert pytest.approx((found.estimate.value, found.p)) == (again.estimate.value, again.p)
    assert pytest.approx(found.estimate.standard_error) == again.estimate.standard_error


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holms_correction_is_that_of_statsmodels(p_values: list[float]) -> None:
    import statsmodels.stats.multitest  # type: ignore[import-untyped]

    expected = statsmodels.stats.multitest.multipletests(p_values, method="holm")[1]
    assert pytest.approx(list(expected)) == list(holm(p_values))
    assert () == holm([])


def test_slices_are_corrected_for_one_another_and_those_that_cannot_be_tested_are_there() -> None:
    one, other = two_arms()
    names = ["short"] * 30 + ["long"] * 48 + ["rare"] + ["unlabelled"]
    labels = labels_of(one).copy()
    labels[-1] = -1
    one, other = Population(one.logits, labels), Population(other.logits, labels)
    found = slice_differences(one, other, names)
    by_name = {part.name: part for part in found}
    assert ["long", "rare", "short", "unlabelled"] == [part.name for part in found]
    assert (None, None) == (by_name["rare"].p, by_name["unlabelled"].difference)
    inside = difference(one.of_examples(np.arange(30)), other.of_examples(np.arange(30)))
    assert inside == by_name["short"].difference
    seen = [part.difference.p or 0 for part in (by_name["long"], by_name["short"]) if part.difference]
    assert holm(seen) == (by_name["long"].p, by_name["short"].p)
    spreads = {part.name: part.spread for part in slice_spreads(one, names)}
    assert spreads["unlabelled"] is None
    assert spreads["long"] is not None and 48 == spreads["long"].examples


# S: half-width, SD interval, new run, (pooled t detects), SD for TOST.
@pytest.mark.parametrize(
    ("runs", "half", "low", "high", "new", "sd"),
    [
        (3, 2.48, 0.52, 6.28, 4.97, 0.37),
        (5, 1.24, 0.60, 2.87, 3.04, 0.63),
        (10, 0.72, 0.69, 1.83, 2.37, 1.00),
        (20, 0.47, 0.76, 1.46, 2.15, 1.47),
        (30, 0.37, 0.80, 1.34, 2.08, 1.82),
    ],
)
def test_what_s_runs_can_show(runs: int, half: float, low: float, high: float, new: float, sd: float) -> None:
    told = can_show(runs)
    expected = (half, low, high, new)
    assert pytest.approx(expected, abs=0.0075) == (
        told.mean_half_width,
        told.sd_low,
        told.sd_high,
        told.new_run_half_width,
    )
    assert pytest.approx(sd, abs=0.01) == told.tost_sd  # the table's were simulated
    assert pytest.approx(0.8) == difference_power(told.detectable, math.sqrt(2 / runs), runs, told.level)
    assert pytest.approx(0.8) == difference_power(told.detectable_alone, math.sqrt(2 / runs), runs)


def test_the_noncentral_t_is_statsmodels_power_of_a_pooled_t_test() -> None:
    import statsmodels.stats.power  # type: ignore[import-untyped]

    for runs, size in ((3, 3.07), (5, 2.02), (10, 1.32)):
        expected = statsmodels.stats.power.TTestIndPower().power(size, runs, 0.05)
        critical = scipy.stats.t.ppf(0.975, 2 * runs - 2)
        assert pytest.approx(expected) == beyond_noncentral_t(
            critical, size * math.sqrt(runs / 2), 2 * runs - 2
        )
        assert pytest.approx(0.8, abs=0.003) == expected
        assert detectable(runs) > size  # Welch's, with fewer degrees of freedom


def test_the_power_of_welchs_test_and_of_tost_are_what_simulation_sees() -> None:
    rng = np.random.default_rng(0)
    runs, size, margin, repeats = 4, 2.2, 2.5, 40_000
    one, other = rng.standard_normal((2, repeats, runs))
    power = (scipy.stats.ttest_ind(one, other + size, axis=1, equal_var=False).pvalue <= 0.05).mean()
    assert pytest.approx(power, abs=0.01) == difference_power(size, math.sqrt(2 / runs), runs)
    ends = scipy.stats.ttest_ind(one, other, axis=1, equal_var=False).confidence_interval(0.9)
    shown = ((ends.low > -margin) & (ends.high < margin)).mean()
    assert pytest.approx(shown, abs=0.01) == tost_power(margin, 0.0, math.sqrt(2 / runs), runs)
    ends = scipy.stats.ttest_1samp(one, 0, axis=1).confidence_interval(0.9)
    shown = ((ends.low > -margin) & (ends.high < margin)).mean()
    assert pytest.approx(shown, abs=0.01) == tost_power(margin, 0.0, math.sqrt(1 / runs), runs, paired=True)


def test_at_the_margin_tost_says_equivalent_in_at_most_alpha() -> None:
    for runs in (3, 5, 10, 30):
        assert tost_power(0.01, 0.01, 0.002, runs) <= 0.05 + 1e-6
        assert tost_power(0.01, 0.01, 0.002, runs, paired=True) <= 0.05 + 1e-6
