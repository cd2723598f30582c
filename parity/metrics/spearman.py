"""Spearman's rank correlation between the scores of pairs of texts and the cosines of their embeddings, as semantic similarity is scored.

The interval of the difference is by the jackknife over pairs, with ranks taken anew without each pair.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from parity.metrics.embedding_metric import EmbeddedTexts, EmbeddingMeasurement, EmbeddingMetric
from parity.statistics.interval import Interval
from parity.statistics.quantiles import t_quantile

__all__ = ["metric"]

Floats = npt.NDArray[np.float64]
_LEAST = 3  # pairs: two have a correlation of 1 or -1 whatever they are
_AT_ONCE = 256


class _Spearman:
    name = "spearman"
    needs = "two columns of texts (sentence1 and sentence2, say) and a column of numbers (score, or label)"

    def measure(self, texts: EmbeddedTexts, confidence: float) -> EmbeddingMeasurement | None:
        """None with fewer than three scored pairs, and where all scores, or all cosines of a side, are equal."""
        first = [place for place, other in enumerate(texts.partners.tolist()) if other > place]
        scores = [_number(texts.labels[place]) for place in first]
        known = [place for place, score in zip(first, scores, strict=True) if score is not None]
        if len(known) < _LEAST:
            return None
        there = np.array([score for score in scores if score is not None])
        at, other = np.array(known), texts.partners[known]
        sides = [(side[at] * side[other]).sum(axis=1) for side in (texts.reference, texts.candidate)]
        values = [_correlation(_ranks(cosines), _ranks(there)) for cosines in sides]
        if not all(map(math.isfinite, values)):
            return None
        interval = _interval(sides, there, values, confidence)
        return EmbeddingMeasurement(values[0], values[1], interval, len(known))


def _interval(sides: list[Floats], scores: Floats, values: list[float], confidence: float) -> Interval | None:
    """Of candidate minus reference; None where leaving out a pair never changes it."""
    deleted = [_without_each(_ranks(cosines), _ranks(scores)) for cosines in sides]
    apart = deleted[1] - deleted[0]
    count = len(apart)
    variance = (count - 1) / count * float(((apart - apart.mean()) ** 2).sum())
    if not variance > 0:
        return None
    half = t_quantile((1 + confidence) / 2, count - 1) * math.sqrt(variance)
    difference = values[1] - values[0]
    return Interval(max(-2.0, difference - half), min(2.0, difference + half))


def _without_each(one: Floats, other: Floats) -> Floats:
    """[n] the correlation of ranks without each pair: the ranks above it are one less, those equal to it a half less."""
    found: list[Floats] = []
    for start in range(0, len(one), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        kept = np.ones((len(one[part]), len(one)))
        kept[np.arange(len(kept)), np.arange(len(kept)) + start] = 0
        sides = [
            side - (side > side[part][:, None]) - 0.5 * (side == side[part][:, None]) for side in (one, other)
        ]
        count = len(one) - 1
        centred = [(side - (side * kept).sum(axis=1, keepdims=True) / count) * kept for side in sides]
        with np.errstate(invalid="ignore", divide="ignore"):
            product = (centred[0] * centred[1]).sum(axis=1)
            norms = [np.sqrt((side**2).sum(axis=1)) for side in centred]
            found.append(np.nan_to_num(product / (norms[0] * norms[1])))
    return np.concatenate(found)


def _ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs. Cosines that rounding alone tells apart are equal."""
    _, place, count = np.unique(np.round(values, 9), return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    return np.asarray((ends - (count - 1) / 2)[place], dtype=np.float64)


def _correlation(one: Floats, other: Floats) -> float:
    a, b = one - one.mean(), other - other.mean()
    norm = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / norm if norm else math.nan


def _number(label: str | None) -> float | None:
    try:
        value = float(label) if label is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


metric: EmbeddingMetric = _Spearman()
