"""The task of letter counts: one of several classes a text, which is called a reading."""

from __future__ import annotations

from parity.tasks.class_task import ClassTask

__all__ = ["READING"]


class Reading(ClassTask):
    name = "reading"
    does = "reads a text as one class"
    noun = "reading"


READING = Reading()
