"""The metric over runs: mean, SD, new run, seed effect, macro-F1, all against scipy, statsmodels and scikit-learn."""

# scipy, scikit-learn and the other references are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.measure.activation import SOFTMAX
from parity.metrics.registry import find_metric
from parity.seed_audit.measures.crossed import crossed_estimate, mean_squares, seed_effect
from parity.seed_audit.measures.metric_spread import metric_spread, spread
from parity.seed_audit.population.population import Population
from tests.seed_runs import labels_of, population

METRICS: tuple[str, ...] = ("accuracy", "macro_f1", "nll")

# The experiment of five runs: accuracy .701, SD .054 (95 % .033 to .156), t .634 to .769, new run .536 to .867.
FIVE = np.array([0.769, 0.738, 0.648, 0.706, 0.646])


def test_five_runs_have_the_intervals_of_the_textbook() -> None:
    told = spread(FIVE)
    t = scipy.stats.t.interval(0.95, 4, FIVE.mean(), scipy.stats.sem(FIVE))
    sd = FIVE.std(ddof=1)
    chi = sd * np.sqrt(4 / scipy.stats.chi2.ppf([0.975, 0.025], 4))
    new = scipy.stats.t.interval(0.95, 4, FIVE.mean(), sd * math.sqrt(1.2))
    assert pytest.approx((*t, *chi, *new)) == (*told.mean_interval, *told.sd_interval, *told.new_run)  # type: ignore[misc]
    assert (0.701, 0.054, 0.634, 0.769) == tuple(
        round(float(v), 3) for v in (told.mean, told.sd or 0, *(told.mean_interval or ()))
    )


def test_one_run_has_no_spread() -> None:
    told = spread(np.array([0.7]))
    assert (0.7, None, None, None, None) == (
        told.mean,
        told.mean_interval,
        told.sd,
        told.sd_interval,
        told.new_run,
    )


def test_an_interval_stays_within_what_the_metric_can_be() -> None:
    made = population(3, 20, noise=0.1)
    perfect = Population(made.logits, made.predictions[0])
    told = metric_spread(perfect).spread
    assert told.new_run is not None and told.new_run.high <= 1.0


def of_sklearn() -> Any:
    """Its metrics, imported by the tests that need them."""
    import sklearn.metrics  # type: ignore[import-untyped]

    return sklearn.metrics


REFERENCES: dict[str, Callable[[Any, Any], float]] = {
    "accuracy": lambda truth, p: of_sklearn().accuracy_score(truth, p.argmax(axis=1)),
    "nll": lambda truth, p: of_sklearn().log_loss(truth, p, labels=range(4)),
    "brier": lambda truth, p: of_sklearn().brier_score_loss(truth, p, labels=range(4), scale_by_half=False),
    "macro_f1": lambda truth, p: of_sklearn().f1_score(
        truth, p.argmax(axis=1), labels=np.unique(truth), average="macro", zero_division=0
    ),
}


@pytest.mark.parametrize("metric", ["accuracy", "nll", "brier", "macro_f1"])
def test_each_metric_is_scikit_learns_over_the_labelled_examples(metric: str) -> None:
    made = population(known=0.8)
    kept = labels_of(made) >= 0
    expected = [
        REFERENCES[metric](labels_of(made)[kept], SOFTMAX.probabilities(logits))
        for logits in made.logits[:, kept]
    ]
    found = metric_spread(made, metric)
    assert pytest.approx(expected) == list(found.spread.values)
    assert (5, int(kept.sum())) == (found.runs, found.examples)


def test_a_temperature_changes_nll_and_not_accuracy() -> None:
    made = population()
    assert metric_spread(made).spread == metric_spread(made, temperature=3.0).spread
    assert metric_spread(made, "nll").spread.mean != metric_spread(made, "nll", temperature=3.0).spread.mean


def test_mean_squares_and_the_seed_effect_are_those_of_an_analysis_of_variance() -> None:
    import statsmodels.api as sm  # type: ignore[import-untyped]
    import statsmodels.formula.api as smf  # type: ignore[import-untyped]

    scores = find_metric("nll").scores(population(4, 25, noise=2.0).outputs())
    assert scores is not None
    frame = pd.DataFrame(
        [(run, n, scores[run, n]) for run in range(4) for n in range(25)], columns=["run", "example", "score"]
    )
    table = sm.stats.anova_lm(smf.ols("score ~ C(run) + C(example)", frame).fit())
    squares, effect = mean_squares(scores), seed_effect(scores)
    assert effect is not None
    assert pytest.approx(list(table["mean_sq"])) == [squares.of_runs, squares.of_examples, squares.rest]
    assert pytest.approx(table["PR(>F)"].iloc[0]) == effect.p
    assert pytest.approx(scores.mean(axis=1).std(ddof=1)) == effect.observed_sd


def test_seed_effect_and_flip_noise_add_up_to_what_is_seen() -> None:
    rng = np.random.default_rng(1)
    scores = rng.standard_normal((6, 200)) + rng.standard_normal((6, 1))
    effect = seed_effect(scores)
    assert effect is not None and effect.seed_sd > 0
    assert pytest.approx(effect.observed_sd**2) == effect.seed_sd**2 + effect.flip_sd**2


def test_runs_that_score_alike_everywhere_have_no_seed_effect_and_no_p_below_one() -> None:
    effect = seed_effect(np.tile([1.0, 0.0, 1.0], (4, 1)))
    assert (0.0, 0.0, 0.0, 1.0) == effect


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(-50, 50))
def test_the_order_of_runs_and_examples_and_a_constant_on_a_row_change_nothing(
    seed: int, shift: float
) -> None:
    made = population(4, 30, seed=seed)
    rng = np.random.default_rng(seed)
    rows, runs = rng.permutation(30), rng.permutation(4)
    other = Population(made.logits[runs][:, rows] + shift, labels_of(made)[rows])
    for metric in METRICS:
        one, two = metric_spread(made, metric), metric_spread(other, metric)
        assert pytest.approx((one.spread.mean, one.spread.sd), abs=1e-9) == (two.spread.mean, two.spread.sd)
        assert one.overall is not None and two.overall is not None
        assert pytest.approx(one.overall.standard_error, abs=1e-9) == two.overall.standard_error


def test_with_no_example_effect_the_crossed_t_is_the_t_over_runs() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((5, 40))
    values -= values.mean(axis=0)  # example means alike
    values += rng.standard_normal((5, 1))
    means = values.mean(axis=1)
    expected = scipy.stats.t.interval(0.95, 4, means.mean(), scipy.stats.sem(means))
    assert pytest.approx(expected) == crossed_estimate(values, 0.95).interval


def test_runs_that_are_all_right_still_leave_room_for_what_n_examples_allow() -> None:
    made = population(3, 80, noise=0.0)
    perfect = Population(made.logits, made.predictions[0])
    for metric in ("accuracy", "macro_f1"):
        overall = metric_spread(perfect, metric).overall
        assert overall is not None and overall.interval is not None
        assert (1.0, 1.0) == (overall.value, overall.interval.high)
        assert overall.interval.low <= 80 / (80 + 1.96**2)


def test_a_spread_of_flips_alone_is_no_seed_effect_and_one_of_seeds_is() -> None:
    rng = np.random.default_rng(0)
    flips, seeds = rng.standard_normal((6, 400)), 0.5 * rng.standard_normal((6, 1))
    flips -= flips.mean(axis=1, keepdims=True) / 2
    for values, unseen in ((flips, True), (flips + seeds, False)):
        effect = seed_effect(values)
        assert effect is not None and effect.unseen(0.05) == unseen
