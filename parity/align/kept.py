"""A stage with a column for each word of a vocabulary, of which a trace keeps a part: what is kept, and how it is paired with the other side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.paired_stage import PairedStage, Unfit
from parity.align.positions import Pairing
from parity.border.description import Description
from parity.border.runner import Batch, StageTensor
from parity.errors import RunError, RunnerDied
from parity.measure.kept_logits import KEPT, SUMS, KeptSide, compared, packed
from parity.measure.language import Target
from parity.records.pair import Pair
from parity.stages import LOGIT_SUMS, MASKS

__all__ = ["BLOCK_BYTES", "PART", "keeps_part", "kept_blocks", "kept_of", "not_kept", "partly_kept"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
BLOCK_BYTES = 1 << 22
"""Of either side; at most 64 MB may cross at once, and less is faster."""
PART = (KEPT, SUMS)
"""How many logits, and how many sums of all, are kept of a position."""
_POSITIONS = 1 << 9  # of two traces at a time


class _Positions(NamedTuple):
    """A stage of both sides: its tensors, and the token that is there at each place of [rows * tokens]."""

    stages: Pair[StageTensor]
    targets: Pair[Integers]


def keeps_part(stage: StageTensor) -> bool:
    """Whether a stage holds a part of a vocabulary's logits."""
    return stage.axes[-1] == "kept"


def partly_kept(side: Description) -> str:
    """The stage of which a side holds a part only: a recorded one with a column for each word of a vocabulary; empty where none is."""
    if side.recorded is None:
        return ""
    return next((seen.name for seen in side.stages if seen.axes[-1:] == ["vocabulary"]), "")


def not_kept() -> str:
    """What is compared of logits that were recorded, and what that can miss."""
    return (
        f"at each position the trace keeps the {KEPT} largest logits, that of the token that is there, the logarithm of the sum of "
        f"all exponentials, and {SUMS} random sums of all; the others are compared by these sums alone ({LOGIT_SUMS}), which miss a "
        "difference of twice what is allowed once in a thousand positions, and one of ten times never"
    )


def _target_ids(batch: Batch, target: Target) -> Integers:
    """[rows, tokens] the id of the token that a position's logits are held against: the next one, or the one there; -1 where there is none."""
    ids, real = batch.stages.get("input_ids"), batch.stages.get("real")
    if ids is None or real is None:
        return np.zeros((0, 0), dtype=np.int64)
    mask = real.values.astype(bool)
    found = np.where(mask, ids.values.astype(np.int64), -1)
    if target == "here":
        return found
    following = np.full(mask.shape, -1, dtype=np.int64)
    for row in range(len(mask) if target == "next" else 0):
        places = np.flatnonzero(mask[row])
        following[row, places[:-1]] = found[row, places[1:]]
    return following


def kept_of(stage: StageTensor, batch: Batch, target: Target) -> Floats:
    """[rows, tokens, kept] what a trace keeps of a wide stage of a batch, zeros in padding; raises as fetching does."""
    assert stage.wide is not None, "only what stays with its runner is kept in part"
    shape = stage.values.shape[:2]
    real = batch.stages.get(MASKS.get(stage.axes[1], ""))
    places = (
        np.arange(int(shape[0] * shape[1]), dtype=np.int64) if real is None else np.flatnonzero(real.values)
    )
    targets = _flat(_target_ids(batch, target), shape)
    step = max(1, BLOCK_BYTES // max(1, stage.wide.bytes_each))
    width = packed(np.zeros((1, stage.wide.columns)), np.array([-1])).shape[1]
    found = np.zeros((shape[0] * shape[1], width))
    for start in range(0, len(places), step):
        some = places[start : start + step]
        found[some] = packed(stage.wide.block(some), targets[some])
    return found.reshape(*shape, width)


def kept_blocks(
    stages: Pair[StageTensor], batches: Pair[Batch], pairing: Pairing, numbers: Integers, target: Target
) -> Iterator[PairedStage | Unfit]:
    """The paired positions of a stage of which a side keeps a part, some at a time: the logits that can be compared, and the sums of all."""
    name = stages.reference.name
    targets = Pair(
        *(
            _flat(_target_ids(batch, target), stage.values.shape[:2])
            for batch, stage in zip(batches, stages, strict=True)
        )
    )
    at = _Positions(stages, targets)
    shape = stages.reference.values.shape
    whole = np.arange(int(shape[0] * shape[1]), dtype=np.int64)
    index = Pair(*(whole if places is None else places for places in (pairing.reference, pairing.candidate)))
    wide = [stage.wide.bytes_each for stage in stages if stage.wide is not None]
    step = max(1, BLOCK_BYTES // max(wide)) if wide else _POSITIONS
    for start in range(0, len(index.reference), step):
        part = slice(start, start + step)
        try:
            sides = [_side(at, number, places[part]) for number, places in enumerate(index)]
        except RunError as error:
            if isinstance(error, RunnerDied) and error.killed:
                raise
            yield Unfit(name, error.sentence.rstrip("."))
            return
        if sides[0].width != sides[1].width:
            yield Unfit(name, f"each position has {sides[0].width} logits against {sides[1].width}")
            return
        ours, theirs = (side[places[part]] for side, places in zip(targets, index, strict=True))
        pair = compared(sides[0], sides[1], ours == theirs)
        rows, ranks = numbers[pairing.rows[part]], pairing.ranks[part]
        yield PairedStage(name, Pair(*pair.values), rows, ranks, centred=pair.centred_values, kept=pair)
        yield PairedStage(LOGIT_SUMS, Pair(*pair.sums), rows, ranks, centred=pair.centred_sums)


def _side(at: _Positions, number: int, places: Integers) -> KeptSide:
    """One side at some places of [rows * tokens]."""
    stage = at.stages[number]
    if stage.wide is None:
        return KeptSide.of(stage.values.reshape(-1, stage.values.shape[-1])[places])
    whole = np.asarray(stage.wide.block(places), dtype=np.float64)
    return KeptSide.of(packed(whole, at.targets[number][places]), whole)


def _flat(targets: Integers, shape: tuple[int, ...]) -> Integers:
    """[rows * tokens]; none where the batch does not show its ids."""
    count = shape[0] * shape[1]
    return targets.reshape(-1) if targets.size == count else np.full(count, -1, dtype=np.int64)
