"""Multiple choice: one of the choices of an input, by the largest of their logits. Each choice is a row, with one logit."""

from __future__ import annotations

from parity.measure.decision_rule import LARGEST_OF_ROWS
from parity.metrics.metric import Counted, Metric, of_classes
from parity.tasks.class_task import ClassTask
from parity.tasks.task import Column

__all__ = ["MULTIPLE_CHOICE"]


class _MultipleChoice(ClassTask):
    name = "multiple_choice"
    does = "decides between choices"
    columns: tuple[Column, ...] = ("text", "text_pair", "label", "choices")
    outputs = ("choice_logits",)
    rule = LARGEST_OF_ROWS
    activation = None
    noun = "choice"
    counted: Counted = "choices"
    decided_by = "an input is decided by the largest logit of its choices, each of which is a row"

    def scored_by(self, metric: Metric) -> bool:
        """Metrics of single decisions, except those over classes: the number of a choice is not a class."""
        return super().scored_by(metric) and not of_classes(metric)


MULTIPLE_CHOICE = _MultipleChoice()
