"""Statistics as plain values for a record: named tuples as objects, infinite and undefined numbers as null."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

__all__ = ["plain"]


def plain(value: object) -> Any:
    """The value in terms of JSON.

    >>> from parity.statistics.interval import Interval
    >>> plain({"share": Interval(0.5, math.inf), "runs": (1, 2)})
    {'share': {'low': 0.5, 'high': None}, 'runs': [1, 2]}
    """
    fields: Any = getattr(value, "_asdict", None)
    if fields is not None:
        return {name: plain(item) for name, item in fields().items()}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, np.ndarray | np.generic):
        return plain(cast("Any", value).tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
