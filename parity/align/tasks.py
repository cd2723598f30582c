"""The task of a subject, and of a pair: what its outputs mean, where both sides mean the same by them."""

from __future__ import annotations

from typing import NamedTuple

from parity.border.description import Description
from parity.errors import UsageError
from parity.records.pair import Pair
from parity.tasks.registry import all_tasks, task_that_fits
from parity.tasks.task import Described, Task

__all__ = ["PairTask", "task_of", "task_of_pair"]


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


def _assumed(side: Description, task: Task) -> bool:
    """Whether a subject's task is no more than an assumption: nobody named it, or there is no model that has one."""
    return task.assumed or not (side.model_class or side.multi_label)
