"""Entity F1: spans as seqeval counts them, and the interval of a difference over rows."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from parity.metrics.entity_f1 import metric, spans_of
from parity.metrics.metric import Outputs

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def outputs(rows: list[list[str]], picked: list[list[str]]) -> Outputs:
    labels, predictions = (
        np.array([NAMES.index(tag) for tag in itertools.chain.from_iterable(side)]) for side in (rows, picked)
    )
    numbers = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    return Outputs(np.zeros((len(labels), len(NAMES))), predictions, labels, rows=numbers, names=NAMES)


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("O O", set[tuple[int, int, str]]()),
        ("B-PER I-PER O", {(0, 1, "PER")}),
        ("B-PER B-PER", {(0, 0, "PER"), (1, 1, "PER")}),
        ("I-PER I-LOC", {(0, 0, "PER"), (1, 1, "LOC")}),
        ("B-PER O I-PER", {(0, 0, "PER"), (2, 2, "PER")}),
        ("S-PER E-PER", {(0, 0, "PER"), (1, 1, "PER")}),
        ("B-PER E-PER I-PER", {(0, 1, "PER"), (2, 2, "PER")}),
        ("", set[tuple[int, int, str]]()),
    ],
)
def test_spans(tags: str, spans: set[tuple[int, int, str]]) -> None:
    assert spans_of(tags.split()) == spans


def test_a_span_counts_only_whole_and_never_over_the_end_of_a_row() -> None:
    rows = [["B-PER", "I-PER"], ["I-PER", "O", "B-LOC"]]
    picked = [["B-PER", "O"], ["I-PER", "O", "B-LOC"]]
    # 3 spans of the tags, 3 predicted, 2 hits.
    assert metric.values(outputs(rows, picked)) == pytest.approx(2 * 2 / 6)
    assert metric.values(outputs([["O"]], [["O"]])) == 0.0


def test_without_each_row_is_the_metric_of_the_other_rows() -> None:
    rows = [["B-PER", "I-PER"], ["O"], ["B-LOC", "O"]]
    picked = [["B-PER", "O"], ["B-PER"], ["B-LOC", "O"]]
    found = metric.deleted(outputs(rows, picked))
    expected = [
        float(metric.values(outputs([*rows[:k], *rows[k + 1 :]], [*picked[:k], *picked[k + 1 :]])))
        for k in range(len(rows))
    ]
    assert found.tolist() == pytest.approx(expected)


def test_the_interval_of_a_difference_is_that_of_the_jackknife_over_rows() -> None:
    draw = random.Random(4)
    rows = [[draw.choice(NAMES) for _ in range(draw.randint(1, 6))] for _ in range(400)]
    one, other = (
        [[tag if draw.random() < share else draw.choice(NAMES) for tag in row] for row in rows]
        for share in (0.8, 0.7)
    )
    sums = metric.paired()
    for start in range(0, 400, 100):
        part = slice(start, start + 100)
        sums.add(outputs(rows[part], one[part]), outputs(rows[part], other[part]))
    before, after = sums.values()
    assert before == pytest.approx(float(metric.values(outputs(rows, one))))
    assert after == pytest.approx(float(metric.values(outputs(rows, other))))
    left = metric.deleted(outputs(rows, other)) - metric.deleted(outputs(rows, one))
    error = np.sqrt((len(rows) - 1) / len(rows) * ((left - left.mean()) ** 2).sum())
    interval = sums.interval(0.95)
    assert interval is not None
    assert (interval.low + interval.high) / 2 == pytest.approx(after - before)
    assert (interval.high - interval.low) / 2 == pytest.approx(1.966 * error, rel=0.02)


def test_where_no_span_differs_nothing_is_known_of_the_interval() -> None:
    sums = metric.paired()
    same = outputs([["B-PER"], ["O"]], [["B-PER"], ["O"]])
    sums.add(same, same)
    assert (sums.values(), sums.interval(0.95)) == ((1.0, 1.0), None)
