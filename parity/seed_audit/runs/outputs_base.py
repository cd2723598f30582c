"""What is collected of a run, whatever it decides by: which stages it is asked for, and what comes of its batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.border.runner import Batch
from parity.inputs.example import Encoding, Example
from parity.session.session import Session

__all__ = ["RowsSeen", "RunOutputs", "Tokens"]


class RowsSeen(NamedTuple):
    """The examples of a window by their row, and their encodings."""

    examples: Mapping[int, Example]
    encodings: Mapping[int, Encoding | None]


class Tokens(NamedTuple):
    """The tokens that a run was held against: [tokens] the text of each, its id, and the id that the run holds likeliest (-1: none)."""

    texts: NDArray[np.int64]
    ids: NDArray[np.int64]
    picked: NDArray[np.int64]


class RunOutputs:
    """What is collected of one run: the `stages` that it is asked for, and what comes of them, in the order of the inputs."""

    stages: tuple[str, ...] = ()

    def add(self, numbers: list[int], batch: Batch, seen: RowsSeen) -> None:
        """Take in a batch of these rows."""
        raise NotImplementedError

    def add_window(self, session: Session, seen: RowsSeen) -> None:
        """What is asked for a window beside its batches."""

    def logits(self) -> NDArray[Any]:
        """[units, columns]; what a unit is depends on what an example is decided by."""
        raise NotImplementedError

    def answers(self) -> Sequence[str] | None:
        """The answer of each row; None where there is none."""
        return None

    def tokens(self) -> Tokens | None:
        """The tokens that the logits are of; None where they are of something else."""
        return None
