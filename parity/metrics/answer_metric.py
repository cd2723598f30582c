"""What a metric of answers is: how well one text matches the right ones, and the mean of that over examples, of runs and of two sides.

Texts are compared as the evaluation of SQuAD compares them: without case, punctuation, English articles and surplus white space
(Rajpurkar et al., 2016).
"""

from __future__ import annotations

import re
import string
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from parity.metrics.mean import MeanMetric
from parity.metrics.metric import Outputs
from parity.statistics.interval import Interval
from parity.statistics.moments import Moments

__all__ = ["AnswerMetric", "PairedAnswers", "normalized"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = dict.fromkeys(map(ord, string.punctuation))


class AnswerMetric(MeanMetric):
    """One metric of answers: the score of an answer from 0 to 1, the best over the right ones ("" where there is none)."""

    name: str
    range = Interval(0.0, 1.0)
    of_decisions = True

    @abstractmethod
    def score(self, answer: str, right: Sequence[str]) -> float:
        """Of one answer."""

    def scores(self, outputs: Outputs) -> npt.NDArray[np.float64]:
        """[runs, examples] the score of each run's answer."""
        scored = [
            [self.score(answer, right or ("",)) for answer, right in zip(run, outputs.right, strict=True)]
            for run in outputs.answers
        ]
        return np.array(scored, dtype=np.float64)


class PairedAnswers:
    """One metric of two sides on the same examples, added up row by row."""

    def __init__(self, metric: AnswerMetric) -> None:
        self.name = metric.name
        self._metric = metric
        self._reference, self._candidate, self._difference = Moments(), Moments(), Moments()

    def add(self, reference: str, candidate: str, right: Sequence[str]) -> None:
        """Take in the answers of a row; an empty list means that no answer is right."""
        one, other = (self._metric.score(answer, right or ("",)) for answer in (reference, candidate))
        self._reference.add(np.asarray([one]))
        self._candidate.add(np.asarray([other]))
        self._difference.add(np.asarray([other - one]))

    @property
    def count(self) -> int:
        """How many rows were scored."""
        return self._difference.count

    def values(self) -> tuple[float, float]:
        """The mean of each side."""
        return self._reference.mean, self._candidate.mean

    def interval(self, confidence: float) -> Interval | None:
        """Of candidate minus reference; None with fewer than two rows, and where no row differs: that bounds nothing."""
        return self._difference.interval(confidence) if self._difference.squares else None


def normalized(text: str) -> str:
    """The text as answers are compared.

    >>> normalized("  The Virgin Mary's, in 1858!")
    'virgin marys in 1858'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())
