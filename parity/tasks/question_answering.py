"""Question answering: a score for each token to begin and to end the answer. The scores are compared; no answer is chosen."""

from __future__ import annotations

from parity.tasks.task import Task

__all__ = ["QUESTION_ANSWERING"]


class _QuestionAnswering(Task):
    name = "question_answering"
    does = "answers questions"
    outputs = ("start_logits", "end_logits")


QUESTION_ANSWERING = _QuestionAnswering()
