"""Churn: the share of examples that two runs decide differently."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.seed_audit.population.decided import local_codes
from parity.statistics.estimate import Estimate, pairwise_estimate, spread_part
from parity.statistics.interval import Interval, clopper_pearson
from parity.statistics.pairing import Pairing
from parity.statistics.quantiles import t_quantile

__all__ = ["Churn", "ChurnKinds", "by_text", "churn", "churn_kinds", "churn_matrix", "disagreement", "votes"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Churn(NamedTuple):
    """Churn within a population. matrix: [runs, runs] shares of examples; `estimate` its mean over pairs.

    `over` says what the interval holds for: new runs and new examples (two-way jackknife, three runs or more), or new
    examples for this pair of runs only (two runs, Clopper-Pearson). Where no prediction differs the upper bound is still
    what zero flips in N examples allow. Of the tokens of texts shares are of tokens, and the `examples` are the texts: of two runs the
    interval is then the t interval over texts.
    """

    matrix: tuple[tuple[float, ...], ...]
    estimate: Estimate
    least: float
    most: float
    over: str
    examples: int
    of: str = "examples"


class ChurnKinds(NamedTuple):
    """Churn by what it did, as shares of labelled examples: wrong to right, right to wrong, wrong to another wrong.

    Within one arm the runs have no order, so that wins equal losses; from a baseline to a candidate they need not.
    """

    win: float
    loss: float
    neutral: float


def churn_matrix(one: Integers, other: Integers) -> Floats:
    """[runs of one, runs of other] the share of examples decided differently, from predictions [runs, examples]."""
    return np.array([(other != run).mean(axis=1) for run in one], dtype=np.float64)


def votes(predictions: Integers) -> Integers:
    """[examples, classes] how many runs chose each class, for the classes that occur, in their order."""
    classes = np.unique(predictions)
    return np.stack([(predictions == k).sum(axis=0) for k in classes], axis=1)


def disagreement(predictions: Integers, pairing: Pairing | None = None) -> Floats:
    """[examples] the share of pairs of runs that decide the example differently; pairing: which pairs (None: all)."""
    runs = len(predictions)
    if pairing is None:
        counts = votes(local_codes(predictions))
        return np.asarray(1.0 - (counts * (counts - 1)).sum(axis=1) / (runs * (runs - 1)))
    apart = np.zeros(predictions.shape[1])
    for run, used in zip(predictions, pairing.used, strict=True):
        apart += (predictions[used] != run).sum(axis=0)
    return np.asarray(apart / pairing.used.sum())


def by_text(apart: Floats, texts: Integers | None) -> Floats:
    """[texts] what each text adds to a mean over tokens [tokens] of texts, whose mean is that mean: R + (d - R m) / (mean m) with d the
    text's sum over its m tokens (the influence function of a ratio; Cochran, Sampling Techniques, 1977, 6.4). Without texts as it is.

    >>> by_text(np.array([1.0, 0.0, 0.0, 0.0]), np.array([0, 0, 1, 1])).tolist()
    [0.5, 0.0]
    """
    if texts is None or not len(apart):
        return apart
    starts = np.flatnonzero(np.r_[True, texts[1:] != texts[:-1]])
    sums, counts = np.add.reduceat(apart, starts), np.diff([*starts.tolist(), len(apart)])
    mean = float(apart.mean())
    return np.asarray(mean + (sums - mean * counts) / counts.mean())


def churn(
    predictions: Integers,
    confidence: float = 0.95,
    pairing: Pairing | None = None,
    texts: Integers | None = None,
) -> Churn:
    """The churn between pairs of runs, from predictions [runs, examples]; two runs at least.

    pairing: which pairs are of runs that share no seed, where not all are; the estimate is of these, the matrix of all. texts: [tokens] the
    text of each, where predictions are [runs, tokens]: texts are what is independent.
    """
    runs = len(predictions)
    matrix = churn_matrix(predictions, predictions)
    apart = by_text(disagreement(predictions, pairing), texts)
    examples = len(apart)
    found = pairwise_estimate(matrix, apart, confidence, within=Interval(0.0, 1.0), pairing=pairing)
    pairs = matrix[np.triu_indices(runs, 1)]
    over = "runs and examples"
    if runs == 2:
        over = "examples, for this pair of runs"
        found = found._replace(interval=_of_pair(apart, confidence, whole=texts is None))
    elif found.value == 0 and found.interval is not None:
        found = found._replace(interval=clopper_pearson(0, examples, confidence))
    table = tuple(tuple(float(share) for share in row) for row in matrix)
    return Churn(
        table,
        found,
        float(pairs.min()),
        float(pairs.max()),
        over,
        examples,
        "examples" if texts is None else "tokens",
    )


def _of_pair(apart: Floats, confidence: float, *, whole: bool) -> Interval | None:
    """Over examples, for one pair of runs: whole examples that differ or do not, or shares of texts."""
    if whole or not apart.any():
        return clopper_pearson(round(float(apart.sum())), len(apart), confidence)
    part = spread_part(apart) if len(apart) > 1 else None
    if part is None:
        return None
    half = t_quantile((1 + confidence) / 2, part.degrees) * math.sqrt(part.variance)
    mean = float(apart.mean())
    return Interval(max(0.0, mean - half), min(1.0, mean + half))


def churn_kinds(baseline: Integers, candidate: Integers | None, labels: Integers) -> ChurnKinds:
    """From each run of the baseline to each of the candidate, predictions [runs, examples] and labels (-1: excluded).

    Without a candidate it is the churn within one arm: each pair of different runs, both ways.
    """
    known = labels >= 0
    one, truth = baseline[:, known], labels[known]
    other = one if candidate is None else candidate[:, known]
    pairs = len(one) * (len(other) - (candidate is None))
    if pairs < 1 or not len(truth):
        return ChurnKinds(0.0, 0.0, 0.0)
    win = loss = neutral = 0
    right = other == truth
    for run in one:
        was = run == truth
        win += int((right & ~was).sum())
        loss += int((~right & was).sum())
        neutral += int((~right & ~was & (other != run)).sum())
    size = pairs * len(truth)
    return ChurnKinds(win / size, loss / size, neutral / size)
