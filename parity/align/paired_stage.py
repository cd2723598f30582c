"""One stage of one pair of batches, made comparable; or why it is not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.measure.kept_logits import KeptPair
from parity.records.pair import Pair

__all__ = ["PairedStage", "Unfit"]

Array = NDArray[np.generic]
Integers = NDArray[np.int64]


class PairedStage(NamedTuple):
    """One stage of one pair of batches: [n, width] of either side, with the example row and the position of each vector.

    `real` [n] is False at vectors to exclude; None when there are none. Only padding that stays in place is marked. A `wide` stage
    comes in several parts, each row's positions in order; no probabilities are made of it. Where a side keeps only a part of a vocabulary's
    logits, `values` are what can be compared of them, `centred` the same less each row's mean, and `kept` all that follows.
    """

    stage: str
    values: Pair[Array]
    rows: Integers
    positions: Integers
    real: NDArray[np.bool_] | None = None
    wide: bool = False
    centred: Pair[NDArray[np.float64]] | None = None
    kept: KeptPair | None = None


class Unfit(NamedTuple):
    """A stage that one of the batches lacks, or whose shapes do not fit."""

    stage: str
    reason: str
