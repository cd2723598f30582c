"""What is kept of the stages of one run: their vectors for the first examples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from parity.align.positions import gather, pair_positions
from parity.border.runner import Batch

__all__ = ["Kept"]


class Kept:
    """The kept vectors of all batches, restored to the order of the inputs at the end."""

    def __init__(self) -> None:
        self._vectors: dict[str, list[tuple[int, NDArray[np.float32]]]] = {}

    def add(self, numbers: list[int], batch: Batch) -> None:
        """Take in a batch of these rows."""
        real = batch.stages.get("real")
        for name, stage in batch.stages.items():
            if stage.axes[1:] == ("hidden",):
                for place, row in enumerate(numbers):
                    self._put(name, row, stage.values[place : place + 1])
            elif stage.axes == ("row", "token", "hidden") and real is not None:
                for place, row in enumerate(numbers):
                    here = real.values[place : place + 1].astype(np.uint8)
                    pairing = pair_positions(here, here)
                    self._put(name, row, gather(stage.values[place : place + 1], pairing.reference))

    def _put(self, name: str, row: int, vectors: NDArray[Any]) -> None:
        self._vectors.setdefault(name, []).append((row, np.array(vectors, dtype=np.float32)))

    def vectors(self) -> dict[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {}
        for name, parts in self._vectors.items():
            parts.sort(key=lambda part: part[0])
            found[f"values:{name}"] = np.concatenate([vectors for _, vectors in parts])
            found[f"rows:{name}"] = np.concatenate([np.full(len(vectors), row) for row, vectors in parts])
        return found
