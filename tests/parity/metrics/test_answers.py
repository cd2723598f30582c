"""Metrics of answers, against numbers worked out by hand, and the interval against numpy's moments."""

from __future__ import annotations

import numpy as np
import pytest

from parity.metrics.answer_metric import PairedAnswers
from parity.metrics.registry import answer_metrics
from parity.statistics.quantiles import t_quantile

EXACT, F1 = answer_metrics()


@pytest.mark.parametrize(
    ("answer", "right", "exact", "f1"),
    [
        ("the Virgin Mary", ("Virgin Mary",), 1.0, 1.0),
        ("Mary, the virgin!", ("Virgin Mary",), 0.0, 1.0),
        ("Saint Bernadette Soubirous", ("Bernadette", "Bernadette Soubirous"), 0.0, 0.8),
        ("a dog", ("cat",), 0.0, 0.0),
        ("", ("",), 1.0, 1.0),
        ("a dog", ("",), 0.0, 0.0),
    ],
)
def test_an_answer_is_scored_by_the_nearest_right_one(
    answer: str, right: tuple[str, ...], exact: float, f1: float
) -> None:
    assert exact == EXACT.score(answer, right)
    assert pytest.approx(f1) == F1.score(answer, right)


def test_two_sides_are_averaged_with_the_t_interval_of_their_difference() -> None:
    sums = PairedAnswers(F1)
    rows: list[tuple[str, str, list[str]]] = [
        ("one two", "one two", ["one two"]),
        ("one two", "two", ["one two"]),
        ("x", "", []),
        ("y", "z", ["z"]),
    ]
    for reference, candidate, right in rows:
        sums.add(reference, candidate, right)
    ours = [F1.score(reference, right or [""]) for reference, _, right in rows]
    theirs = [F1.score(candidate, right or [""]) for _, candidate, right in rows]
    assert 4 == sums.count
    assert pytest.approx([np.mean(ours), np.mean(theirs)]) == list(sums.values())
    apart = np.array(theirs) - np.array(ours)
    half = t_quantile(0.975, 3) * apart.std(ddof=1) / 2
    interval = sums.interval(0.95)
    assert interval is not None
    assert pytest.approx((apart.mean() - half, apart.mean() + half)) == (interval.low, interval.high)


def test_two_sides_that_answer_the_same_bound_nothing() -> None:
    sums = PairedAnswers(EXACT)
    for _ in range(3):
        sums.add("one", "one", ["one"])
    assert sums.interval(0.95) is None
