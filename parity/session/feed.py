"""What one side was fed, as the other can be given it: ids, mask, types, positions, and where real tokens sit."""

from __future__ import annotations

from typing import Any

from parity.border.runner import Batch

__all__ = ["feed_of"]


def feed_of(batch: Batch, *, positions: bool = False) -> dict[str, Any]:
    """The inputs [rows, tokens] of a batch as lists, None for what was not fed; position ids only where asked."""
    stages = batch.stages

    def listed(name: str) -> Any:
        return stages[name].values.tolist() if name in stages else None

    return {
        "input_ids": listed("input_ids"),
        "attention_mask": listed("attention_mask"),
        "token_type_ids": listed("token_type_ids"),
        "position_ids": listed("position_ids") if positions else None,
        "real": listed("real"),
    }
