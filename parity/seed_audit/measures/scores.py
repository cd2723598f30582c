"""Scores of runs against the labels: what each example earned in each run, and macro-F1, which no example earns alone."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from parity.measure.distributions import log_softmax
from parity.seed_audit.population.population import Population
from parity.statistics.interval import Interval

__all__ = ["RANGES", "ExampleMetric", "Metric", "deleted_macro_f1", "example_scores", "macro_f1"]

ExampleMetric = Literal["accuracy", "nll", "brier"]
Metric = Literal["accuracy", "macro_f1", "nll", "brier"]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Accuracy and macro-F1 are shares, NLL is in nats, Brier the sum over classes.
RANGES: dict[Metric, Interval] = {
    "accuracy": Interval(0.0, 1.0),
    "macro_f1": Interval(0.0, 1.0),
    "nll": Interval(0.0, math.inf),
    "brier": Interval(0.0, 2.0),
}


def example_scores(population: Population, metric: ExampleMetric, temperature: float = 1.0) -> Floats:
    """[runs, labelled examples] correctness (0 or 1), -ln p of the label, or sum_k (p_k - y_k)^2 in [0, 2].

    Raises ValueError where no example has a label.
    """
    labelled, labels = _labelled(population)
    if metric == "accuracy":
        return np.asarray(labelled.predictions == labels, dtype=np.float64)
    log_p = log_softmax(labelled.logits, temperature)
    own = log_p[:, np.arange(labelled.examples), labels]
    if metric == "nll":
        return np.asarray(-own)
    p = np.exp(log_p)
    return np.asarray((p * p).sum(axis=2) - 2 * np.exp(own) + 1)


def macro_f1(population: Population) -> Floats:
    """[runs] the mean over the classes among the labels of F1 = 2 TP / (true + predicted)."""
    labelled, labels = _labelled(population)
    classes = np.unique(labels)
    return np.array([_f1(*_counts(labels, run, classes)).mean() for run in labelled.predictions])


def deleted_macro_f1(population: Population) -> Floats:
    """[runs, labelled examples] each run's macro-F1 without that example; the classes stay those of all labels.

    Leaving out an example with label t and prediction p changes the F1 of t and of p and no other, so that one table over
    the pairs (t, p) that occur answers for all examples.
    """
    labelled, labels = _labelled(population)
    classes = np.unique(labels)
    out = np.empty((labelled.runs, labelled.examples))
    for run, picked in enumerate(labelled.predictions):
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
        out[run] = values[place]
    return out


def _labelled(population: Population) -> tuple[Population, Integers]:
    labelled = population.labelled()
    if labelled is None or labelled.labels is None:
        raise ValueError("no example has a label")
    return labelled, labelled.labels


def _counts(labels: Integers, picked: Integers, classes: Integers) -> tuple[Integers, Integers, Integers]:
    """For each class: hits, how often it is the label, how often it was picked."""
    true, guess = labels == classes[:, None], picked == classes[:, None]
    return (true & guess).sum(axis=1), true.sum(axis=1), guess.sum(axis=1)


def _f1(hits: Integers, true: Integers, guessed: Integers) -> Floats:
    return np.asarray(2 * hits / np.maximum(true + guessed, 1), dtype=np.float64)
