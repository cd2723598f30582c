"""Runs that decide nothing: the metric alone is judged, and without one nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.difference import difference
from parity.seed_audit.measures.metric_spread import metric_spread
from parity.seed_audit.verdict.equivalence import BothArms, compare_arms
from parity.seed_audit.verdict.reasons import Reason
from parity.seed_audit.verdict.runs_needed import runs_for_stability
from parity.seed_audit.verdict.stability import OneArm, judge_stability
from parity.seed_audit.verdict.unmeasured import LabelsRead, Requested, unmeasured
from tests.held_runs import scores

MARGINS = Margins(metric=0.2, churn=0.1)
NOT_MEASURED = Reason("metric_not_measured", None, None, False)


def test_a_metric_within_its_margin_is_stable_without_churn() -> None:
    made = scores(np.random.default_rng(0), 5, 200, 0.02).population
    spread = metric_spread(made, "spearman")
    assert judge_stability(MARGINS, OneArm(spread, None, runs=5, decides=False)).verdict == "stable"
    # Where runs decide something, churn that is not known is no pass.
    assert judge_stability(MARGINS, OneArm(spread, None, runs=5)).verdict == "inconclusive"


def test_without_a_metric_nothing_is_judged_and_more_runs_would_not_help() -> None:
    found = judge_stability(MARGINS, OneArm(None, None, runs=5, decides=False), [NOT_MEASURED])
    assert ("inconclusive", "not_measured", None) == (
        found.verdict,
        found.runs_needed.kind,
        found.runs_needed.runs,
    )


@pytest.mark.parametrize(("runs", "verdict"), [(2, "inconclusive"), (5, "equivalent")])
def test_two_arms_are_equivalent_by_the_metric_alone_from_three_runs_on(runs: int, verdict: str) -> None:
    made = scores(np.random.default_rng(1), 2 * runs, 400, 0.0).population
    apart = difference(made.of_runs(range(runs)), made.of_runs(range(runs, 2 * runs)), "spearman")
    margins = Margins(metric=0.5, churn=0.1)
    found = compare_arms(margins, BothArms(apart, None, (runs, runs), decides=False))
    assert verdict == found.verdict
    assert compare_arms(margins, BothArms(apart, None, (runs, runs))).verdict == "inconclusive"


def test_without_both_metric_and_churn_two_arms_are_never_equivalent() -> None:
    found = compare_arms(MARGINS, BothArms(None, None, (5, 5), decides=False), [NOT_MEASURED])
    assert ("inconclusive", "not_measured") == (found.verdict, found.runs_needed.kind)


def test_the_runs_needed_follow_from_the_metric_alone() -> None:
    found = runs_for_stability(0.06, 0.2, None, 0.1, 3, 0.05)
    assert found.kind == "estimate"
    assert runs_for_stability(None, 0.2, None, 0.1, 3, 0.05).kind == "at_least"


@pytest.mark.parametrize(
    ("counted", "metric", "sentence"),
    [
        (
            "tokens",
            "perplexity",
            "No text has a token that is predicted from others: perplexity was not measured.",
        ),
        (
            "scores",
            "spearman",
            "The inputs have no labels: Spearman's correlation needs a number for each example",
        ),
        (
            "vectors",
            "recall_at_k",
            "The inputs have no labels: recall at 10 needs one column of texts and a column of labels",
        ),
    ],
)
def test_a_metric_that_cannot_be_measured_is_reported_though_it_was_not_named(
    counted: str, metric: str, sentence: str
) -> None:
    labels = LabelsRead(None, 0, [], "a number", counted)  # type: ignore[arg-type]  # a plain string
    (found,) = unmeasured(Requested(metric, False, None, MARGINS), labels, [], [], 1)
    assert found.sentence.startswith(sentence)


def test_labels_that_are_not_numbers_are_named_and_prevent_a_pass() -> None:
    labels = LabelsRead(np.array([0, -1, 0, 0]), 4, ["high"], "a number", "scores")
    found = unmeasured(Requested("spearman", True, None, MARGINS), labels, [], [0.5], 1)
    assert found[0].sentence.startswith("1 of 4 labels are not a number ('high', for one). They are excluded")
    none = unmeasured(Requested("spearman", True, None, MARGINS), labels._replace(classes=None), [], [], 1)
    assert (
        "None of the 4 labels is a number ('high', for one): Spearman's correlation was not measured."
        == none[0].sentence
    )
