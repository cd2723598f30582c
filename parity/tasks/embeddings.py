"""Embeddings: one vector a text, which is searched with or compared. The vector, its angle and its length are compared, and the
nearest neighbours that follow from it; there are no classes, and nothing is decided."""

from __future__ import annotations

from parity.metrics.metric import Counted
from parity.tasks.task import Task

__all__ = ["EMBEDDINGS"]


class _Embeddings(Task):
    name = "embeddings"
    does = "gives embeddings"
    outputs = ("embedding",)
    without_classes = "it gives embeddings, which have no classes"
    embeds = True
    singly = True
    counted: Counted = "vectors"


EMBEDDINGS = _Embeddings()
