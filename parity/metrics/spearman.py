"""Spearman's rank correlation between the scores of pairs of texts and the cosines of their embeddings, as semantic similarity is scored.

Of runs it is that of each run's scores (cosines of pairs, or the values of a regression) and the numbers of the inputs. The interval of
the difference is by the jackknife over pairs, with ranks taken anew without each pair.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from parity.metrics.embedding_metric import EmbeddedTexts, EmbeddingMeasurement
from parity.metrics.metric import Outputs
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval
from parity.statistics.quantiles import t_quantile

__all__ = ["metric", "number_of"]

Floats = npt.NDArray[np.float64]
_LEAST = 3  # pairs: two have a correlation of 1 or -1 whatever they are
_AT_ONCE = 256


class _Spearman:
    name = "spearman"
    noun = "Spearman's correlation"
    form = MetricForm(title="Spearman's correlation", better="higher", digits=3)
    range = Interval(-1.0, 1.0)
    of_decisions = False
    needs = "two columns of texts (sentence1 and sentence2, say) and a column of numbers (score, or label)"

    def measure(self, texts: EmbeddedTexts, confidence: float) -> EmbeddingMeasurement | None:
        """None with fewer than three scored pairs, and where all scores, or all cosines of a side, are equal."""
        first = [place for place, other in enumerate(texts.partners.tolist()) if other > place]
        scores = [number_of(texts.labels[place]) for place in first]
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

    def scores(self, outputs: Outputs) -> None:
        """It is no mean: a pair contributes by its rank among the others."""

    def values(self, outputs: Outputs) -> Floats:
        """[...] the correlation of each run; NaN with fewer than three examples, and where all scores, or all outputs, are equal."""
        gold, runs = _gold(outputs)
        found = [_correlation(_ranks(run), gold) if len(run) >= _LEAST else math.nan for run in runs]
        return np.array(found).reshape(outputs.logits.shape[:-2])

    def deleted(self, outputs: Outputs) -> Floats:
        """[..., examples] the correlation of the other examples, ranked anew."""
        gold, runs = _gold(outputs)
        found = np.array([_without_each(_ranks(run), gold) for run in runs])
        return found.reshape(outputs.logits.shape[:-1])

    def could_move(self, share: float) -> float:
        """By the whole range: an example without a score may lie anywhere among the others."""
        return self.range.high - self.range.low

    def by_chance(self, outputs: Outputs) -> float:
        """Two standard errors of the correlation of n ranks that have nothing to do with one another, 2 / sqrt(n - 1) (Hotelling and
        Pabst, 1936)."""
        return 2 / math.sqrt(max(outputs.logits.shape[-2] - 1, 1))


def _gold(outputs: Outputs) -> tuple[Floats, Floats]:
    """[n] the ranks of the numbers that the inputs give, and [runs, n] the scores of each run."""
    assert outputs.gold is not None, "scores are held against numbers"
    return _ranks(outputs.gold), outputs.logits[..., 0].reshape(-1, outputs.logits.shape[-2])


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
    """Ranks from 1; equal values share the mean of theirs. Cosines that rounding alone tells apart are equal, and other values are rounded
    to as many digits of the largest."""
    size = float(np.abs(values).max(initial=0.0))
    scale = 1.0 if size <= 1.0 or not math.isfinite(size) else size
    _, place, count = np.unique(np.round(values / scale, 9), return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    return np.asarray((ends - (count - 1) / 2)[place], dtype=np.float64)


def _correlation(one: Floats, other: Floats) -> float:
    a, b = one - one.mean(), other - other.mean()
    norm = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / norm if norm else math.nan


def number_of(label: str | None) -> float | None:
    """The finite number that a label is; None where it is none.

    >>> number_of("3.8"), number_of("high"), number_of(None)
    (3.8, None, None)
    """
    try:
        value = float(label) if label is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


metric = _Spearman()
