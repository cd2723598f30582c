"""Exact match: whether an answer is one of the right ones, as texts of answers are compared."""

from __future__ import annotations

from collections.abc import Sequence

from parity.metrics.answer_metric import AnswerMetric, normalized
from parity.records.metric_form import MetricForm

__all__ = ["metric"]


class _ExactMatch(AnswerMetric):
    name = "exact_match"
    noun = "exact match"
    form = MetricForm(title="exact match", better="higher", scale=100.0, digits=1, unit="%", step="points")

    def score(self, answer: str, right: Sequence[str]) -> float:
        """1 where the answer is one of the right ones, else 0."""
        return float(normalized(answer) in {normalized(text) for text in right})


metric = _ExactMatch()
