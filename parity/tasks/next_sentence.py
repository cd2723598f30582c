"""Next sentence prediction: whether the second text of a pair follows the first, by the larger of two logits."""

from __future__ import annotations

from parity.tasks.class_task import ClassTask

__all__ = ["NEXT_SENTENCE"]


class _NextSentence(ClassTask):
    name = "next_sentence"
    does = "predicts whether a second text follows"
    outputs = ("nsp_logits",)


NEXT_SENTENCE = _NextSentence()
