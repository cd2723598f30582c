"""Multi-label classification: each class by itself, those with a probability above a half. An input may have several, or none.

A runner says so beside the name of its task: one class an input and several differ in how they are read, not in the model.
"""

from __future__ import annotations

from parity.measure.activation import SIGMOID
from parity.measure.decision_rule import EACH
from parity.tasks.task import Described, Per, Task

__all__ = ["MULTI_LABEL"]


class _MultiLabel(Task):
    name = "multi_label"
    does = "decides each class by itself (sigmoid)"
    outputs = ("logits",)
    rule = EACH
    activation = SIGMOID
    noun = "label set"
    decided_by = "each class is decided by itself, with a sigmoid"
    of_a_file = "?activation=sigmoid"

    def fits(self, described: Described) -> bool:
        """Where the runner says so of logits, whatever the task is called."""
        named = described.task == self.name
        return named or (described.each_class and self.outputs[0] in described.stages)

    def unscored(self, per: Per) -> str:
        """A label is one class."""
        return "an example may have several classes"


MULTI_LABEL = _MultiLabel()
