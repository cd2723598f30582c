"""What a run decides by, taken from its batches: the logits of classes, those of every word, or the answers and their scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from parity.align.answers import ANSWERS, answer_row
from parity.align.by_words import WORDS
from parity.align.tasks import task_of
from parity.align.texts import null_piece
from parity.border.description import Description
from parity.border.runner import Batch
from parity.errors import InputsDoNotFit
from parity.inputs.inputs import Inputs
from parity.metrics.metric import Counted
from parity.seed_audit.runs.other_outputs import ChoiceOutputs, ScoreOutputs, VectorOutputs
from parity.seed_audit.runs.outputs_base import RowsSeen, RunOutputs
from parity.seed_audit.runs.token_outputs import MaskedOutputs, NextOutputs

__all__ = ["outputs_of"]

Floats = NDArray[np.float32]


def outputs_of(counted: Counted, inputs: Inputs, described: Description) -> RunOutputs:
    """What is collected of a run whose examples are decided so; `inputs` are the rows that it reads."""
    task = task_of(described)
    stage, rows = (*task.outputs, "embedding")[0], inputs.count
    if counted == "words":
        return _Words(rows)
    if counted == "answers":
        # The piece of no answer; without one every question has one.
        return _Answers(rows, null_piece(described.tokenizer) if inputs.unanswerable else None)
    if counted == "choices":
        return ChoiceOutputs(stage)
    if counted == "tokens":
        masked = task.decided == "mask"
        return (
            MaskedOutputs(stage, described.temperature, rows)
            if masked
            else NextOutputs(stage, described.temperature)
        )
    if task.embeds:
        return VectorOutputs(stage, rows, pairs=counted == "scores")
    return ScoreOutputs(stage, rows) if counted == "scores" else _Classes(stage, rows)


class _Classes(RunOutputs):
    def __init__(self, stage: str, rows: int) -> None:
        self.stages = (stage,)
        self._rows = rows
        self._logits: Floats | None = None

    def add(self, numbers: list[int], batch: Batch, seen: RowsSeen) -> None:
        """Logits [rows, classes], two classes at least."""
        logits = batch.stages[self.stages[0]]
        if logits.axes != ("row", "class"):
            words = logits.axes[1:2] == ("token",)
            raise InputsDoNotFit(
                f"Logits with the axes {', '.join(logits.axes)} are not decisions about whole examples.",
                next_step="Give inputs that are lists of words with a tag for each (tokens, ner_tags)."
                if words
                else "Give runs of sequence classifiers.",
            )
        if logits.values.shape[1] < 2:
            raise InputsDoNotFit(
                "Logits of one column are one number per example, without a decision or probabilities: every run would agree.",
                next_step="Give runs of classifiers of two classes or more, or models whose config says that they are regressions.",
            )
        if self._logits is None:
            self._logits = np.full((self._rows, logits.values.shape[1]), np.nan, dtype=np.float32)
        self._logits[numbers] = logits.values

    def logits(self) -> Floats:
        assert self._logits is not None
        return self._logits


class _Words(RunOutputs):
    stages = (WORDS,)

    def __init__(self, rows: int) -> None:
        self._found: list[Floats | None] = [None] * rows

    def add(self, numbers: list[int], batch: Batch, seen: RowsSeen) -> None:
        """The logits of every word of each row."""
        for place, row in enumerate(numbers):
            words = seen.examples[row].words or ()
            there = _words_there(batch, place)
            if there != list(range(1, len(words) + 1)):
                raise InputsDoNotFit(
                    f"Row {row} has {len(words)} words, and the run decides {len(there)} of them: the others were cut off, or have "
                    "no token.",
                    next_step="Allow longer rows (max_length), or exclude that row: every run must decide every word.",
                )
            self._found[row] = np.array(batch.stages[WORDS].values[place, : len(words)], dtype=np.float32)

    def logits(self) -> Floats:
        return np.concatenate([one for one in self._found if one is not None])


class _Answers(RunOutputs):
    stages = ANSWERS

    def __init__(self, rows: int, null: str | None) -> None:
        self._null = null
        self._scores = np.full((rows, 2), np.nan, dtype=np.float32)
        self._texts = [""] * rows

    def add(self, numbers: list[int], batch: Batch, seen: RowsSeen) -> None:
        """The answer of each row, and the start and end logit that it was chosen by."""
        for place, row in enumerate(numbers):
            found = answer_row(batch, place, seen.encodings[row], self._null)
            if found is None:
                raise InputsDoNotFit(
                    f"The tokens of row {row} are not known, so that its answer is not known either.",
                    next_step="Give runs that report their tokens.",
                )
            best = found.best()
            if best is not None:
                self._scores[row] = found.start[best.start], found.end[best.end]
                self._texts[row] = found.text((best.start, best.end), seen.examples[row])

    def logits(self) -> Floats:
        return self._scores

    def answers(self) -> list[str] | None:
        return self._texts


def _words_there(batch: Batch, place: int) -> list[int]:
    """The numbers of the words of a row that have logits, counted from 1."""
    mask: NDArray[Any] = batch.stages["word_mask"].values[place].astype(bool)
    ids = batch.stages.get("word_ids")
    if ids is None:
        return list(range(1, int(mask.sum()) + 1))
    return [int(number) for number in np.unique(ids.values[place]) if number > 0]
