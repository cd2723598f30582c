"""Options that cannot have an effect: refused with a sentence, since a user who gives one expects an effect."""

from __future__ import annotations

from collections.abc import Sequence

from parity.align.plan import Plan
from parity.align.tasks import task_of
from parity.border.description import Description
from parity.errors import BadOptionValue, UsageError
from parity.subjects.subject import Subject

__all__ = ["check_in_part", "check_own_temperature", "check_temperatures", "nothing_decided"]

_LEAVE_OUT = "Omit --temperature: it divides the logits of classes before probabilities are taken."


def check_own_temperature(subject: Subject, described: Description) -> None:
    """Raise BadOptionValue for a subject's `temperature` where it has no probabilities that it could move."""
    given = subject.option("temperature")
    if given is None or described.temperature == 1.0:
        return
    why = _no_classes(described)
    if why is not None:
        raise BadOptionValue(
            f"temperature={given} has no effect on {subject}: {why}.",
            next_step="Omit temperature: it divides the logits of classes before probabilities are taken.",
        )


def check_temperatures(requested: Sequence[float], sides: Sequence[Description], *, decided: bool) -> None:
    """Raise UsageError for temperatures to compare probabilities at where there are none; `decided` says that both decide something.

    A pair of which only one side decides is not refused: that its probabilities cannot be compared is reported, and counts.
    """
    reasons = [_no_classes(side) for side in sides]
    if tuple(requested) != (1.0,) and not decided and all(reason is not None for reason in reasons):
        raise _without(requested, str(reasons[0]))


def check_in_part(requested: Sequence[float], plan: Plan) -> None:
    """Raise UsageError for a temperature where a side keeps a part of the logits: what the others add up to is known at 1 only."""
    given = [one for one in (*requested, *plan.temperatures) if one != 1.0]
    if plan.in_part and given:
        raise UsageError(
            f"At the temperature {given[0]:g} no probabilities can be compared: a trace keeps a part of the logits, and what the others add up to at 1 only.",
            next_step="Omit the temperature, or compare the two subjects directly.",
        )


def nothing_decided(requested: Sequence[float]) -> UsageError | None:
    """The same for what no description tells: a file of one column; None where no temperature was requested."""
    return (
        None if tuple(requested) == (1.0,) else _without(requested, "one column of logits makes no decision")
    )


def _without(requested: Sequence[float], why: str) -> UsageError:
    options = " ".join(f"--temperature {one:g}" for one in requested)
    return UsageError(f"{options} has no effect on this pair: {why}.", next_step=_LEAVE_OUT)


def _no_classes(described: Description) -> str | None:
    """Why a subject has no probabilities; None where it has."""
    task = task_of(described)
    if task.without_classes:
        return task.without_classes
    if task.rule is None or task.activation is None:
        return f"it has no classes (its task is {task.name!r})"
    if all(stage.name != task.outputs[0] for stage in described.stages):
        return f"it has no {task.outputs[0]}"
    if described.labels is not None and len(described.labels) < task.rule.least:
        return "it has one column, which makes no decision"
    return None
