"""Recall at k: the share of texts that have a text of their own label among their k nearest neighbours, by cosine.

k is 10, or half of the other texts where there are fewer: where all are neighbours every text has one. Only texts whose label another text
has as well are asked. Copies of one text are equally near, and which of them is named is decided by nothing.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from parity.measure.embeddings import AT
from parity.metrics.embedding_metric import EmbeddedTexts, EmbeddingMeasurement, EmbeddingMetric
from parity.statistics.interval import paired_proportion_interval

__all__ = ["metric"]

_AT_ONCE = 256


class _RecallAtK:
    name = "recall_at_k"
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
        k = min(AT, (len(labelled) - 1) // 2)
        one, other = (_found(side[labelled], labels, k)[asked] for side in (texts.reference, texts.candidate))
        won, lost = int((other & ~one).sum()), int((one & ~other).sum())
        count = int(asked.sum())
        interval = paired_proportion_interval(won, lost, count, confidence)
        return EmbeddingMeasurement(float(one.mean()), float(other.mean()), interval, count)


def _found(vectors: npt.NDArray[np.float64], labels: npt.NDArray[np.intp], k: int) -> npt.NDArray[np.bool_]:
    """[n] whether a text of the same label is among the k nearest of each."""
    found: list[npt.NDArray[np.bool_]] = []
    for start in range(0, len(vectors), _AT_ONCE):
        near = vectors[start : start + _AT_ONCE] @ vectors.T
        near[np.arange(len(near)), np.arange(len(near)) + start] = -np.inf
        chosen = np.argpartition(-near, k - 1, axis=1)[:, :k]
        found.append((labels[chosen] == labels[start : start + _AT_ONCE, None]).any(axis=1))
    return np.concatenate(found)


metric: EmbeddingMetric = _RecallAtK()
