"""Recall at k: the share of texts that have a text of their own label among their k nearest neighbours, by cosine.

k is 10, or half of the other texts where there are fewer: where all are neighbours every text has one. Only texts whose label another text
has as well are asked. Copies of one text are equally near, and which of them is named is decided by nothing.

Of runs it is not a mean over independent texts: each text is also a neighbour of others. Without a text they have their next neighbour in
its place, and a text whose label no other has then is not asked; k stays what it is. The jackknife over these errs on the wide side (Efron
and Stein, Ann. Statist. 1981).
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import numpy.typing as npt

from parity.measure.embeddings import AT, directions
from parity.metrics.embedding_metric import EmbeddedTexts, EmbeddingMeasurement
from parity.metrics.metric import Outputs
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval, paired_proportion_interval

__all__ = ["metric"]

_AT_ONCE = 256
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


class _RecallAtK:
    name = "recall_at_k"
    noun = f"recall at {AT}"
    form = MetricForm(title=f"recall@{AT}", better="higher", scale=100.0, digits=1, unit="%", step="points")
    range = Interval(0.0, 1.0)
    of_decisions = True
    needs = "one column of texts and a column of labels (label, intent, category, say)"

    def measure(self, texts: EmbeddedTexts, confidence: float) -> EmbeddingMeasurement | None:
        """None where texts are in pairs, or no label is had by two texts."""
        labelled = [place for place, label in enumerate(texts.labels) if label is not None]
        if (texts.partners >= 0).any() or len(labelled) < 3:
            return None
        names = [texts.labels[place] for place in labelled]
        times = Counter(names)
        asked = np.array([times[name] > 1 for name in names])
        if not asked.any():
            return None
        _, labels = np.unique(np.array(names), return_inverse=True)
        k = _k(len(labelled))
        one, other = (_found(side[labelled], labels, k)[asked] for side in (texts.reference, texts.candidate))
        won, lost = int((other & ~one).sum()), int((one & ~other).sum())
        count = int(asked.sum())
        interval = paired_proportion_interval(won, lost, count, confidence)
        return EmbeddingMeasurement(float(one.mean()), float(other.mean()), interval, count)

    def scores(self, outputs: Outputs) -> None:
        """A text counts for itself, and as a neighbour of others."""

    def values(self, outputs: Outputs) -> Floats:
        """[...] the share of the texts that are asked; NaN where none is."""
        asked = _asked(outputs.labels)
        if not asked.any():
            return np.full(outputs.logits.shape[:-2], np.nan)
        k = _k(len(asked))
        found = [_found(run, outputs.labels, k)[asked].mean() for run in _runs(outputs)]
        return np.array(found).reshape(outputs.logits.shape[:-2])

    def deleted(self, outputs: Outputs) -> Floats:
        """[..., texts] the share without each text, among as many neighbours."""
        asked = _asked(outputs.labels)
        found = [_without_each(run, outputs.labels, asked) for run in _runs(outputs)]
        return np.array(found).reshape(outputs.logits.shape[:-1])

    def could_move(self, share: float) -> float:
        """By the whole range: a text without a label may be the only near one of a label."""
        return self.range.high

    def by_chance(self, outputs: Outputs) -> float:
        """The share that neighbours drawn at random would give, 1 - C(n-1-m, k)/C(n-1, k) for a text with m others of its label, and two
        standard errors of a share of as many texts."""
        labels, n = outputs.labels, len(outputs.labels)
        asked, k = _asked(labels), _k(n)
        if not asked.any():
            return self.range.high
        others = np.bincount(labels)[labels[asked]] - 1
        drawn = np.arange(k)
        missed = np.prod(np.maximum(n - 1 - others[:, None] - drawn, 0) / (n - 1 - drawn), axis=1)
        share = float((1 - missed).mean())
        return min(share + 2 * math.sqrt(share * (1 - share) / int(asked.sum())), self.range.high)


def _k(texts: int) -> int:
    return max(1, min(AT, (texts - 1) // 2))


def _asked(labels: Integers) -> Booleans:
    """[n] whether another text has the label too."""
    return np.asarray(np.bincount(labels)[labels] > 1)


def _runs(outputs: Outputs) -> Floats:
    """[runs, n, hidden] the directions."""
    shape = outputs.logits.shape
    return directions(outputs.logits.reshape(-1, shape[-1])).reshape(-1, *shape[-2:])


def _found(vectors: Floats, labels: npt.NDArray[np.integer], k: int) -> Booleans:
    """[n] whether a text of the same label is among the k nearest of each."""
    found: list[Booleans] = []
    for start in range(0, len(vectors), _AT_ONCE):
        near = _cosines(vectors, start)
        chosen = np.argpartition(-near, k - 1, axis=1)[:, :k]
        found.append((labels[chosen] == labels[start : start + _AT_ONCE, None]).any(axis=1))
    return np.concatenate(found)


def _cosines(vectors: Floats, start: int) -> Floats:
    """Of some texts to all; that of a text to itself is the least."""
    near = np.asarray(vectors[start : start + _AT_ONCE] @ vectors.T)
    near[np.arange(len(near)), np.arange(len(near)) + start] = -np.inf
    return near


def _without_each(vectors: Floats, labels: Integers, asked: Booleans) -> Floats:
    """[n] the share of one run without each text."""
    n, k = len(vectors), _k(len(vectors))
    if n <= k + 1:
        return np.full(n, np.nan)
    found = _found(vectors, labels, k)
    total, count = float((found & asked).sum()), int(asked.sum())
    hits, times = np.full(n, total), np.full(n, float(count))
    for start in range(0, n, _AT_ONCE):
        near = _cosines(vectors, start)
        chosen = np.argpartition(-near, (k - 1, k), axis=1)[:, : k + 1]
        own = np.arange(start, start + len(near))
        same = labels[chosen] == labels[own, None]
        least = same[:, :k].sum(axis=1)
        # Without one of the k nearest the next one takes its place; of others nothing depends.
        left = least[:, None] - same[:, :k] + same[:, k:] > 0
        moved = left.astype(np.float64) - found[own, None]
        pair = (np.bincount(labels)[labels] == 2)[own]
        useful = asked[own] & ~pair
        np.add.at(hits, chosen[useful][:, :k], moved[useful])
        # Of a label that two texts have, neither is asked without the other.
        for place in np.flatnonzero(pair):
            row = int(own[place])
            partner = int(np.flatnonzero((labels == labels[row]) & (np.arange(n) != row))[0])
            others = chosen[place, :k] != partner
            np.add.at(hits, chosen[place, :k][others], moved[place][others])
            hits[partner] -= float(found[row])
            times[partner] -= 1
    hits -= (found & asked).astype(np.float64)
    times -= asked.astype(np.float64)
    return np.asarray(np.divide(hits, times, out=np.full(n, np.nan), where=times > 0))


metric = _RecallAtK()
