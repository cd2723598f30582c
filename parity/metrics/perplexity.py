"""Perplexity: the exponential of the mean negative log-likelihood of a token. Its interval is over texts: tokens of one text are not
independent."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from parity.metrics.metric import Outputs
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval
from parity.statistics.quantiles import t_quantile

__all__ = ["metric"]

Floats = npt.NDArray[np.float64]


class _Perplexity:
    name = "perplexity"
    noun = "perplexity"
    form = MetricForm(title="perplexity", better="lower", digits=3)
    range = Interval(1.0, math.inf)
    of_decisions = False
    tokens = True

    def scores(self, outputs: Outputs) -> None:
        """It is no mean: a token contributes to an exponent."""

    def values(self, outputs: Outputs) -> Floats:
        """[...] exp of the mean over tokens of -ln p."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(_surprise(outputs).mean(axis=-1)))

    def deleted(self, outputs: Outputs) -> Floats:
        """[..., texts] the perplexity of the other texts; without `rows` each token is a text of its own."""
        surprise = _surprise(outputs)
        starts = _starts(outputs, surprise.shape[-1])
        sums = np.add.reduceat(surprise, starts, axis=-1)
        lengths = np.diff([*starts.tolist(), surprise.shape[-1]])
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            others = surprise.sum(axis=-1, keepdims=True) - sums
            return np.asarray(np.exp(others / (surprise.shape[-1] - lengths)))

    def could_move(self, share: float) -> float:
        """Without a bound: a token without any chance makes it infinite."""
        return math.inf

    def paired(self) -> _PairedPerplexity:
        """Sums of two sides, text by text."""
        return _PairedPerplexity()


class _PairedPerplexity:
    """Sums of -ln p of both sides over texts, with the interval of the difference by the delta method on each text's influence.

    With s a text's sum on the reference, d what the candidate has more of it, and n its tokens, all that follows comes from sums of
    products of the three: none subtracts two large numbers for a small one, so that sides which differ by 1e-7 are told apart.
    """

    def __init__(self) -> None:
        self._texts = 0
        self._sums = np.zeros(3)  # s, d, n
        self._products = np.zeros((3, 3))

    def add(self, reference: Outputs, candidate: Outputs) -> None:
        """Take in a batch of both sides, of whole texts; without `rows` each token is a text of its own."""
        here, there = _surprise(reference), _surprise(candidate)
        if not len(here):
            return
        starts = _starts(reference, len(here))
        with np.errstate(invalid="ignore"):
            columns = [np.add.reduceat(part, starts) for part in (here, there - here, np.ones(len(here)))]
            table = np.stack(columns, axis=1)
            self._sums += table.sum(axis=0)
            self._products += table.T @ table
        self._texts += len(starts)

    def values(self) -> tuple[float, float]:
        """The perplexity of each side."""
        one, more, tokens = self._sums.tolist()
        return _exp(one / tokens), _exp((one + more) / tokens)

    def interval(self, confidence: float) -> Interval | None:
        """Of candidate minus reference; None with fewer than two texts, where no text differs, and where a side is infinite."""
        before, after = self.values()
        if self._texts < 2 or not math.isfinite(before + after):
            return None
        total, more, tokens = self._sums.tolist()
        mean, shift, length = total / tokens, more / tokens, tokens / self._texts
        # The influence of a text: after (d - shift n) / length + (after - before) (s - mean n) / length.
        growth = before * math.expm1(shift)
        weights = np.array([growth, after, -(after * shift + growth * mean)]) / length
        variance = float(weights @ self._products @ weights) / (self._texts - 1)
        if not variance > 0:
            return None
        half = t_quantile((1 + confidence) / 2, self._texts - 1) * math.sqrt(variance / self._texts)
        return Interval(growth - half, growth + half)


def _surprise(outputs: Outputs) -> Floats:
    """[..., tokens] -ln p."""
    return np.asarray(-outputs.log_probability_of_label)


def _starts(outputs: Outputs, tokens: int) -> npt.NDArray[np.intp]:
    """Where each text begins among the tokens."""
    if outputs.rows is None:
        return np.arange(tokens)
    return np.flatnonzero(np.r_[True, outputs.rows[1:] != outputs.rows[:-1]])


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


metric = _Perplexity()
