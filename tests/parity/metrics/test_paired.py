"""Metrics of two sides against labels, with their paired intervals, against scikit-learn, scipy and a bootstrap."""

# scipy and scikit-learn are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.optimize  # type: ignore[import-untyped]
import scipy.special  # type: ignore[import-untyped]
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.metrics.paired import LabelledMeasurement, LabelledSums

Floats = npt.NDArray[np.float64]


def labelled(
    a: Floats, b: Floats, labels: npt.NDArray[np.int64], **how: Any
) -> dict[str, LabelledMeasurement]:
    sums = LabelledSums(**how)
    sums.add(a, b, labels)
    return {seen.metric: seen for seen in sums.measurements()}


def example(rows: int = 400, classes: int = 4, seed: int = 0) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, rows)
    a = generator.standard_normal((rows, classes)) + 1.5 * np.eye(classes)[labels]
    return a, a + 0.7 * generator.standard_normal(a.shape), labels


def test_metrics_agree_with_scikit_learn() -> None:
    import sklearn.metrics  # type: ignore[import-untyped]

    a, b, labels = example()
    got = labelled(a, b, labels)
    for side, name in ((a, "reference"), (b, "candidate")):
        p, picks = scipy.special.softmax(side, axis=1), side.argmax(axis=1)
        expected = {
            "accuracy": sklearn.metrics.accuracy_score(labels, picks),
            "macro_f1": sklearn.metrics.f1_score(labels, picks, average="macro", labels=np.unique(labels)),
            "nll": sklearn.metrics.log_loss(labels, p),
            "brier": sklearn.metrics.brier_score_loss(labels, p, scale_by_half=False),
        }
        assert pytest.approx(expected, rel=1e-9) == {
            metric: getattr(seen, name) for metric, seen in got.items()
        }
    assert all(pytest.approx(seen.candidate - seen.reference) == seen.difference for seen in got.values())


@pytest.mark.parametrize("metric", ["nll", "brier"])
def test_proper_scores_have_the_paired_t_interval(metric: str) -> None:
    a, b, labels = example()
    losses: list[Floats] = []
    for side in (a, b):
        p = scipy.special.softmax(side, axis=1)
        nll = -np.log(p[np.arange(len(labels)), labels])
        losses.append(nll if metric == "nll" else ((p - np.eye(4)[labels]) ** 2).sum(axis=1))
    expected = scipy.stats.ttest_rel(losses[1], losses[0]).confidence_interval(0.95)
    assert pytest.approx((expected.low, expected.high), rel=1e-9) == labelled(a, b, labels)[metric].interval


def test_the_macro_f1_interval_is_as_wide_as_a_bootstrap_finds() -> None:
    import sklearn.metrics

    a, b, labels = example(600)
    seen = labelled(a, b, labels)["macro_f1"]
    picks, other = a.argmax(axis=1), b.argmax(axis=1)
    generator = np.random.default_rng(0)

    def drawn() -> float:
        at = generator.integers(0, 600, 600)
        f1 = (sklearn.metrics.f1_score(labels[at], side[at], average="macro") for side in (picks, other))
        return float(next(f1)) - float(next(f1))

    spread = float(np.std([drawn() for _ in range(400)]))
    assert seen.interval is not None
    assert pytest.approx(2 * 1.96 * spread, rel=0.12) == seen.interval.high - seen.interval.low
    assert seen.interval.low < seen.difference < seen.interval.high


def test_macro_f1_says_no_interval_where_no_prediction_differs() -> None:
    a, _, labels = example()
    assert labelled(a, a.copy(), labels)["macro_f1"].interval is None


def test_unlabelled_examples_take_no_part() -> None:
    a, b, labels = example(40)
    some = labels.copy()
    some[20:] = -1
    assert labelled(a[:20], b[:20], labels[:20]) == labelled(a, b, some)
    assert {} == labelled(a, b, np.full(40, -1))


def test_rows_without_a_distribution_are_counted_as_left_out() -> None:
    a, b, labels = example(10)
    b[3] = np.nan
    got = labelled(a, b, labels)["accuracy"]
    assert (9, 1) == (got.labelled, got.undefined)


def test_a_label_given_no_chance_costs_infinitely_and_the_difference_has_no_interval() -> None:
    got = labelled(np.array([[1.0, 0], [1, 0]]), np.array([[-np.inf, 0], [1, 0]]), np.array([0, 0]))["nll"]
    assert (math.inf, None) == (got.candidate, got.interval)


def test_a_label_outside_the_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the 2 classes"):
        LabelledSums().add(np.zeros((1, 2)), np.zeros((1, 2)), [2])


def test_each_side_is_scored_at_its_own_temperature() -> None:
    import sklearn.metrics

    a, _, labels = example()
    got = labelled(a, a, labels, candidate_temperature=1.7)
    assert (
        pytest.approx(sklearn.metrics.log_loss(labels, scipy.special.softmax(a / 1.7, axis=1)))
        == got["nll"].candidate
    )
    assert 0 == got["accuracy"].difference


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_neither_batches_nor_order_change_a_metric(seed: int, rows: int) -> None:
    a, b, labels = example(rows, seed=seed)
    order = np.random.default_rng(seed).permutation(rows)
    whole, parts = LabelledSums(), LabelledSums()
    whole.add(a, b, labels)
    for part in np.array_split(order, 3):
        parts.add(a[part], b[part], labels[part])
    for one, other in zip(whole.measurements(), parts.measurements(), strict=True):
        assert pytest.approx(one[1:4], rel=1e-9, abs=1e-12) == other[1:4]
        assert (one.interval is None) == (other.interval is None)
        assert pytest.approx(one.interval or (), rel=1e-6, abs=1e-9) == (other.interval or ())
