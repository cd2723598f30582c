"""The tables of tasks of the adapters: each name is that of a task, or the adapter's subjects could not be compared."""

from __future__ import annotations

import pytest

import parity_allennlp.tasks
import parity_transformers.tasks
from parity.tasks import TASKS

NAMES = {task.name for task in TASKS}


def test_every_task_in_the_table_of_transformers_is_one_that_there_is() -> None:
    rows = parity_transformers.tasks.ROWS
    assert {row.task for row in rows} | {row.values for row in rows if row.values} <= NAMES
    assert sum(len(row.endings) for row in rows) == len({ending for row in rows for ending in row.endings})


def test_every_task_in_the_table_of_allennlp_is_one_that_there_is() -> None:
    assert set(parity_allennlp.tasks.ROWS.values()) <= NAMES


@pytest.mark.parametrize(
    ("logits", "task"),
    [
        (("row", "class"), "sequence_classification"),
        (("row", "word", "class"), "token_classification"),
        (("row", "token", "class"), "token_classification"),
        (None, "other"),
    ],
)
def test_the_axes_of_logits_tell_the_task_of_an_archive(logits: tuple[str, ...] | None, task: str) -> None:
    assert task == parity_allennlp.tasks.task_name(logits)
