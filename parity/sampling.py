"""The noise sample: a few rows asked in float32 and in float64, of each side and between the two.

It comes first, because the floor must be known when the main pass counts which examples and tokens lie beyond it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from parity.batches import sample_rows
from parity.batchwise import PairedStage, Unfit, paired_stages, same_feed
from parity.breakdown import Breakdown
from parity.errors import InputsDoNotFit
from parity.feeding import feed_of
from parity.measure.tensors import Difference
from parity.noise import UNIT_ROUNDOFF, StageNoise
from parity.pair import Pair
from parity.plan import Plan
from parity.positioning import Positioning
from parity.runner import Batch, written
from parity.side import Side

__all__ = ["NoiseSample", "Rescued", "choose_rows", "take_sample"]


class Rescued(NamedTuple):
    """One batch of the sample in which the process of a side ended: its rows, what either side gave on its own encoding, and
    the failure. Nothing can be asked after it.
    """

    rows: Sequence[int]
    own: Pair[Batch]
    broken: Breakdown


class NoiseSample(NamedTuple):
    """What the sample showed, by stage: each side's own error, and the two against each other in float64 on the same ids.

    `own_feed_equal` says that both sides fed themselves the same, so that the float64 comparison holds for the own pass too.
    `float64` says for each side whether float64 was really float64 inside: "pure", "mixed: op", "unchecked", or "" (not to be
    had); `failure` what a framework raised in float64.
    """

    rows: int
    noise: Pair[dict[str, StageNoise]]
    between: dict[str, float]
    own_feed_equal: bool
    float64: Pair[str]
    method: str
    failure: str = ""
    rescued: Rescued | None = None


def choose_rows(sides: Pair[Side], rows: Sequence[int], size: int) -> tuple[list[int], Pair[bool]]:
    """The rows to sample, evenly spaced, and which sides can be asked for them in float64.

    A trace holds float64 values of some rows only: the sample is drawn from those; a trace that holds none of these rows
    is asked in its own precision alone.
    """
    able = [side.described.can.float64 for side in sides]
    chosen = list(rows)
    for number, side in enumerate(sides):
        held = side.described.recorded.float64_rows if side.described.recorded is not None else None
        if able[number] and held is not None:
            common = sorted(set(held).intersection(chosen))
            chosen, able[number] = (common, True) if common else (chosen, False)
    return [chosen[place] for place in sample_rows(len(chosen), size)], Pair(*able)


def take_sample(
    sides: Pair[Side],
    plan: Plan,
    batches: Sequence[Sequence[int]],
    able: Pair[bool],
    positioning: Positioning,
    advance: Callable[[int], None],
) -> NoiseSample:
    """Ask the rows of `batches` (already tokenized on both sides) in both precisions; `able` says which side has float64."""
    own: Pair[dict[str, Difference]] = Pair({}, {})
    between: dict[str, Difference] = {}
    kinds: list[str] = ["", ""]
    equal, failure = True, ""
    rescued: Rescued | None = None
    for rows in batches:
        single = [side.runner.forward(rows, stages=_asked(plan)) for side in sides]
        double = [
            side.runner.forward(rows, stages=_asked(plan), precision="float64") if can else None
            for side, can in zip(sides, able, strict=True)
        ]
        coarse: list[Batch] = []
        exact: list[Batch | None] = []
        for number, side in enumerate(sides):
            batch = written(single[number])
            coarse.append(batch)
            reply = double[number]
            if reply is None:
                if not any(able) and side.described.can.same_ids and batch.failure is None:
                    _rerun(side, _one_sided(plan, number), rows, batch, own[number])
                elif not any(able):
                    _accumulate(own[number], _one_sided(plan, number), Pair(_rounded(batch), batch), rows)
                exact.append(None)
                continue
            fine = written(reply)
            if fine.failure is not None:
                failure = failure or fine.failure.sentence.rstrip(".")
            kinds[number] = _worse(kinds[number], fine.float64 or "unchecked")
            _accumulate(own[number], _one_sided(plan, number), Pair(fine, batch), rows)
            exact.append(fine)
        seen = Pair(coarse[0], coarse[1])
        if broken := _ended(plan, rows, seen, exact):
            equal, rescued = equal and same_feed(seen), Rescued(rows, seen, broken)
            break
        fed_equal, forced = same_feed(seen), False
        if not fed_equal and sides.candidate.described.can.same_ids:
            forced = positioning.forced(sides.candidate.runner, plan, seen)
            fed_equal = positioning.settled and not forced and same_feed(seen, positions=False)
        equal = equal and fed_equal
        if all(able) and exact[0] is not None and exact[1] is not None:
            other = exact[1]
            if not fed_equal:
                asked = _given(sides, plan, exact[0], positions=forced)
                if asked is None:
                    advance(len(rows))
                    continue
                if asked.failure is not None:
                    failure = failure or asked.failure.sentence.rstrip(".")
                    if broken := _ended(plan, rows, seen, (None, asked)):
                        rescued = Rescued(rows, seen, broken)
                        break
                other = asked
            _accumulate(between, plan, Pair(exact[0], other), rows)
        advance(len(rows))
    return NoiseSample(
        rows=sum(len(rows) for rows in batches),
        noise=Pair(_errors(own.reference), _errors(own.candidate)),
        between=_relative(between),
        own_feed_equal=equal,
        float64=Pair(*kinds),
        method=_method(able, kinds),
        failure=failure,
        rescued=rescued,
    )


def _ended(
    plan: Plan, rows: Sequence[int], coarse: Pair[Batch], exact: Sequence[Batch | None]
) -> Breakdown | None:
    """The first side whose process ended in one of these forwards."""
    for side, batches in zip(Pair._fields, zip(coarse, exact, strict=True), strict=True):
        for batch in batches:
            if batch is not None and batch.failure is not None and batch.ended:
                lost = next((stage for stage in plan.stages if stage not in batch.stages), plan.stages[-1])
                return Breakdown(side, batch.failure, lost, len(rows))
    return None


def _asked(plan: Plan) -> list[str]:
    return list(plan.stages)


def _one_sided(plan: Plan, number: int) -> Plan:
    """The plan of a subject against itself: no classes to permute, one temperature."""
    own = plan.temperatures[number]
    return plan._replace(labels=None, temperatures=Pair(own, own))


def _rerun(side: Side, plan: Plan, rows: Sequence[int], batch: Batch, into: dict[str, Difference]) -> None:
    """The same rows one by one, where float64 is not to be had: batch and padding must not matter."""
    for place, row in enumerate(rows):
        alone = written(side.runner.forward([row], stages=_asked(plan)))
        stages = {
            name: seen._replace(values=seen.values[place : place + 1]) for name, seen in batch.stages.items()
        }
        _accumulate(into, plan, Pair(batch._replace(stages=stages), alone), [row])


def _rounded(batch: Batch) -> Batch:
    """The logits alone, each moved by one float32 rounding: what follows from them can be no surer than that."""
    logits = batch.stages.get("logits")
    if logits is None or logits.values.dtype.kind != "f":
        return batch._replace(stages={})
    signs = np.where(np.arange(logits.values.size) % 2, 1.0, -1.0).reshape(logits.values.shape)
    moved = logits.values.astype(np.float64) * (1.0 + signs * UNIT_ROUNDOFF)
    return batch._replace(stages={**batch.stages, "logits": logits._replace(values=moved)})


def _given(sides: Pair[Side], plan: Plan, reference: Batch, *, positions: bool) -> Batch | None:
    """The candidate in float64 on the reference's ids, as far as it came; None where it cannot be given them."""
    if not sides.candidate.described.can.same_ids or "input_ids" not in reference.stages:
        return None
    inputs = feed_of(reference, positions=positions)
    try:
        return written(
            sides.candidate.runner.forward(inputs=inputs, stages=_asked(plan), precision="float64")
        )
    except InputsDoNotFit:
        return None


