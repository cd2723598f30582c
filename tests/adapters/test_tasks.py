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
    assert {*parity_allennlp.tasks.ROWS.values(), parity_allennlp.tasks.ANSWERS} <= NAMES


@pytest.mark.parametrize(
    ("outputs", "task"),
    [
        ({"logits": ("row", "class")}, "sequence_classification"),
        ({"words": ("row", "word", "class")}, "token_classification"),
        ({"logits": ("row", "token", "class")}, "token_classification"),
        ({"start_logits": ("row", "token"), "end_logits": ("row", "token")}, "question_answering"),
        ({"output.tags": ("row", "other")}, "other"),
    ],
)
def test_the_outputs_of_an_archive_and_their_axes_tell_its_task(
    outputs: dict[str, tuple[str, ...]], task: str
) -> None:
    assert task == parity_allennlp.tasks.task_name(outputs)
