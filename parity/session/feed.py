"""The feed of one side, ready for the other: ids, mask, types, positions, and the places of real tokens."""

from __future__ import annotations

from collections.abc import Mapping

from parity.border.runner import Batch
from parity.border.slots import Array

__all__ = ["feed_of"]

_FED = ("input_ids", "attention_mask", "token_type_ids", "real")


def feed_of(batch: Batch, *, positions: bool = False) -> Mapping[str, Array | None]:
    """The inputs [rows, tokens] of a batch by name, None for what was not fed; position ids only where requested.

    They are views into the slot of the batch: to be sent (`Runner.forward`) while the batch is held.
    """
    stages = batch.stages
    fed = {name: stages[name].values if name in stages else None for name in _FED}
    known = stages.get("position_ids") if positions else None
    return {**fed, "position_ids": None if known is None else known.values}
