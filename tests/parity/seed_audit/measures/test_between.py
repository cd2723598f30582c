"""Two arms: the difference and TOST, against scipy, statsmodels and closed forms."""

# scipy, scikit-learn and the other references are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
import scipy.stats  # type: ignore[import-untyped]

from parity.metrics.registry import find_metric
from parity.seed_audit.measures.crossed import crossed_estimate
from parity.seed_audit.measures.difference import Difference, difference, tost, unpaired_estimate
from parity.seed_audit.population.population import Population
from parity.statistics.estimate import Estimate, half_width
from tests.seed_runs import labels_of, two_arms

Floats = npt.NDArray[np.float64]


def scores_of(population: Population, metric: str) -> Floats:
    scores = find_metric(metric).scores(population.outputs())
    assert scores is not None
    return scores


def without_example_effect(runs: int, seed: int) -> Floats:
    """Scores whose example means are all alike, so that runs alone make the interval."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((runs, 50))
    return np.asarray(values - values.mean(axis=0) + rng.standard_normal((runs, 1)))


def record(found: Estimate) -> Difference:
    return Difference("nll", 0.0, found.value, found, None, True, (5, 5), 50)


@pytest.mark.parametrize("metric", ["accuracy", "nll", "brier"])
def test_the_difference_is_candidate_minus_baseline(metric: str) -> None:
    one, other = two_arms()
    expected = scores_of(other, metric).mean() - scores_of(one, metric).mean()
    for paired in (False, True):
        found = difference(one, other, metric, paired=paired)
        assert pytest.approx(expected) == found.estimate.value
        assert pytest.approx(found.candidate - found.baseline) == found.estimate.value
        back = difference(other, one, metric, paired=paired)
        assert pytest.approx((-found.estimate.value, found.p)) == (back.estimate.value, back.p)


def test_with_no_example_effect_unpaired_runs_have_welchs_t_test() -> None:
    one, other = without_example_effect(4, 1), 1 + 2 * without_example_effect(6, 2)
    expected = scipy.stats.ttest_ind(other.mean(axis=1), one.mean(axis=1), equal_var=False)
    found = unpaired_estimate(one, other, 0.95)
    assert pytest.approx(expected.df) == found.degrees
    assert pytest.approx(expected.statistic) == found.value / (found.standard_error or math.nan)
    assert pytest.approx(tuple(expected.confidence_interval(0.95))) == found.interval


def test_with_no_example_effect_paired_runs_have_the_paired_t_test_and_statsmodels_tost() -> None:
    import statsmodels.stats.weightstats  # type: ignore[import-untyped]

    one, other = without_example_effect(5, 1), without_example_effect(5, 2)
    apart = crossed_estimate(other - one, 0.95)
    expected = scipy.stats.ttest_rel(other.mean(axis=1), one.mean(axis=1))
    assert pytest.approx(tuple(expected.confidence_interval(0.95))) == apart.interval
    for margin in (0.2, 5.0):
        p, *_ = statsmodels.stats.weightstats.ttost_paired(
            other.mean(axis=1), one.mean(axis=1), -margin, margin
        )
        found = tost(record(apart), margin)
        assert found is not None
        assert pytest.approx(p) == found.p
        assert (
            (p <= 0.05) == found.equivalent == (-margin < found.interval.low and found.interval.high < margin)
        )


def test_the_crossed_degrees_of_freedom_are_hillis_form() -> None:
    one, other = two_arms()
    d = scores_of(other, "nll") - scores_of(one, "nll")
    runs, examples = d.shape
    rest = d - d.mean(axis=0) - d.mean(axis=1, keepdims=True) + d.mean()
    ms_e = (rest**2).sum() / ((runs - 1) * (examples - 1))
    ms_s, ms_n = examples * d.mean(axis=1).var(ddof=1), runs * d.mean(axis=0).var(ddof=1)
    numerator = ms_s + max(ms_n - ms_e, 0)
    found = crossed_estimate(d, 0.95)
    assert pytest.approx(numerator / d.size) == (found.standard_error or 0) ** 2
    assert pytest.approx(numerator**2 / (ms_s**2 / (runs - 1))) == found.degrees


def test_runs_and_examples_have_each_their_own_quantile() -> None:
    one, other = two_arms()
    d = scores_of(other, "nll") - scores_of(one, "nll") + np.linspace(-5, 5, 80)
    found = crossed_estimate(d, 0.95)
    runs, examples = found.run_variance, found.example_variance
    assert runs > 0 and examples > 0
    half = (scipy.stats.t.ppf(0.975, 4) * runs + scipy.stats.norm.ppf(0.975) * examples) / math.sqrt(
        runs + examples
    )
    assert found.interval is not None
    assert pytest.approx(found.value + half) == found.interval.high


@pytest.mark.parametrize("paired", [True, False])
def test_p_is_the_level_at_which_the_interval_just_leaves_the_point_out(paired: bool) -> None:
    one, other = two_arms()
    harder = other.logits + 2 * np.random.default_rng(4).standard_normal((80, 4))
    found = difference(one, Population(harder, one.labels), "nll", paired=paired)
    assert found.p is not None and found.estimate.example_variance > 0
    assert pytest.approx(abs(found.estimate.value)) == half_width(found.estimate, 1 - found.p)
    for margin in (abs(found.estimate.value) / 2, 2 * abs(found.estimate.value)):
        shown = tost(found, margin)
        assert shown is not None and shown.equivalent == (shown.p <= 0.05)
        room = half_width(found.estimate, abs(1 - 2 * shown.p))
        assert pytest.approx(abs(margin - abs(found.estimate.value))) == room


def test_an_alpha_as_small_as_may_be_still_has_an_interval() -> None:
    one, other = two_arms()
    found = difference(one, other, "nll", confidence=1 - 1e-6)
    assert found.estimate.interval is not None and math.isfinite(found.estimate.interval.low)


def test_arms_that_never_differ_are_still_uncertain_by_what_n_examples_allow() -> None:
    one, _ = two_arms()
    for metric in ("accuracy", "macro_f1"):
        same = Population(np.repeat(one.logits[:1], 5, axis=0), one.labels)
        found = difference(same, same, metric)
        assert found.estimate.interval is not None and found.estimate.interval.high >= 1.96**2 / (
            80 + 1.96**2
        )
        shown = tost(found, 0.01)
        assert shown is not None and not shown.equivalent


def test_macro_f1_differs_by_what_scikit_learn_says_with_an_interval() -> None:
    import sklearn.metrics  # type: ignore[import-untyped]

    one, other = two_arms()
    labels = labels_of(one)
    means = [
        np.mean([sklearn.metrics.f1_score(labels, run, average="macro") for run in arm.predictions])
        for arm in (one, other)
    ]
    for paired in (True, False):
        found = difference(one, other, "macro_f1", paired=paired)
        assert pytest.approx(means) == [found.baseline, found.candidate]
        assert found.estimate.interval is not None and found.p is not None


def test_one_run_in_an_arm_has_a_difference_and_no_interval() -> None:
    one, other = two_arms(5, 1)
    for metric in ("accuracy", "macro_f1"):
        found = difference(one, other, metric)
        assert (None, None) == (found.estimate.interval, found.p)
        assert pytest.approx(found.candidate - found.baseline) == found.estimate.value
        assert tost(found, 0.1) is None


def test_arms_on_other_examples_or_without_labels_are_refused() -> None:
    one, other = two_arms()
    with pytest.raises(ValueError, match="no example has a label"):
        difference(one, Population(other.logits))
    with pytest.raises(ValueError, match="same examples"):
        difference(one, Population(other.logits, labels_of(other)[::-1]))
    with pytest.raises(ValueError, match="5 and 4 runs"):
        difference(one, other.of_runs(range(4)), paired=True)
