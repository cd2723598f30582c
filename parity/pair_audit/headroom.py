"""How far the decisions that agree are from flipping, as the audit keeps it."""

from __future__ import annotations

import math

from parity.measure.decisions import FACTORS, DecisionMeasurement
from parity.records.decisions import Headroom, WouldFlip

__all__ = ["headroom_of"]


def headroom_of(seen: DecisionMeasurement) -> Headroom | None:
    """The record; None where it was not measured."""
    room = seen.headroom
    if room is None:
        return None
    known = math.isfinite(room.first_at)
    return Headroom(
        decisions=room.decisions,
        first_at=room.first_at if known else None,
        first_row=room.first_row if known else None,
        would_flip=[
            WouldFlip(times=times, flips=flips) for times, flips in zip(FACTORS, room.flips, strict=True)
        ],
    )
