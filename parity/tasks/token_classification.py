"""Token classification: one of several classes for each token. Special tokens decide nothing."""

from __future__ import annotations

from parity.tasks.class_task import ClassTask

__all__ = ["TOKEN_CLASSIFICATION"]


class _TokenClassification(ClassTask):
    name = "token_classification"


TOKEN_CLASSIFICATION = _TokenClassification()
