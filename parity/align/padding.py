"""Padding and masks: properties of a batch, not of a row's encoding."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["PaddingSide", "effective_mask", "padding_side"]

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


def effective_mask(mask: npt.NDArray[Any] | None, real_shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """What the model attends to: the mask that was fed as 0 and 1, or all ones where none was fed.

    A model that gets no mask attends to padding as well; that is the difference to find.
    """
    if mask is None:
        return np.ones(real_shape, dtype=np.uint8)
    if mask.shape != tuple(real_shape):
        raise ValueError(f"a mask of shape {mask.shape} for tokens of shape {tuple(real_shape)}")
    attended: npt.NDArray[np.bool_] = np.not_equal(mask, 0)
    return attended.astype(np.uint8)
