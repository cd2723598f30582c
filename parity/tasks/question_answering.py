"""Question answering: a score for each token to begin and to end the answer, which is the best span of the context."""

from __future__ import annotations

from parity.metrics.metric import Counted
from parity.tasks.task import Task

__all__ = ["QUESTION_ANSWERING"]


class _QuestionAnswering(Task):
    name = "question_answering"
    does = "answers questions"
    noun = "answer"
    counted: Counted = "answers"
    outputs = ("start_logits", "end_logits")


QUESTION_ANSWERING = _QuestionAnswering()
