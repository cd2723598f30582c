"""Metrics that are means over examples: what follows from the scores of the examples alone."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from parity.metrics.metric import Outputs, Paired
from parity.statistics.interval import Interval, paired_proportion_interval
from parity.statistics.moments import Moments

__all__ = ["MeanMetric", "PairedMeans", "PairedShares"]

Floats = npt.NDArray[np.float64]


class MeanMetric(ABC):
    """A metric that is the mean of a score an example; a class of this kind gives the score and the range."""

    range: Interval

    @abstractmethod
    def scores(self, outputs: Outputs) -> Floats:
        """[..., examples] what each example contributes."""

    def values(self, outputs: Outputs) -> Floats:
        """[...] the mean over examples."""
        return np.asarray(self.scores(outputs).mean(axis=-1))

    def deleted(self, outputs: Outputs) -> Floats:
        """[..., examples] the mean over the other examples."""
        scores = self.scores(outputs)
        return np.asarray((scores.sum(axis=-1, keepdims=True) - scores) / (scores.shape[-1] - 1))

    def could_move(self, share: float) -> float:
        """At most by the highest score of so many examples; infinite where there is no highest."""
        return share * self.range.high

    def paired(self) -> Paired:
        """Sums with the t interval of the mean difference of an example."""
        return PairedMeans(self)


class PairedMeans:
    """Sums of two sides: the mean of each, and the t interval of the mean difference of an example."""

    def __init__(self, metric: MeanMetric) -> None:
        self._metric = metric
        self._reference, self._candidate, self._difference = Moments(), Moments(), Moments()

    def add(self, reference: Outputs, candidate: Outputs) -> None:
        """Take in a batch of both sides."""
        with np.errstate(invalid="ignore"):
            one, other = self._metric.scores(reference), self._metric.scores(candidate)
            self._reference.add(one)
            self._candidate.add(other)
            self._difference.add(other - one)

    def values(self) -> tuple[float, float]:
        """The mean of each side; infinite where a label has a probability of 0."""
        return self._reference.mean, self._candidate.mean

    def interval(self, confidence: float) -> Interval | None:
        """None with fewer than two examples, and where the difference is not finite."""
        return self._difference.interval(confidence)


class PairedShares:
    """Sums of two sides whose score is 0 or 1, with Tango's score interval, which does not collapse where the two agree."""

    def __init__(self, metric: MeanMetric) -> None:
        self._metric = metric
        self._examples = self._reference = self._candidate = self._won = self._lost = 0

    def add(self, reference: Outputs, candidate: Outputs) -> None:
        """Take in a batch of both sides."""
        one, other = (self._metric.scores(side) > 0 for side in (reference, candidate))
        self._examples += len(one)
        self._reference += int(one.sum())
        self._candidate += int(other.sum())
        self._won += int((other & ~one).sum())
        self._lost += int((one & ~other).sum())

    def values(self) -> tuple[float, float]:
        """The share of each side."""
        return self._reference / self._examples, self._candidate / self._examples

    def interval(self, confidence: float) -> Interval:
        """Of candidate minus reference (see `paired_proportion_interval`)."""
        return paired_proportion_interval(self._won, self._lost, self._examples, confidence)
