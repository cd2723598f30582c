"""Statistics as they are recorded: named tuples as the records of the same fields, infinite and undefined numbers as null."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import msgspec
import numpy as np

__all__ = ["finite", "recorded"]

_Kind = TypeVar("_Kind")


def recorded(value: object, kind: type[_Kind], **more: object) -> _Kind:
    """The value as a record of this kind, with what `more` names added.

    >>> from parity.records.arm_statistics import Bounds
    >>> from parity.statistics.interval import Interval
    >>> recorded(Interval(0.5, math.inf), Bounds)
    Bounds(low=0.5, high=None)
    """
    plain = _plain(value)
    return msgspec.convert({**plain, **_plain(more)} if more else plain, kind)


def finite(number: float) -> float | None:
    """The number, or None where it is infinite or undefined: JSON has neither."""
    return number if math.isfinite(number) else None


def _plain(value: object) -> Any:
    fields: Any = getattr(value, "_asdict", None)
    if fields is not None:
        return {name: _plain(item) for name, item in fields().items()}
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(cast("Any", value).tolist())
    return finite(value) if isinstance(value, float) else value
