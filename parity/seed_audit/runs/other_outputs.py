"""What a run gives where an example is an input of several rows, or nothing decides: choices, scores, vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from parity.border.runner import Batch
from parity.errors import InputsDoNotFit
from parity.measure.embeddings import directions
from parity.seed_audit.runs.outputs_base import RowsSeen, RunOutputs

__all__ = ["ChoiceOutputs", "ScoreOutputs", "VectorOutputs"]

_MOST = 20_000  # texts of which each is compared with all others


class ChoiceOutputs(RunOutputs):
    """The logits of the choices of each input; -inf where it has fewer choices than others."""

    def __init__(self, stage: str) -> None:
        self.stages = (stage,)
        self._found: dict[int, NDArray[np.float32]] = {}

    def add(self, numbers: list[int], batch: Batch, seen: RowsSeen) -> None:
        """One logit a row, which is a choice."""
        values = batch.stages[self.stages[0]].values
        for place, row in enumerate(numbers):
            choice = seen.examples[row].choice
            assert choice is not None, "the inputs are read by choice"
            if choice.of < 2:
                raise InputsDoNotFit(
                    f"Input {choice.input} (counted from 0) has one choice only, so that every run would agree.",
                    next_step="Exclude it, or give it further choices.",
                )
            known = self._found.setdefault(choice.input, np.full(choice.of, np.nan, dtype=np.float32))
            known[choice.number] = values[place, 0]

    def logits(self) -> NDArray[Any]:
        """[inputs, the most choices of an input]."""
        found = [self._found[number] for number in sorted(self._found)]
        whole = np.full((len(found), max(map(len, found))), -np.inf, dtype=np.float32)
        for place, one in enumerate(found):
            whole[place, : len(one)] = one
        return whole


class ScoreOutputs(RunOutputs):
    """One value an input."""

    def __init__(self, stage: str, rows: int) -> None:
        self.stages = (stage,)
        self._scores = np.full((rows, 1), np.nan, dtype=np.float32)

    def add(self, numbers: list[int], batch: Batch, seen: RowsSeen) -> None:
        """Values [rows, 1]."""
        values = batch.stages[self.stages[0]].values
        if values.ndim != 2 or values.shape[1] != 1:
            raise InputsDoNotFit(
                f"A regression of {values.shape[1]} values an example has no metric here: each would need numbers of its own.",
                next_step="Give runs of regressions with one value.",
            )
        self._scores[numbers] = values

    def logits(self) -> NDArray[Any]:
        return self._scores


class VectorOutputs(RunOutputs):
    """The vector of each text; of pairs, whose first text is row 2n and whose second row 2n + 1, the cosine of the two."""

    def __init__(self, stage: str, rows: int, *, pairs: bool) -> None:
        self.stages = (stage,)
        self._rows, self._pairs = rows, pairs
        self._vectors: NDArray[np.float32] | None = None

    def add(self, numbers: list[int], batch: Batch, seen: RowsSeen) -> None:
        """Vectors [rows, hidden]."""
        values = batch.stages[self.stages[0]].values
        if self._vectors is None:
            if not self._pairs and self._rows > _MOST:
                raise InputsDoNotFit(
                    f"There are {self._rows:,} texts, and the neighbours of each are searched among all: up to {_MOST:,} can be.",
                    next_step=f"Give fewer texts: --limit {_MOST}.",
                )
            self._vectors = np.full((self._rows, values.shape[1]), np.nan, dtype=np.float32)
        self._vectors[numbers] = values

    def logits(self) -> NDArray[Any]:
        """[texts, hidden], or [pairs, 1] the cosines (NaN where a vector has no direction)."""
        assert self._vectors is not None
        if not self._pairs:
            return self._vectors
        with np.errstate(invalid="ignore", divide="ignore"):
            found = directions(self._vectors)
        return np.asarray((found[::2] * found[1::2]).sum(axis=1, keepdims=True))
