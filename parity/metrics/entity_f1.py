"""Entity F1: the F1 of the spans that tags make of the words of a row, as seqeval counts them. It is not a mean over examples."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from parity.metrics.metric import Outputs
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval
from parity.statistics.quantiles import t_quantile

__all__ = ["metric", "spans_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Span = tuple[int, int, str]
_OUTSIDE = "O"


def spans_of(tags: Sequence[str]) -> set[Span]:
    """The spans of one row's tags: first word, last word, type. A span ends at another type, at O, and at the next B.

    A span may begin with I where none of its type is open, as seqeval has it by default.

    >>> sorted(spans_of(["B-PER", "I-PER", "B-PER", "O", "I-LOC"]))
    [(0, 1, 'PER'), (2, 2, 'PER'), (4, 4, 'LOC')]
    """
    found: set[Span] = set()
    start, before, kind_before = 0, _OUTSIDE, ""
    for place, tag in enumerate([*tags, _OUTSIDE]):
        mark, kind = tag[:1], tag[1:].removeprefix("-")
        if before != _OUTSIDE and (mark in "OBS" or before in "ES" or kind != kind_before):
            found.add((start, place - 1, kind_before))
        if mark != _OUTSIDE and (before == _OUTSIDE or mark in "BS" or before in "ES" or kind != kind_before):
            start = place
        before, kind_before = mark, kind
    return found


class _EntityF1:
    name = "entity_f1"
    noun = "entity F1"
    form = MetricForm(title="entity F1", better="higher", scale=100.0, digits=1, unit="%", step="points")
    range = Interval(0.0, 1.0)
    of_decisions = True
    spans = True

    def scores(self, outputs: Outputs) -> None:
        """No word contributes by itself."""

    def values(self, outputs: Outputs) -> Floats:
        """[...] F1 = 2 hits / (spans of the tags + spans that were predicted); 0 where there are neither."""
        runs = outputs.predictions.reshape(-1, len(outputs.labels))
        found = [_f1(_counts(outputs, run).sum(axis=0)) for run in runs]
        return np.array(found).reshape(outputs.predictions.shape[:-1])

    def deleted(self, outputs: Outputs) -> Floats:
        """[..., rows] F1 without each row."""
        runs = outputs.predictions.reshape(-1, len(outputs.labels))
        found = np.array([_without_rows(outputs, run) for run in runs])
        return found.reshape(*outputs.predictions.shape[:-1], found.shape[-1])

    def could_move(self, share: float) -> float:
        """By the whole range: a tag that is not a class is a span that no run predicts."""
        return self.range.high

    def paired(self) -> _PairedSpans:
        """Spans of both sides, row by row."""
        return _PairedSpans()


class _PairedSpans:
    """How often rows have so many spans of the tags, spans of either side and hits; the interval is by the delta method on each row's
    influence, as the words of a row are not independent. None where no row's spans differ: then the influence knows nothing."""

    def __init__(self) -> None:
        self._rows: Counter[tuple[int, ...]] = Counter()

    def add(self, reference: Outputs, candidate: Outputs) -> None:
        """Take in a batch of both sides, of whole rows."""
        one, other = (_counts(side, side.predictions) for side in (reference, candidate))
        self._rows.update(map(tuple, np.concatenate([one, other], axis=1).tolist()))

    def values(self) -> tuple[float, float]:
        """Entity F1 of each side."""
        counts, times = self._table()
        whole = times @ counts
        return _f1(whole[:3]), _f1(whole[3:])

    def interval(self, confidence: float) -> Interval | None:
        """Of candidate minus reference."""
        counts, times = self._table()
        n = int(times.sum())
        one, other = (_influence(side, times) for side in (counts[:, :3], counts[:, 3:]))
        moved = other - one
        if n < 2 or not moved.any():
            return None
        before, after = self.values()
        mean = float((moved * times).sum() / n)
        variance = float((times * (moved - mean) ** 2).sum() / (n - 1))
        half = t_quantile((1 + confidence) / 2, n - 1) * math.sqrt(variance / n)
        return Interval(max(-1.0, after - before - half), min(1.0, after - before + half))

    def _table(self) -> tuple[Integers, Integers]:
        """[kinds of rows, 6] spans of the tags, predicted, hits of each side, and how many rows there are of each kind."""
        items = sorted(self._rows.items())
        return np.array([row for row, _ in items], dtype=np.int64), np.array([times for _, times in items])


def _counts(outputs: Outputs, predictions: Integers) -> Integers:
    """[rows, 3] the spans of the tags, the spans that were predicted, and those that are both."""
    assert outputs.rows is not None, "spans need the rows that words are in"
    found: list[tuple[int, int, int]] = []
    edges = np.flatnonzero(np.diff(outputs.rows)) + 1
    for places in np.split(np.arange(len(outputs.rows)), edges):
        true, guess = (
            spans_of([outputs.names[int(number)] for number in side[places]])
            for side in (outputs.labels, predictions)
        )
        found.append((len(true), len(guess), len(true & guess)))
    return np.array(found, dtype=np.int64).reshape(-1, 3)


def _f1(counts: Integers) -> float:
    true, guess, hits = counts.tolist()
    return 2 * hits / (true + guess) if true + guess else 0.0


def _influence(counts: Integers, times: Integers) -> Floats:
    """[kinds of rows] how much one more such row moves F1, times the number of rows: (2 hits - F1 spans) / (spans a row)."""
    whole = times @ counts
    spans = int(whole[0] + whole[1])
    if not spans:
        return np.zeros(len(times))
    moved = 2 * counts[:, 2] - _f1(whole) * (counts[:, 0] + counts[:, 1])
    return np.asarray(moved * (times.sum() / spans), dtype=np.float64)


def _without_rows(outputs: Outputs, predictions: Integers) -> Floats:
    """[rows] F1 of one run without each row."""
    counts = _counts(outputs, predictions)
    whole = counts.sum(axis=0)
    return np.array([_f1(whole - row) for row in counts])


metric = _EntityF1()
