"""The stages that a forward wrote, read from its slot; what stays with the runner is fetched in blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from parity.border.messages import Tensor, read_listing
from parity.border.reply import StageTensor, Wide, stage_in
from parity.border.slots import Array, Slot
from parity.errors import RunnerSpokeGarbage

__all__ = ["Forward", "stages_of"]


class Forward(NamedTuple):
    """One forward: its request, what it is called in a sentence, its subject, and how vectors of a wide stage of it are fetched."""

    request: int
    what: str
    subject: str
    fetch: Callable[[Tensor, list[int]], Array]


def stages_of(forward: Forward, slot: Slot) -> dict[str, StageTensor]:
    """The stages by name, in forward order; raises RunnerSpokeGarbage."""
    try:
        listed = read_listing(slot.listed(), forward.request)
    except ValueError as error:
        raise RunnerSpokeGarbage(
            f"The runner of {forward.subject} listed an entry that is not a tensor, while {forward.what}: {error}."
        ) from error
    return {tensor.stage: _stage(forward, tensor, slot) for tensor in listed}


def _stage(forward: Forward, tensor: Tensor, slot: Slot) -> StageTensor:
    if tensor.kept:
        return _wide(forward, tensor, slot)
    return stage_in(slot, tensor, forward.subject)


def _wide(forward: Forward, tensor: Tensor, slot: Slot) -> StageTensor:
    """A stage that stays with the runner until its slot is taken again."""
    dtype, columns = np.dtype(tensor.dtype), tensor.shape[-1]
    wide = Wide(columns, columns * dtype.itemsize, lambda places: forward.fetch(tensor, places))
    slot.hold(wide)
    empty = np.empty((*tensor.shape[:-1], 0), dtype)
    return StageTensor(tensor.stage, tensor.axes, empty, tensor.source, wide)
