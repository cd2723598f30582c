"""What decisions and probabilities are made of: all outputs of both sides, or as much of them as both hold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.paired_stage import PairedStage
from parity.records.pair import Pair

__all__ = ["Choices", "choices_of"]

Array = NDArray[np.generic]


class Choices(NamedTuple):
    """Outputs [n, columns] that decide, and the logits from which probabilities are made; `options` [n, columns] says what each column
    stands for where that is not its place."""

    values: Pair[Array]
    logits: Pair[Array]
    options: NDArray[np.int64] | None = None

    def at(self, positions: NDArray[np.bool_]) -> Choices:
        """Those of some positions."""
        options = None if self.options is None else self.options[positions]
        values = Pair(*(side[positions] for side in self.values))
        if self.options is None:
            return Choices(values, values)
        return Choices(values, Pair(*(side[positions] for side in self.logits)), options)


def choices_of(item: PairedStage) -> Choices:
    """The outputs of a stage that decides."""
    if item.kept is None:
        return Choices(item.values, item.values)
    return Choices(Pair(*item.kept.choices), Pair(*item.kept.shares), item.kept.options)
