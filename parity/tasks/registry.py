"""All tasks that are known here: those of parity, then those that other packages register under the entry points `parity.tasks`."""

from __future__ import annotations

from functools import cache
from typing import cast

from parity.subjects.registry import Group, with_registered
from parity.tasks import TASKS
from parity.tasks.task import Described, Task

__all__ = ["all_tasks", "task_that_fits"]

_GROUP = Group("parity.tasks", "task", "tasks")


@cache
def all_tasks() -> tuple[Task, ...]:
    """Every task, from the most general to the most special; raises NameTaken where two have one name."""
    return with_registered(_GROUP, TASKS, lambda task: task.name, lambda loaded: cast("Task", loaded))


def task_that_fits(described: Described) -> Task | None:
    """The task of a subject that is described so: the last that fits, so that a special one comes before a general one."""
    return next((task for task in reversed(all_tasks()) if task.fits(described)), None)
