"""What a language model holds of the tokens of texts: how likely the one that is there, and which one it holds likeliest.

Every token after the first is held against what the position before it predicts. Of a masked language model each token is masked in turn,
on texts and tokens that are drawn with a fixed seed: a text of n tokens takes n forwards.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.batch_sizes import batch_sizes_of
from parity.align.kept import BLOCK_BYTES, keeps_part
from parity.align.texts import mask_piece
from parity.border.description import Description
from parity.border.runner import Batch, StageTensor
from parity.errors import InputsDoNotFit
from parity.inputs.example import Encoding
from parity.measure.decision_rule import LARGEST
from parity.measure.kept_logits import KeptSide
from parity.measure.language import log_sums, two_ways
from parity.records.pair import Pair
from parity.seed_audit.runs.outputs_base import RowsSeen, RunOutputs, Tokens
from parity.session.masking import mask_id, maskable, masked_forward
from parity.session.session import Session

__all__ = ["MaskedOutputs", "NextOutputs"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
_SEED, _TEXTS, _PLACES = 0, 256, 128  # texts that are masked, and tokens of each, at the most


class _Part(NamedTuple):
    """Some tokens of a text: their ids, how likely the run holds each (ln p), and which one it holds likeliest."""

    ids: Integers
    likely: Floats
    picked: Integers


class _TokenOutputs(RunOutputs):
    def __init__(self, temperature: float) -> None:
        self._temperature = temperature
        self._found: dict[int, list[_Part]] = {}

    def logits(self) -> NDArray[Any]:
        """[tokens, 2] logits of the token that is there and of any other, in float64."""
        return two_ways(np.concatenate([np.zeros(0), *(part.likely for part in self._parts())]))

    def tokens(self) -> Tokens:
        """Which tokens these are."""
        parts, none = self._parts(), np.zeros(0, dtype=np.int64)
        texts = [np.full(len(part.ids), row) for row in sorted(self._found) for part in self._found[row]]
        return Tokens(
            np.concatenate([none, *texts]),
            np.concatenate([none, *(part.ids for part in parts)]),
            np.concatenate([none, *(part.picked for part in parts)]),
        )

    def _parts(self) -> list[_Part]:
        """All, in the order of the texts."""
        return [part for row in sorted(self._found) for part in self._found[row]]

    def _take(self, row: int, stage: StageTensor, places: Integers, ids: Integers) -> None:
        """Some positions of [rows * tokens] of a batch, and the token that each is held against."""
        step = len(places) if stage.wide is None else max(1, BLOCK_BYTES // max(1, stage.wide.bytes_each))
        for start in range(0, len(places), max(1, step)):
            some, held = places[start : start + step], ids[start : start + step]
            part = self._of_part(stage, some, held) if keeps_part(stage) else self._of(stage, some, held)
            self._found.setdefault(row, []).append(part)

    def _of(self, stage: StageTensor, places: Integers, ids: Integers) -> _Part:
        wide = stage.wide
        block = (
            stage.values.reshape(-1, stage.values.shape[-1])[places] if wide is None else wide.block(places)
        )
        logits = np.asarray(block, dtype=np.float64) / self._temperature
        if len(ids) and int(ids.max()) >= logits.shape[1]:
            raise InputsDoNotFit(
                f"Token {int(ids.max())} has no logit: the model predicts {logits.shape[1]:,} tokens, and its tokenizer has more.",
                next_step="Give the tokenizer that belongs to the model.",
            )
        with np.errstate(invalid="ignore"):
            likely = logits[np.arange(len(ids)), ids] - log_sums(logits)
            picked = np.where(LARGEST.usable(logits), logits.argmax(axis=1), -1)
        return _Part(ids, likely, picked.astype(np.int64))

    def _of_part(self, stage: StageTensor, places: Integers, ids: Integers) -> _Part:
        """Of a recording, which holds the logit of the token that is there and the sum of all."""
        if self._temperature != 1.0:
            raise InputsDoNotFit(
                f"A recording holds what a softmax at temperature 1 needs, and its temperature is {self._temperature:g}.",
                next_step="Give the run itself in place of its trace, or no temperature.",
            )
        side = KeptSide.of(stage.values.reshape(-1, stage.values.shape[-1])[places])
        likely = side.target - side.log_sum
        picked = np.where(np.isfinite(side.values[:, 0]), side.columns[:, 0], -1)
        return _Part(ids, likely, picked.astype(np.int64))


class NextOutputs(_TokenOutputs):
    """Of a causal language model."""

    def __init__(self, stage: str, temperature: float) -> None:
        super().__init__(temperature)
        self.stages = (stage,)

    def add(self, numbers: list[int], batch: Batch, seen: RowsSeen) -> None:
        """Every token after the first of each row."""
        stage, real = batch.stages[self.stages[0]], batch.stages["real"].values
        width = stage.values.shape[1]
        for place, row in enumerate(numbers):
            ids, at = _ids(row, seen.encodings[row]), np.flatnonzero(real[place])
            if len(at) != len(ids):
                raise _unknown(row)
            if len(ids) > 1:
                self._take(row, stage, place * width + at[:-1].astype(np.int64), ids[1:])


class MaskedOutputs(_TokenOutputs):
    """Of a masked language model."""

    def __init__(self, stage: str, temperature: float, rows: int) -> None:
        super().__init__(temperature)
        self._stage = stage
        self._drawn = frozenset(random.Random(_SEED).sample(range(rows), min(rows, _TEXTS)))
        self._mask: int | None = None

    def add(self, numbers: list[int], batch: Batch, seen: RowsSeen) -> None:
        """Where nothing is masked nothing is predicted."""

    def add_window(self, session: Session, seen: RowsSeen) -> None:
        """Run the texts that were drawn, each token masked in turn; a text that has a mask is not among them."""
        if self._mask is None:
            self._mask = _mask_of(session)
        for row, encoding in seen.encodings.items():
            if row not in self._drawn:
                continue
            ids = _ids(row, encoding)
            assert encoding is not None
            places = maskable(encoding)
            if self._mask in ids or not places:
                continue
            if len(places) > _PLACES:
                places = sorted(random.Random(_SEED).sample(places, _PLACES))
            step = max(1, _budget(session.described) // len(ids))
            for start in range(0, len(places), step):
                some = np.array(places[start : start + step])
                batch = masked_forward(session, encoding, some.tolist(), self._mask, self._stage).wait()
                stage = batch.stages[self._stage]
                self._take(row, stage, np.arange(len(some)) * stage.values.shape[1] + some, ids[some])


def _budget(described: Description) -> int:
    """How many tokens one forward may have."""
    return batch_sizes_of(Pair(described, described)).of_wide(described.vocabulary_rows or 1).budget


def _mask_of(session: Session) -> int:
    described, found = session.described, -1
    if described.can.accepts_feed and mask_piece(described.tokenizer):
        found = mask_id(session)
    if found < 0:
        why = "has no mask token" if described.can.accepts_feed else "cannot be given tokens that are masked"
        raise InputsDoNotFit(
            f"{session.subject} predicts masked tokens and {why}, so that it has no perplexity.",
            next_step="Give the models themselves, with their tokenizers, in place of recordings.",
        )
    return found


def _ids(row: int, encoding: Encoding | None) -> Integers:
    if encoding is None:
        raise _unknown(row)
    return np.array(encoding.input_ids, dtype=np.int64)


def _unknown(row: int) -> InputsDoNotFit:
    return InputsDoNotFit(
        f"The tokens of row {row} are not known, so that nothing is known of how likely they are.",
        next_step="Give runs that report their tokens.",
    )
