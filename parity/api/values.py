"""Numbers that a caller gives, checked before anything is run: by the Python functions and by the command line alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from parity.errors import UsageError

__all__ = ["checked", "checked_temperatures", "one_of", "positive", "temperature", "whole"]

_COLDEST = 1e-6  # as of a subject's own temperature (parity/subjects/adapter.py, kind "positive")
_HOTTEST = 1e6
Value = TypeVar("Value")


def positive(value: object) -> float:
    """A number above 0, neither infinite nor NaN; raises ValueError with the value.

    >>> positive("0.5")
    0.5
    """
    number = _number(value)
    if not 0 < number < math.inf:
        raise ValueError(f"{str(value)!r} is not a number above 0.")
    return number


def temperature(value: object) -> float:
    """A number that logits may be divided by and still be distinguished; raises ValueError with the value."""
    number = positive(value)
    if not _COLDEST <= number <= _HOTTEST:
        raise ValueError(f"{str(value)!r} is not a temperature between {_COLDEST:g} and {_HOTTEST:,.0f}.")
    return number


def whole(least: int) -> Callable[[object], int]:
    """The check of a whole number of `least` or more; it raises ValueError with the value.

    >>> whole(1)("32")
    32
    """

    def check(value: object) -> int:
        number = _whole(value)
        if number is None or number < least:
            raise ValueError(f"{str(value)!r} is not a whole number of {least} or more.")
        return number

    return check


def one_of(*words: str) -> Callable[[object], str]:
    """The check of one of these words; it raises ValueError with the value.

    >>> one_of("layer", "module")("layer")
    'layer'
    """

    def check(value: object) -> str:
        if value not in words:
            raise ValueError(f"{value!r} is not one of {', '.join(map(repr, words))}.")
        return str(value)

    return check


def checked(name: str, value: object, check: Callable[[object], Value]) -> Value:
    """An argument's value as the check has it; raises UsageError with the argument's name."""
    try:
        return check(value)
    except ValueError as error:
        raise UsageError(f"The argument {name}: {error}", next_step=f"Give {name} another value.") from None


def checked_temperatures(values: Sequence[float]) -> tuple[float, ...]:
    """The temperatures, each once; raises UsageError with the one that is not a temperature."""
    if not values:
        raise UsageError("The argument temperatures is empty.", next_step="Give one or more, such as [1.0].")
    return tuple(dict.fromkeys(checked("temperatures", value, temperature) for value in values))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return math.nan
    try:
        return float(value)
    except ValueError:
        return math.nan


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        return int(value)
    except ValueError:
        return None
