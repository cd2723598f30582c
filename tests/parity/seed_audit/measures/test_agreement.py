"""Churn, agreement and distances between runs, against brute force, statsmodels, krippendorff and scipy."""

# scipy, scikit-learn and the other references are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

import math
from itertools import combinations, permutations

import numpy as np
import pytest
import scipy.spatial.distance  # type: ignore[import-untyped]
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.measure.activation import SOFTMAX
from parity.seed_audit.measures.agreement import agreement, vote_entropy
from parity.seed_audit.measures.churn import churn, churn_kinds, votes
from parity.seed_audit.measures.distances import run_distances
from parity.seed_audit.population.population import Population
from tests.seed_runs import labels_of, population

MADE = population(5, 80, noise=1.5)
PICKED = MADE.predictions


def test_churn_is_the_mean_over_pairs_of_what_differs() -> None:
    expected = [(PICKED[i] != PICKED[j]).mean() for i, j in combinations(range(5), 2)]
    found = churn(PICKED)
    assert pytest.approx(np.mean(expected)) == found.estimate.value
    assert (min(expected), max(expected)) == (found.least, found.most)
    assert found.matrix[1][3] == found.matrix[3][1] == (PICKED[1] != PICKED[3]).mean()


def test_the_two_way_jackknife_leaves_out_runs_and_never_repeats_one() -> None:
    def mean_churn(predictions: object) -> float:
        picked = np.asarray(predictions)
        return float(np.mean([(a != b).mean() for a, b in combinations(picked, 2)]))

    by_example = np.mean([a != b for a, b in combinations(PICKED, 2)], axis=0)
    deleted = np.array([mean_churn(np.delete(PICKED, run, 0)) for run in range(5)])
    runs = 4 / 5 * ((deleted - deleted.mean()) ** 2).sum()
    examples = by_example.var(ddof=1) / 80
    found = churn(PICKED).estimate
    assert pytest.approx((runs, examples)) == (found.run_variance, found.example_variance)
    degrees = (runs + examples) ** 2 / (runs**2 / 4 + examples**2 / 79)
    half = scipy.stats.t.ppf(0.975, degrees) * math.sqrt(runs + examples)
    assert pytest.approx((found.value - half, found.value + half)) == found.interval
    assert degrees >= 4


def test_two_runs_have_the_exact_interval_of_their_pair() -> None:
    import statsmodels.stats.proportion  # type: ignore[import-untyped]

    found = churn(PICKED[:2])
    count = int((PICKED[0] != PICKED[1]).sum())
    expected = statsmodels.stats.proportion.proportion_confint(count, 80, 0.05, "beta")
    assert pytest.approx(expected) == found.estimate.interval
    assert "examples, for this pair of runs" == found.over


def test_no_flip_among_n_examples_still_bounds_churn() -> None:
    found = churn(np.zeros((4, 100), dtype=np.int64))
    assert found.estimate.interval is not None
    assert 0.0 == found.estimate.value
    assert pytest.approx(1 - 0.025 ** (1 / 100)) == found.estimate.interval.high


def test_churn_splits_into_wins_losses_and_neutral_changes() -> None:
    labels = labels_of(population(5, 80, noise=1.5, known=0.7))
    known = labels >= 0
    win = loss = neutral = 0
    for a, b in permutations(range(5), 2):
        for was, now, truth in zip(PICKED[a, known], PICKED[b, known], labels[known], strict=True):
            win += was != truth and now == truth
            loss += was == truth and now != truth
            neutral += was != truth and now not in (truth, was)
    size = 20 * int(known.sum())
    found = churn_kinds(PICKED, None, labels)
    assert pytest.approx((win / size, loss / size, neutral / size)) == tuple(found)
    assert found.win == found.loss


def test_a_better_candidate_wins_more_than_it_loses() -> None:
    labels = np.array([0, 1, 2, 0])
    found = churn_kinds(np.array([[0, 0, 0, 1]]), np.array([[0, 1, 1, 0]]), labels)
    assert (0.5, 0.0, 0.25) == tuple(found)


def test_fleiss_kappa_is_that_of_statsmodels_and_near_krippendorffs_alpha() -> None:
    import krippendorff
    import statsmodels.stats.inter_rater  # type: ignore[import-untyped]

    found = agreement(PICKED)
    assert found.kappa is not None
    assert pytest.approx(statsmodels.stats.inter_rater.fleiss_kappa(votes(PICKED))) == found.kappa.value
    alpha = krippendorff.alpha(reliability_data=PICKED, level_of_measurement="nominal")
    n = PICKED.size
    expected_apart = (1 - found.chance) * n / (n - 1)
    assert pytest.approx(alpha) == 1 - (1 - found.raw) / expected_apart


