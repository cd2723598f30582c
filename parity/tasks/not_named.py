"""A subject whose runner names no task: where it shows logits they are read as one class an input."""

from __future__ import annotations

from parity.tasks.class_task import ClassTask

__all__ = ["NOT_NAMED"]


class _NotNamed(ClassTask):
    name = "other"
    without_classes = "it has no classes (its task is 'other')"  # none that anybody named
    assumed = True


NOT_NAMED = _NotNamed()
