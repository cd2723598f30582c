"""F1 of answers: the harmonic mean of the shares of words that the answer and a right one have in common, the best over the right ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from parity.metrics.answer_metric import AnswerMetric, normalized
from parity.records.metric_form import MetricForm

__all__ = ["metric"]


class _AnswerF1(AnswerMetric):
    name = "answer_f1"
    noun = "answer F1"
    form = MetricForm(title="answer F1", better="higher", scale=100.0, digits=1, unit="%", step="points")

    def score(self, answer: str, right: Sequence[str]) -> float:
        """From 0, no word in common, to 1, the same words."""
        return max(_f1(normalized(answer).split(), normalized(text).split()) for text in right)


def _f1(answer: list[str], right: list[str]) -> float:
    if not answer or not right:
        return float(answer == right)
    common = (Counter(answer) & Counter(right)).total()
    return 2 * common / (len(answer) + len(right))


metric = _AnswerF1()
