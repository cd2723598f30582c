"""Stages that are too wide to cross as a whole: they stay here, forward by forward, and are requested in blocks.

A stage whose last axis is `vocabulary` does not cross with its forward: its line has `"kept": true`, and it stays here until another
forward is written into that slot. Its vectors are requested with `block`, by their places in [rows * tokens], as many at a time as the
host can take, and lie in the last slot, which no forward is given.
"""

# What a framework hands over has no narrower type than Any.
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any, Sequence

from . import wire

__all__ = ["Kept", "is_wide"]

_WIDE = "vocabulary"


def is_wide(axes: Sequence[str]) -> bool:
    """Whether a stage with these axes stays here."""
    return len(axes) > 1 and axes[-1] == _WIDE


class Kept:
    """The wide stages of the latest forward of each slot."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[int, dict[str, Any]]] = {}

    def begin(self, slot: int, forward: int) -> None:
        """A forward begins, and what its slot's last one left is released."""
        self._of[slot] = (forward, {})

    def keep(self, slot: int, stage: str, values: Any) -> wire.Written:
        """Keep a stage of the forward of a slot; what it is like."""
        self._of[slot][1][stage] = values.detach() if hasattr(values, "detach") else values
        return wire.as_written(values)

    def block(self, request: dict[str, Any], slot: wire.Slot) -> dict[str, Any]:
        """Copy the vectors of a request into a slot; their place there."""
        forward, kept = self._of.get(request["slot"], (None, {}))
        if forward != request["forward"] or request["stage"] not in kept:
            raise KeyError("the stage {} of that forward is not held any more".format(request["stage"]))
        values = kept[request["stage"]]
        slot.rewind()
        return dict(slot.put(values.reshape(-1, values.shape[-1])[request["positions"]])._asdict())
