"""Sequence classification: one of several classes an input, by the largest logit."""

from __future__ import annotations

from parity.tasks.class_task import ClassTask

__all__ = ["SEQUENCE_CLASSIFICATION"]


class _SequenceClassification(ClassTask):
    name = "sequence_classification"


SEQUENCE_CLASSIFICATION = _SequenceClassification()
