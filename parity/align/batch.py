"""One pair of batches, made comparable: the same positions of both sides, stage by stage, with probabilities derived.

Only real positions come through, paired by rank or by the row's token alignment; classes are brought into the
reference's order; anything with shapes that do not fit is reported and never reshaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.kept import BLOCK_BYTES, keeps_part, kept_blocks
from parity.align.paired_stage import PairedStage, Unfit
from parity.align.plan import Plan
from parity.align.positions import Pairing, gather, pair_positions
from parity.border.runner import Batch, Wide
from parity.errors import RunError, RunnerDied
from parity.records.pair import Pair
from parity.stages import MASKS

__all__ = ["PairedStage", "Pairs", "Unfit", "paired_stages"]

Array = NDArray[np.generic]
Integers = NDArray[np.int64]
Pairs = Mapping[str, Sequence[Integers | None]]
"""By axis (`token`, `target`) the pairs of positions of each row [n, 2]; None for a row whose positions are paired by their rank."""
_MOSTLY = 0.75  # from this share of real positions on, padding costs less than a copy without it


def paired_stages(
    plan: Plan,
    batches: Pair[Batch],
    rows: Sequence[int],
    pairs: Pairs | None,
    *,
    in_place: bool = False,
) -> Iterator[PairedStage | Unfit]:
    """Every stage of the plan, in forward order; `logits` are raw (or as far as they are known: parity.align.known), `probabilities` at each side's own temperature.

    With `in_place` a little padding that both have at the same places is marked, where taking the rest out would copy all.
    """
    numbers = np.asarray(rows, dtype=np.int64)
    pairings: dict[str, Pairing | Unfit] = {}
    wholes: dict[tuple[str | int, ...], _Whole | None] = {}
    for stage in plan.stages:
        here, there = batches.reference.stages.get(stage), batches.candidate.stages.get(stage)
        if here is None or there is None:
            yield Unfit(
                stage, _why_absent(batches.reference if here is None else batches.candidate, here is None)
            )
            continue
        lengths = {side.values.shape[:1] for side in (here, there)}
        in_part = keeps_part(here) or keeps_part(there)
        if (here.axes[:-1] if in_part else here.axes) != (
            there.axes[:-1] if in_part else there.axes
        ) or lengths != {(len(numbers),)}:
            yield Unfit(stage, f"axes {list(here.axes)} against {list(there.axes)}, {len(numbers)} rows")
            continue
        if "f" in (kinds := {side.values.dtype.kind for side in (here, there)}) and len(kinds) > 1:
            yield Unfit(stage, f"{here.values.dtype} against {there.values.dtype}")
            continue
        kind = here.axes[1] if len(here.axes) > 1 else "row"
        if kind in MASKS:
            if kind not in pairings:
                pairings[kind] = _pairing(kind, batches, pairs)
            pairing = pairings[kind]
            if isinstance(pairing, Unfit):
                yield Unfit(stage, pairing.reason)
                continue
            if unlike := _unlike_layout(kind, stage, batches):
                yield Unfit(stage, unlike)
                continue
            if in_part:
                sides = Pair(here, there)
                yield from kept_blocks(
                    sides, batches, pairing, numbers, plan.task.target if plan.task else ""
                )
                continue
            widths = [side.columns for side in (here, there)]
            if widths[0] != widths[1]:
                yield Unfit(stage, f"each position has shape {list(widths[0])} against {list(widths[1])}")
                continue
            if here.wide is not None and there.wide is not None:
                yield from _blocks(stage, Pair(here.wide, there.wide), pairing, numbers, here.values.shape[1])
                continue
            if in_place and here.axes[-1:] == ("hidden",):
                laid_out = (kind, *here.values.shape[:2])
                if laid_out not in wholes:
                    alike = here.values.shape[:2] == there.values.shape[:2]
                    wholes[laid_out] = _whole(pairing, here.values.shape, numbers) if alike else None
                if whole := wholes[laid_out]:
                    flat = Pair(gather(here.values, None), gather(there.values, None))
                    yield PairedStage(stage, flat, whole.rows, whole.ranks, whole.real)
                    continue
            values = Pair(gather(here.values, pairing.reference), gather(there.values, pairing.candidate))
            example_rows, positions = numbers[pairing.rows], pairing.ranks
        else:
            if here.values.shape != there.values.shape:
                yield Unfit(stage, f"shape {list(here.values.shape)} against {list(there.values.shape)}")
                continue
            values = Pair(_flat(here.values), _flat(there.values))
            example_rows, positions = numbers, np.zeros(len(numbers), dtype=np.int64)
        if here.axes[-1:] == ("class",):
            order = plan.labels.permutation if plan.labels is not None else None
            if order is not None and len(order) != values.candidate.shape[1]:
                yield Unfit(stage, f"{values.candidate.shape[1]} columns, and {len(order)} classes are named")
                continue
            values = _ordered(values, plan)
        known = plan.known if stage == "logits" else None
        shown = values if known is None else Pair(*(known.as_known(side) for side in values))
        yield PairedStage(stage, shown, example_rows, positions)
        activation = plan.derives(stage)
        if activation is not None and plan.decides(stage, values.reference.shape[1]):
            shares: Pair[Array] = Pair(
                *(
                    activation.probabilities(side, temperature)
                    if known is None
                    else known.shares(side, name, temperature)
                    for name, side, temperature in zip(Pair._fields, values, plan.temperatures, strict=True)
                )
            )
            yield PairedStage("probabilities", shares, example_rows, positions)


def _blocks(
    stage: str, sides: Pair[Wide], pairing: Pairing, numbers: Integers, tokens: int
) -> Iterator[PairedStage | Unfit]:
    """The paired positions of a wide stage, as many at a time as may cross at once."""
    whole = np.arange(len(numbers) * tokens)
    here = whole if pairing.reference is None else pairing.reference
    there = whole if pairing.candidate is None else pairing.candidate
    step = max(1, BLOCK_BYTES // max(1, *(side.bytes_each for side in sides)))
    for start in range(0, len(here), step):
        part = slice(start, start + step)
        try:
            values = Pair(sides.reference.block(here[part]), sides.candidate.block(there[part]))
        except RunError as error:
            if isinstance(error, RunnerDied) and error.killed:
                raise
            yield Unfit(stage, error.sentence.rstrip("."))
            return
        yield PairedStage(stage, values, numbers[pairing.rows[part]], pairing.ranks[part], wide=True)


def _why_absent(batch: Batch, of_reference: bool) -> str:
    if batch.failure is not None:
        return batch.failure.sentence.rstrip(".")
    return f"{'the reference' if of_reference else 'the candidate'} announced it and did not produce it"


def _pairing(kind: str, batches: Pair[Batch], pairs: Pairs | None) -> Pairing | Unfit:
    masks = [batch.stages.get(MASKS[kind]) for batch in batches]
    if masks[0] is None or masks[1] is None:
        return Unfit(kind, f"one side does not report which {kind}s are real")
    here, there = masks[0].values.astype(np.uint8), masks[1].values.astype(np.uint8)
    numbers = [word_numbers(batch) for batch in batches] if kind == "word" else []
    if kind == "word" and numbers[0] is not None and numbers[1] is not None:
        return _by_number(Pair(here, there), Pair(numbers[0], numbers[1]))
    if kind == "word" and not np.array_equal(here.sum(axis=1), there.sum(axis=1)):
        return Unfit(kind, "the two sides split the text into different words")
    chosen = (pairs or {}).get(kind) or [None] * len(here)
    counts = here.sum(axis=1), there.sum(axis=1)
    for row, pair in enumerate(chosen):
        if pair is None and counts[0][row] != counts[1][row]:
            return Unfit(
                kind, f"a row has {counts[0][row]} real {kind}s against {counts[1][row]}, with the same ids"
            )
    return pair_positions(here, there, chosen)


def word_numbers(batch: Batch) -> list[Integers] | None:
    """For each row the numbers of its words that have pieces, in their order; None where the batch does not show them."""
    ids, real = batch.stages.get("word_ids"), batch.stages.get(MASKS["token"])
    if ids is None or real is None:
        return None
    return [
        np.unique(row[there.astype(bool) & (row > 0)]) - 1
        for row, there in zip(ids.values.astype(np.int64), real.values, strict=True)
    ]


def _by_number(masks: Pair[NDArray[np.uint8]], numbers: Pair[list[Integers]]) -> Pairing:
    """Words paired by their number in the row, which is the position of each: one without pieces on a side has no pair."""
    pairs: list[Integers] = []
    for here, there in zip(numbers.reference, numbers.candidate, strict=True):
        _, ours, theirs = np.intersect1d(here, there, assume_unique=True, return_indices=True)
        pairs.append(np.stack([ours, theirs], axis=1).astype(np.int64))
    found = pair_positions(masks.reference, masks.candidate, pairs)
    named = [here[pair[:, 0]] for here, pair in zip(numbers.reference, pairs, strict=True)]
    return found._replace(ranks=np.concatenate(named) if named else found.ranks)


def _unlike_layout(kind: str, stage: str, batches: Pair[Batch]) -> str:
    """Why a stage does not have the positions of its batch's tokens (or words); empty when it has."""
    for side, batch in zip(Pair._fields, batches, strict=True):
        shape = batch.stages[stage].values.shape
        fed = batch.stages[MASKS[kind]].values.shape
        if shape[:2] != fed:
            return f"the {side} has {shape[1]} {kind}s of {stage} where it was fed {fed[1]}"
    return ""


class _Whole(NamedTuple):
    """All positions of two batches that are laid out alike, padding included."""

    rows: Integers
    ranks: Integers
    real: NDArray[np.bool_]


def _whole(pairing: Pairing, shape: tuple[int, ...], numbers: Integers) -> _Whole | None:
    """None where there is no padding, much of it, or not the same on both sides."""
    index = pairing.reference
    count = shape[0] * shape[1]
    other = pairing.candidate
    if index is None or other is None or len(index) < _MOSTLY * count or not np.array_equal(index, other):
        return None
    real = np.zeros(count, dtype=bool)
    real[index] = True
    ranks = np.zeros(count, dtype=np.int64)
    ranks[index] = pairing.ranks
    return _Whole(np.repeat(numbers, shape[1]), ranks, real)


def _flat(values: Array) -> Array:
    return values.reshape(values.shape[0], -1)


def _ordered(values: Pair[Array], plan: Plan) -> Pair[Array]:
    labels = plan.labels
    if labels is None or labels.permutation is None or labels.kind == "same":
        return values
    return Pair(values.reference, values.candidate[:, list(labels.permutation)])