def test_the_jackknife_of_kappa_is_that_of_leaving_out_for_real() -> None:
    import statsmodels.stats.inter_rater

    kappa = statsmodels.stats.inter_rater.fleiss_kappa
    by_example = np.array([kappa(np.delete(votes(PICKED), n, 0)) for n in range(80)])
    by_run = np.array([kappa(votes(np.delete(PICKED, run, 0))) for run in range(5)])
    found = agreement(PICKED).kappa
    assert found is not None
    assert pytest.approx(79 / 80 * ((by_example - by_example.mean()) ** 2).sum()) == found.example_variance
    assert pytest.approx(4 / 5 * ((by_run - by_run.mean()) ** 2).sum()) == found.run_variance


def test_kappa_is_undefined_where_every_vote_is_for_one_class() -> None:
    found = agreement(np.zeros((3, 10), dtype=np.int64))
    assert (None, 1.0, 1.0, 0) == (found.kappa, found.raw, found.unanimous, found.contested_total)


def test_vote_entropy_is_scipys_in_bits() -> None:
    expected = scipy.stats.entropy(votes(PICKED), base=2, axis=1)
    assert pytest.approx(expected, abs=1e-12) == vote_entropy(PICKED)
    assert pytest.approx(2.0) == float(vote_entropy(np.array([[0], [1], [2], [3]]))[0])


def test_the_contested_examples_come_most_contested_first_with_their_votes() -> None:
    picked = np.array([[0, 0, 1, 2], [0, 1, 1, 0], [0, 1, 1, 1]])
    found = agreement(picked, np.array([0, 1, 0, -1]), classes=3)
    assert [3, 1] == [one.example for one in found.contested]
    assert ((1, 2), (0, 1)) == found.contested[1].votes
    assert (1, None) == (found.contested[1].label, found.contested[0].label)
    assert (0.5, 0.5, 2 / 3) == (found.unanimous, found.accuracy_unanimous, found.accuracy_contested)
    assert math.log2(3) == found.entropy_limit


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_distances_are_scipys_over_all_pairs(temperature: float) -> None:
    p = SOFTMAX.probabilities(MADE.logits, temperature)
    js = [
        scipy.spatial.distance.jensenshannon(p[i], p[j], axis=1).mean() for i, j in combinations(range(5), 2)
    ]
    squared = [
        (scipy.spatial.distance.jensenshannon(p[i], p[j], axis=1) ** 2).mean()
        for i, j in combinations(range(5), 2)
    ]
    tv = [np.abs(p[i] - p[j]).sum(axis=1).mean() / 2 for i, j in combinations(range(5), 2)]
    kl = [scipy.stats.entropy(p[i], p[j], axis=1).mean() for i, j in permutations(range(5), 2)]
    found = run_distances(MADE.logits, (temperature,))[0]
    assert pytest.approx((np.mean(squared), np.mean(tv), np.mean(kl))) == (
        found.js.value,
        found.tv.value,
        found.kl.value,
    )
    assert np.mean(js) != pytest.approx(found.js.value)  # scipy tells the square root
    assert pytest.approx((max(squared), max(tv))) == (found.js_most, found.tv_most)


def test_distances_have_their_interval_on_the_scale_of_logarithms() -> None:
    found = run_distances(MADE.logits)[0].js
    runs, examples = found.run_variance, found.example_variance
    half = (scipy.stats.t.ppf(0.975, 4) * runs + scipy.stats.norm.ppf(0.975) * examples) / math.sqrt(
        runs + examples
    )
    ratio = math.exp(half / found.value)
    assert pytest.approx((found.value / ratio, found.value * ratio)) == found.interval


def test_distances_of_two_runs_have_an_interval_over_examples_and_say_so() -> None:
    found = run_distances(MADE.logits[:2])[0]
    assert "examples, for this pair of runs" == found.over
    assert found.js.interval is not None and 0.0 == found.js.run_variance
    assert "runs and examples" == run_distances(MADE.logits)[0].over


def test_a_class_that_one_run_rules_out_makes_kl_infinite_and_the_others_not() -> None:
    logits = np.zeros((3, 4, 2))
    logits[0, 0, 1] = -np.inf
    found = run_distances(logits)[0]
    assert (math.inf, None) == (found.kl.value, found.kl.interval)
    assert 0 < found.js.value < math.log(2) and found.tv.interval is not None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_runs_and_of_examples_changes_nothing(seed: int) -> None:
    made = population(4, 30, seed=seed)
    rng = np.random.default_rng(seed)
    other = Population(made.logits[rng.permutation(4)][:, rng.permutation(30)])
    for one, two in (
        (churn(made.predictions).estimate, churn(other.predictions).estimate),
        (agreement(made.predictions).kappa, agreement(other.predictions).kappa),
        (run_distances(made.logits)[0].js, run_distances(other.logits)[0].js),
    ):
        assert one is not None and two is not None
        assert pytest.approx((one.value, one.standard_error), abs=1e-10) == (two.value, two.standard_error)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(3, 6))
def test_a_run_counted_twice_would_shrink_churn_so_it_must_not_be(seed: int, runs: int) -> None:
    picked = population(runs, 40, seed=seed).predictions
    doubled = np.concatenate([picked, picked])
    shrunk = churn(picked).estimate.value * (2 * runs - 2) / (2 * runs - 1)
    assert pytest.approx(shrunk) == churn(doubled).estimate.value
