"""What a float64 run was inside, as a record has it: "pure", "kept: op", "mixed: op", "unchecked", or "" for none."""

from __future__ import annotations

__all__ = ["coarser_status"]


def coarser_status(known: str, new: str) -> str:
    """The status of two float64 runs of one side: the less complete one; "" is none yet.

    >>> coarser_status("pure", "kept: softmax"), coarser_status("mixed: softmax", "pure")
    ('kept: softmax', 'mixed: softmax')
    """
    order = ("", "pure", "kept", "unchecked", "mixed")
    kinds = [status.partition(":")[0] for status in (known, new)]
    ranks = [order.index(kind) if kind in order else order.index("unchecked") for kind in kinds]
    return new if ranks[1] > ranks[0] else known
