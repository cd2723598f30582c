"""Dot products of rows, in one thread however wide the rows are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["dots"]

Values = npt.NDArray[Any]

# OpenBLAS divides a product of more than 10,000 values among threads: what each adds depends on their number, and for the rows of a
# vocabulary waiting for them takes a hundred times as long as the product.
_AT_ONCE = 8192


def dots(x: Values, y: Values) -> Values:
    """The dot product of each row of x with that of y, or with y where it is one row: [..., width] to [...], in their own precision."""
    width = x.shape[-1]
    if width <= _AT_ONCE:
        whole: Values = np.vecdot(x, y)
        return whole
    parts = (slice(start, start + _AT_ONCE) for start in range(0, width, _AT_ONCE))
    total: Values = np.sum([np.vecdot(x[..., part], y[..., part]) for part in parts], axis=0)
    return total
