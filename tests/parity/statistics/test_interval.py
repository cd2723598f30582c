"""Intervals of shares against scipy.stats, closed forms, and the score test that they invert."""

# scipy is untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import math
from typing import Any

import pytest
import scipy.optimize  # type: ignore[import-untyped]
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.statistics.interval import (
    clopper_pearson,
    one_sided_bounds,
    paired_proportion_interval,
    rows_needed,
)


@pytest.mark.parametrize(("trials", "rate"), [(59, 0.05), (299, 0.01), (598, 0.005), (2995, 0.001)])
def test_no_flips_in_so_many_inputs_bound_the_rate(trials: int, rate: float) -> None:
    assert clopper_pearson(0, trials, 0.90).high <= rate < clopper_pearson(0, trials - 1, 0.90).high
    assert pytest.approx(1 - 0.05 ** (1 / trials), rel=1e-12) == clopper_pearson(0, trials, 0.90).high


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 5000), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_clopper_pearson_agrees_with_scipy_stats(trials: int, data: Any, confidence: float) -> None:
    hits = data.draw(st.integers(0, trials))
    expected = scipy.stats.binomtest(hits, trials).proportion_ci(confidence, method="exact")
    got = clopper_pearson(hits, trials, confidence)
    assert pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-12) == tuple(got)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 5000), st.data(), st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_each_one_sided_bound_agrees_with_scipy_stats(trials: int, data: Any, confidence: float) -> None:
    hits = data.draw(st.integers(0, trials))
    got = one_sided_bounds(hits, trials, confidence)
    # At its upper bound so few hits are as improbable as 1 - confidence; at its lower bound so many are.
    if hits < trials:
        assert pytest.approx(1 - confidence) == scipy.stats.binom.cdf(hits, trials, got.high)
    if hits:
        assert pytest.approx(1 - confidence) == scipy.stats.binom.sf(hits - 1, trials, got.low)


@pytest.mark.parametrize(("limit", "rows"), [(0.05, 59), (0.01, 299), (0.005, 598), (0.001, 2995)])
def test_without_a_flip_the_rows_needed_are_those_of_the_closed_form(limit: float, rows: int) -> None:
    assert rows == rows_needed(0, 7, limit) == math.ceil(math.log(0.05) / math.log(1 - limit))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 2000), st.data(), st.sampled_from([0.001, 0.01, 0.2]))
def test_the_rows_needed_show_the_limit_and_no_number_does_at_a_higher_rate(
    trials: int, data: Any, limit: float
) -> None:
    hits = data.draw(st.integers(0, trials))
    needed = rows_needed(hits, trials, limit)
    if needed is None:
        assert hits / trials > limit * 0.99
    else:
        assert hits / trials < limit
        assert one_sided_bounds(math.ceil(hits / trials * needed), needed).high <= limit


def test_no_trials_tell_nothing() -> None:
    assert (0.0, 1.0) == clopper_pearson(0, 0)


def test_more_hits_than_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        clopper_pearson(3, 2)


def score(won: int, lost: int, n: int, delta: float) -> float:
    """Tango's statistic with the restricted likelihood maximised numerically instead of by its closed form."""
    low, high = max(0.0, -delta), (1 - delta) / 2

    def loss(q: float) -> float:
        return -float(
            scipy.special.xlogy(won, q + delta) + scipy.special.xlogy(lost, q)
            + scipy.special.xlogy(n - won - lost, 1 - 2 * q - delta)
        )  # fmt: skip

    q = scipy.optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
    return (won - lost - n * delta) / math.sqrt(n * (2 * q + delta * (1 - delta)))


@pytest.mark.parametrize(
    ("won", "lost", "n"), [(12, 2, 50), (2, 12, 50), (7, 7, 30), (1, 0, 1000), (40, 9, 300)]
)
def test_the_accuracy_interval_is_where_the_score_test_stops_rejecting(won: int, lost: int, n: int) -> None:
    low, high = paired_proportion_interval(won, lost, n)
    z = float(scipy.stats.norm.ppf(0.975))
    assert pytest.approx(z, abs=1e-4) == score(won, lost, n, low)
    assert pytest.approx(-z, abs=1e-4) == score(won, lost, n, high)


@pytest.mark.parametrize("n", [10, 100, 5000])
def test_agreement_everywhere_does_not_make_the_accuracy_interval_collapse(n: int) -> None:
    z2 = float(scipy.stats.norm.ppf(0.975)) ** 2
    assert pytest.approx((-z2 / (n + z2), z2 / (n + z2)), rel=1e-6) == paired_proportion_interval(0, 0, n)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 200))
def test_the_accuracy_interval_holds_its_difference_and_mirrors(won: int, lost: int, agreed: int) -> None:
    n = max(1, won + lost + agreed)
    low, high = paired_proportion_interval(won, lost, n)
    assert -1 <= low <= (won - lost) / n <= high <= 1
    assert pytest.approx((-high, -low), abs=1e-9) == paired_proportion_interval(lost, won, n)
