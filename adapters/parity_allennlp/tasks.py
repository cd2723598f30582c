"""The table of tasks: which one a model has by the axes of its logits. One row a task.

Runs inside the foreign interpreter: standard library only, Python 3.8.
"""

from __future__ import annotations

from typing import Sequence

__all__ = ["ROWS", "task_name"]

ROWS: dict[tuple[str, ...], str] = {
    ("row", "class"): "sequence_classification",
    ("row", "token", "class"): "token_classification",
    ("row", "word", "class"): "token_classification",
}
_NOT_NAMED = "other"


def task_name(logits: Sequence[str] | None) -> str:
    """The task of a model whose logits have these axes (None: it has none)."""
    return _NOT_NAMED if logits is None else ROWS.get(tuple(logits), _NOT_NAMED)
