"""Padding: a property of a batch, not of a row's encoding."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["PaddingSide", "padding_side"]

PaddingSide = Literal["left", "right", "none", "mixed"]


def padding_side(real: npt.NDArray[Any]) -> PaddingSide:
    """The side of the padding in a batch, from `real` [rows, tokens], 1 where a real token sits.

    "mixed" when rows differ, or a row is padded on both sides or within. Rows without a real token are ignored.

    >>> padding_side(np.array([[0, 1, 1], [1, 1, 1]], dtype=np.uint8))
    'left'
    """
    here = np.asarray(real) != 0
    here = here[here.any(axis=1)] if here.size else here.reshape(0, 1)
    rising = np.diff(here.astype(np.int8), axis=1)
    left, right = bool((rising > 0).any()), bool((rising < 0).any())
    if left and right:
        return "mixed"
    return "left" if left else "right" if right else "none"
