"""The table of tasks: which one a model has by its outputs and their axes. One row a task.

Runs inside the foreign interpreter: standard library only, Python 3.8.
"""

from __future__ import annotations

from typing import Mapping, Sequence

__all__ = ["ANSWERS", "ROWS", "task_name"]

ROWS: dict[tuple[str, ...], str] = {
    ("row", "class"): "sequence_classification",
    ("row", "token", "class"): "token_classification",
    ("row", "word", "class"): "token_classification",
}
_NOT_NAMED = "other"
ANSWERS = "question_answering"
_SPANS = {"start_logits", "end_logits"}


def task_name(stages: Mapping[str, Sequence[str]]) -> str:
    """The task of a model by the axes of its outputs, by stage."""
    if _SPANS <= set(stages):
        return ANSWERS
    logits = stages.get("logits") or stages.get("words")
    return _NOT_NAMED if logits is None else ROWS.get(tuple(logits), _NOT_NAMED)
