"""What tasks of classes have in common: the class of the largest logit, and probabilities by a softmax."""

from __future__ import annotations

from parity.measure.activation import SOFTMAX, Activation
from parity.measure.decision_rule import LARGEST
from parity.metrics.metric import Metric, of_spans, of_tokens
from parity.tasks.task import Column, Per, Task

__all__ = ["ClassTask"]


class ClassTask(Task):
    """A task that chooses one of several classes; labels of the inputs are of whole inputs."""

    does = "decides between classes"
    columns: tuple[Column, ...] = ("text", "text_pair", "label")
    outputs = ("logits",)
    rule = LARGEST
    activation: Activation | None = SOFTMAX

    def unscored(self, per: Per) -> str:
        """Where a decision is not one of the whole input."""
        return "" if per == "input" else "each token has its own class"

    def scored_by(self, metric: Metric) -> bool:
        """Every metric of classes, and none of spans or tokens."""
        return not (of_spans(metric) or of_tokens(metric))
