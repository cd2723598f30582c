"""Macro-F1: the mean of F1 over the classes that occur among the labels. It is not a mean over examples."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import numpy.typing as npt

from parity.metrics.metric import Outputs
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval
from parity.statistics.quantiles import t_quantile

__all__ = ["metric"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class _MacroF1:
    name = "macro_f1"
    noun = "macro F1"
    form = MetricForm(title="macro F1", better="higher", scale=100.0, digits=1, unit="%", step="points")
    range = Interval(0.0, 1.0)
    of_decisions = True
    classes = True

    def scores(self, outputs: Outputs) -> None:
        """No example contributes by itself."""

    def values(self, outputs: Outputs) -> Floats:
        """[...] the mean over the classes among the labels of F1 = 2 TP / (true + predicted)."""
        classes = np.unique(outputs.labels)
        runs = outputs.predictions.reshape(-1, len(outputs.labels))
        found = [_f1(*_counts(outputs.labels, run, classes)).mean() for run in runs]
        return np.array(found).reshape(outputs.predictions.shape[:-1])

    def deleted(self, outputs: Outputs) -> Floats:
        """[..., examples] macro-F1 without that example; the classes stay those of all labels.

        Leaving out an example with label t and prediction p changes the F1 of t and of p and no other, so that one table over
        the pairs (t, p) that occur answers for all examples.
        """
        classes = np.unique(outputs.labels)
        runs = outputs.predictions.reshape(-1, len(outputs.labels))
        found = np.array([_without_each(outputs.labels, run, classes) for run in runs])
        return found.reshape(outputs.predictions.shape)

    def could_move(self, share: float) -> float:
        """By the whole range: a label that is not a class counts as one more class, which no run predicts."""
        return self.range.high

    def paired(self) -> _PairedF1:
        """Counts of label and decisions."""
        return _PairedF1()


class _PairedF1:
    """How often each label meets each decision of either side; the interval is by the delta method on each example's influence.

    None where no decision differs: then the influence knows nothing.
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, int, int]] = Counter()

    def add(self, reference: Outputs, candidate: Outputs) -> None:
        """Take in a batch of both sides."""
        sides = (reference.labels, reference.predictions, candidate.predictions)
        self._counts.update(zip(*(side.tolist() for side in sides), strict=True))

    def values(self) -> tuple[float, float]:
        """Macro-F1 of each side."""
        truth, one, other, count = self._table()
        return _influence(truth, one, count)[0], _influence(truth, other, count)[0]

    def interval(self, confidence: float) -> Interval | None:
        """Of candidate minus reference."""
        truth, one, other, count = self._table()
        before, after = (_influence(truth, side, count) for side in (one, other))
        difference, influence = after[0] - before[0], after[1] - before[1]
        n = int(count.sum())
        if n < 2 or not influence.any():
            return None
        mean = float((influence * count).sum() / n)
        variance = float((count * (influence - mean) ** 2).sum() / (n - 1))
        half = t_quantile((1 + confidence) / 2, n - 1) * math.sqrt(variance / n)
        return Interval(max(-1.0, difference - half), min(1.0, difference + half))

    def _table(self) -> Integers:
        """[label, decision of the reference, decision of the candidate, how often] x the triples that occur."""
        return np.array(
            [[*triple, count] for triple, count in sorted(self._counts.items())], dtype=np.int64
        ).T


def _influence(truth: Integers, picked: Integers, count: Integers) -> tuple[float, Floats]:
    """Macro-F1 over the classes among the labels, and every entry's influence on it (n times its derivative).

    F1 = 2 TP / (P + T), so one more example moves it by (2 [hit] - F1 ([picked] + [true])) / (P + T).
    """
    classes = np.unique(truth)
    f1 = _f1(*_counts(truth, picked, classes, count))
    influence = np.zeros(len(truth))
    for k, value in zip(classes, f1.tolist(), strict=True):
        true, guess = truth == k, picked == k
        size = int(count[true].sum() + count[guess].sum())
        influence += (2.0 * (true & guess) - value * (1.0 * true + 1.0 * guess)) / size
    return float(f1.mean()), influence * (int(count.sum()) / len(classes))


def _without_each(labels: Integers, picked: Integers, classes: Integers) -> Floats:
    """[examples] macro-F1 of one run without each example."""
    hits, true, guessed = _counts(labels, picked, classes)
    whole = _f1(hits, true, guessed)
    pairs, place = np.unique(np.stack([labels, picked]), axis=1, return_inverse=True)
    values = np.empty(pairs.shape[1])
    for index, (label, guess) in enumerate(pairs.T):
        is_label, is_guess = (classes == label).astype(np.int64), (classes == guess).astype(np.int64)
        touched = (is_label + is_guess) > 0
        without = _f1(
            (hits - is_label * is_guess)[touched],
            (true - is_label)[touched],
            (guessed - is_guess)[touched],
        )
        values[index] = whole.mean() + (without - whole[touched]).sum() / len(classes)
    return np.asarray(values[place])


def _counts(
    labels: Integers, picked: Integers, classes: Integers, count: Integers | None = None
) -> tuple[Integers, Integers, Integers]:
    """For each class: hits, how often it is the label, how often it was picked; count: how often each entry occurs (None: once)."""
    true, guess = labels == classes[:, None], picked == classes[:, None]
    if count is None:
        return (true & guess).sum(axis=1), true.sum(axis=1), guess.sum(axis=1)
    return (true & guess) @ count, true @ count, guess @ count


def _f1(hits: Integers, true: Integers, guessed: Integers) -> Floats:
    return np.asarray(2 * hits / np.maximum(true + guessed, 1), dtype=np.float64)


metric = _MacroF1()