def _accumulate(into: dict[str, Difference], plan: Plan, batches: Pair[Batch], rows: Sequence[int]) -> None:
    for item in paired_stages(plan, batches, rows, None):
        if isinstance(item, Unfit):
            continue
        _difference(into, item)


def _difference(into: dict[str, Difference], item: PairedStage) -> None:
    difference = into.setdefault(item.stage, Difference())
    difference.add(
        np.asarray(item.values.reference, dtype=np.float64),
        np.asarray(item.values.candidate, dtype=np.float64),
        item.rows,
        item.positions,
    )


def _errors(own: dict[str, Difference]) -> dict[str, StageNoise]:
    found: dict[str, StageNoise] = {}
    for stage, difference in own.items():
        seen = difference.measurement()
        if seen.relative_l2 is not None and seen.max_abs is not None:
            found[stage] = StageNoise(seen.relative_l2, seen.max_abs)
    return found


def _relative(between: dict[str, Difference]) -> dict[str, float]:
    """The relative L2 by stage, infinite where a value is a number on one side only; NaN on both equals nothing: left out."""
    found: dict[str, float] = {}
    for stage, difference in between.items():
        seen = difference.measurement()
        if seen.non_finite_unequal:
            found[stage] = math.inf
        elif seen.relative_l2 is not None and not seen.nan_both:
            found[stage] = seen.relative_l2
    return found


def _worse(known: str, new: str) -> str:
    return new if not known or new.startswith("mixed") else known


def _method(able: Pair[bool], kinds: Sequence[str]) -> str:
    if all(able):
        return "each side against its own float64 run, and both in float64 against each other"
    if any(able):
        side = "the reference" if able.reference else "the candidate"
        return f"{side} against its own float64 run; the other side cannot be asked in float64"
    return "neither side can be asked in float64: a rerun of single rows where that is possible, else one rounding of the logits"
