"""Options that cannot have an effect: refused with a sentence, since a user who gives one expects an effect."""

from __future__ import annotations

from collections.abc import Sequence

from parity.border.description import Description
from parity.errors import BadOptionValue, UsageError
from parity.subjects.subject import Subject

__all__ = ["check_own_temperature", "check_temperatures", "nothing_decided"]

_DECIDING = frozenset({"sequence_classification", "token_classification"})
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


def check_temperatures(requested: Sequence[float], classed: bool, sides: Sequence[Description]) -> None:
    """Raise UsageError for temperatures to compare probabilities at where there are none; `classed` says that there may be.

    A pair of which only one side decides is not refused: that its probabilities cannot be compared is reported, and counts.
    """
    reasons = [_no_classes(side) for side in sides]
    if tuple(requested) != (1.0,) and not classed and all(reason is not None for reason in reasons):
        raise _without(requested, str(reasons[0]))


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
    if described.task == "regression":
        return "it is a regression, which has no classes"
    if described.task not in _DECIDING:
        return f"it has no classes (its task is {described.task!r})"
    if all(stage.name != "logits" for stage in described.stages):
        return "it has no logits"
    if described.labels is not None and len(described.labels) == 1 and not described.multi_label:
        return "it has one column, which makes no decision"
    return None
