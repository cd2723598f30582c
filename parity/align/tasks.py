"""The task of a subject, and of a pair: what its outputs mean, where both sides mean the same by them."""

from __future__ import annotations

from typing import NamedTuple

from parity.border.description import TASK_REQUESTED, Description
from parity.errors import UsageError
from parity.records.pair import Pair
from parity.records.subject import TasksRecord
from parity.tasks.registry import all_tasks, task_that_fits
from parity.tasks.task import Described, Task

__all__ = [
    "PairTask",
    "alone",
    "language_tasks",
    "other_task",
    "requested_tasks",
    "task_of",
    "task_of_pair",
    "tasks_record",
]


class PairTask(NamedTuple):
    """The task by which both sides of a pair are read; None where the two are not read alike, for this `reason`.

    Then `outputs` are the stages by which one of them decides, and `derived` is the first stage that follows from them.
    """

    task: Task | None
    reason: str = ""
    outputs: tuple[str, ...] = ()
    derived: str = ""


def task_of(side: Description) -> Task:
    """The task of a subject; raises UsageError where its runner names one that is not known here.

    Without its task nobody knows what its outputs decide: comparing them as if they decided nothing would be a silent pass.
    """
    task = task_that_fits(Described(side.task, side.multi_label, [stage.name for stage in side.stages]))
    if task is None:
        known = ", ".join(task.name for task in all_tasks())
        raise UsageError(
            f"A subject's task is {side.task!r}, and no task has that name here.",
            next_step=f"Install the package that registers it under the entry points parity.tasks. Known are: {known}.",
        )
    return task


def task_of_pair(sides: Pair[Description]) -> PairTask:
    """The task of both; where the two differ in how they decide, or in what probabilities are made of, there is none."""
    tasks = [task_of(side) for side in sides]
    one, other = tasks
    if one.rule is other.rule and one.activation is other.activation:
        return PairTask(other if _assumed(sides.reference, one) else one)
    for side, assumed, known in ((sides.reference, one, other), (sides.candidate, other, one)):
        # What knows no model (a file of outputs) cannot tell values from classes: the other side does.
        if known.activation is None and _assumed(side, assumed):
            return PairTask(known)
    # The more special one is named first.
    special, general = sorted(tasks, key=all_tasks().index, reverse=True)
    reason = f"one side {special.does}, the other {general.does}"
    hints = [task.of_a_file for task in tasks if task.of_a_file]
    if hints and any(not side.model_class for side in sides):
        reason += f"; for a file, {hints[0]} states it"
    made = any(task.activation is not None for task in tasks)
    outputs = tuple(task.outputs[0] for task in tasks if task.rule is not None)
    return PairTask(None, reason, outputs, "probabilities" if made else "label")


def tasks_record(sides: Pair[Description]) -> TasksRecord:
    """The task of either side, and what it was found by."""
    found = [side.task_by or "its runner" for side in sides]
    by = (
        found[0]
        if found[0] == found[1]
        else ", ".join(f"{one} ({side})" for one, side in zip(found, Pair._fields, strict=True))
    )
    here, there = (task_of(side).name for side in sides)
    return TasksRecord(reference=here, candidate=there, chosen_by=by)


def alone(side: Description) -> bool:
    """Whether the user requested that a side is opened without a head: then it is not asked for one."""
    return side.task_by == TASK_REQUESTED and task_of(side).bare


def language_tasks(side: Description) -> list[str]:
    """What a subject can be opened as that predicts tokens which are known, so that its texts have a perplexity."""
    return [task.name for task in all_tasks() if task.target and task.name in side.tasks]


def requested_tasks(sides: Pair[Description]) -> str:
    """What the user requested that sides be opened as, as a clause; empty where nothing was requested."""
    named = [
        f"the {name} as {task_of(side).name}"
        for name, side in zip(Pair._fields, sides, strict=True)
        if side.task_by == TASK_REQUESTED
    ]
    return f"opened, as ?task= requests, {' and '.join(named)}" if named else ""


def other_task(sides: Pair[Description]) -> str:
    """How to compare the layers of two sides whose tasks differ, as a clause; empty where their tasks are one, or nothing helps."""
    tasks = [task_of(side) for side in sides]
    bare = next(task.name for task in all_tasks() if task.bare)
    if tasks[0] is tasks[1]:
        return ""
    able = [
        name
        for name, side, task in zip(Pair._fields, sides, tasks, strict=True)
        if bare in side.tasks and not task.bare
    ]
    if not able:
        return ""
    who = "both" if len(able) == 2 else f"the {able[0]}"
    return (
        f"the reference {tasks[0].does} and the candidate {tasks[1].does}: open {who} with ?task={bare} to compare their "
        "layers alone"
    )


def _assumed(side: Description, task: Task) -> bool:
    """Whether a subject's task is no more than an assumption: nobody named it, or there is no model that has one."""
    return task.assumed or not (side.model_class or side.multi_label)
