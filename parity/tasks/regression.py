"""Regression: values, which are compared as they are. There are no classes, and nothing is decided."""

from __future__ import annotations

from parity.metrics.metric import Counted
from parity.tasks.task import Task

__all__ = ["REGRESSION"]


class _Regression(Task):
    name = "regression"
    does = "is a regression"
    outputs = ("logits",)
    without_classes = "it is a regression, which has no classes"
    counted: Counted = "scores"


REGRESSION = _Regression()
