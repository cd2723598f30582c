"""Arguments of layers that a model has made of what a module returned by moving its values only: a table of positions transposed, or repeated by row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parity.align.calls import Calls, tensors_of
from parity.border.reply import StageTensor

__all__ = ["rearranged"]

_FEW = 4  # distinct values: the two of a mask are found in many tensors
_MOST = 1 << 20


def rearranged(calls: Calls, tensors: Mapping[str, StageTensor]) -> dict[str, list[str]]:
    """By the name of a tensor that a part returned, those of the layers' arguments that hold no other values than it does."""
    returned = {name for part in calls.parts for name in tensors_of(part.gives)}
    given = {name for one in calls.layers.values() for name in tensors_of(one["gives"])}
    found: dict[str, list[str]] = {}
    for argument in sorted(_arguments(calls) - returned - given):
        values = _values(tensors, argument)
        if values is None or len(values) <= _FEW:
            continue
        for name in sorted(returned):
            other = _values(tensors, name)
            if other is not None and np.isin(values, other).all():
                found.setdefault(name, []).append(argument)
    return found


def _arguments(calls: Calls) -> set[str]:
    """What the layers take beside their hidden states."""
    return {
        tensor
        for layer in calls.layers.values()
        for name, described in layer["takes"].items()
        if name != "hidden"
        for tensor in tensors_of(described)
    }


def _values(tensors: Mapping[str, StageTensor], name: str) -> np.ndarray | None:
    """The distinct values of a tensor of floating-point numbers; None of any other, and of one that is too large."""
    tensor = tensors.get(name)
    if tensor is None or tensor.values.dtype.kind != "f" or tensor.values.size > _MOST:
        return None
    return np.unique(tensor.values)
