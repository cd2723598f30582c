"""The noise sample: a few rows run in float32 and in float64, of each side and between the two.

It comes first, because the floor must be known when the main pass counts which examples and tokens lie beyond it.
A float64 run that raises costs this pass and not the audit: it is recorded with its reason, and counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from parity.align.batch import PairedStage, Unfit, paired_stages, same_feed
from parity.align.plan import Plan
from parity.border.breakdown import Breakdown
from parity.border.reply import Reply
from parity.border.runner import Batch, written
from parity.errors import InputsDoNotFit
from parity.measure.noise import UNIT_ROUNDOFF, StageNoise, coarser_status, rerun_limit
from parity.measure.stage_difference import Difference
from parity.pair_audit.sample_window import SampleRows, SampleWindow
from parity.passes.positioning import Positioning
from parity.records.pair import Pair
from parity.session.feed import feed_of
from parity.session.session import Session
from parity.session.window import Window

__all__ = ["NoiseSample", "Rescued", "take_sample"]


class Rescued(NamedTuple):
    """One batch of the sample in which the process of a side ended: its rows, what either side gave on its own encoding,
    the failure, and the window that the rows are in. Nothing can be asked after it.
    """

    rows: Sequence[int]
    own: Pair[Batch]
    broken: Breakdown
    window: Window


class NoiseSample(NamedTuple):
    """What the sample showed, by stage: each side's own error, and the two against each other in float64 on the same ids.

    `own_feed_equal` says that both sides fed themselves the same, so that the float64 comparison holds for the own pass too.
    `float64` says for each side whether float64 was really float64 inside: "pure", "kept: op", "mixed: op", "unchecked", or
    "" (not to be had); `undefined` are the stages that are NaN on both sides in float64; `impossible` why a side that should have been run in float64 was not (""); `failure` what the
    candidate's framework raised when it was given the reference's ids in float64; `unlike` whether the two run other versions of
    their framework. `rescued` is the batch in which a process ended.
    """

    rows: int
    noise: Pair[dict[str, StageNoise]]
    between: dict[str, float]
    own_feed_equal: bool
    float64: Pair[str]
    method: str
    failure: str = ""
    impossible: Pair[str] = Pair("", "")
    undefined: frozenset[str] = frozenset()
    chosen: SampleRows | None = None
    rescued: Rescued | None = None
    unlike: bool = False

    @property
    def exact(self) -> bool:
        """Whether a difference in float64 is one of the models.

        It is not where a side computed in less. Nor where a side was kept in float64 and the frameworks' versions differ: a
        table or a scale that one version rounds to float32 as the model is built another makes in the forward, where it is
        kept; so much they differ although they are the same.
        """
        mixed = any(kind.startswith("mixed") for kind in self.float64)
        return not mixed and not self.kept_unlike

    @property
    def kept_unlike(self) -> bool:
        """Whether a side was kept in float64 and the two run other versions of their framework."""
        return self.unlike and any(kind.startswith("kept") for kind in self.float64)


class _Sample:
    """What is added up while the batches of the sample go by."""

    def __init__(
        self, sides: Pair[Session], plan: Plan, window: SampleWindow, positioning: Positioning
    ) -> None:
        self._sides = sides
        self._plan = plan
        self._window = window
        self._positioning = positioning
        self.able = list(window.chosen.able)
        self.impossible = ["", ""]
        self.own: Pair[dict[str, Difference]] = Pair({}, {})
        self.reruns: Pair[dict[str, Difference]] = Pair({}, {})
        self.between: dict[str, Difference] = {}
        self.kinds = ["", ""]
        self.equal, self.failure = True, ""
        self.rescued: Rescued | None = None

    def add(self, rows: Sequence[int]) -> None:
        """Run one batch in both precisions, and measure."""
        single = [self._forward(number, rows) for number in (0, 1)]
        double = [self._forward(number, rows, "float64") if self.able[number] else None for number in (0, 1)]
        coarse = Pair(written(single[0]), written(single[1]))
        exact = [self._exact(number, reply) for number, reply in enumerate(double)]
        for number, fine in enumerate(exact):
            if fine is not None:
                if fine.failure is None:
                    self.kinds[number] = coarser_status(self.kinds[number], fine.float64 or "unchecked")
                _accumulate(
                    self.own[number], _one_sided(self._plan, number), Pair(fine, coarse[number]), rows
                )
        if self._rescue(rows, coarse, exact):
            self.equal = self.equal and same_feed(coarse)
            return
        held = self._plan.known.sides if self._plan.known is not None else ()
        for number, side in enumerate(self._sides):
            if not any(self.able) or side.name in held:
                self._without_float64(number, rows, coarse[number])
        fed_equal, forced = same_feed(coarse), False
        candidate = self._sides.candidate
        if not fed_equal and candidate.described.can.same_ids:
            forced = self._positioning.forced(candidate.runner, self._plan, coarse)
            fed_equal = self._positioning.settled and not forced and same_feed(coarse, positions=False)
        self.equal = self.equal and fed_equal
        here, there = exact
        if here is None or there is None:
            return
        if not fed_equal and self.able[1]:
            given = _given(self._sides, self._plan, here, positions=forced)
            if given is None:
                return
            if given.failure is not None:
                self.failure = self.failure or given.failure.sentence.rstrip(".")
                if self._rescue(rows, coarse, (None, given)):
                    return
            there = given
        if fed_equal or self.able[1]:
            _accumulate(self.between, self._plan, Pair(here, there), rows)

    def _rescue(self, rows: Sequence[int], coarse: Pair[Batch], exact: Sequence[Batch | None]) -> bool:
        """Whether the process of a side ended in one of these forwards; then nothing more can be run."""
        broken = _ended(self._plan, rows, coarse, exact)
        if broken is not None:
            self.rescued = Rescued(rows, coarse, broken, self._window.window)
        return broken is not None

    def _forward(self, number: int, rows: Sequence[int], precision: str | None = None) -> Reply[Batch]:
        side = self._sides[number]
        window = self._window.window.numbers[number]
        return side.runner.forward(rows, window=window, stages=_asked(self._plan), precision=precision)

    def _exact(self, number: int, reply: Reply[Batch] | None) -> Batch | None:
        """The float64 batch, as far as it came; None where this side has none, or no more since one has failed."""
        if reply is None:
            return None
        batch = written(reply)
        if batch.failure is not None:
            self.able[number] = False
            self.impossible[number] = self.impossible[number] or batch.failure.sentence.rstrip(".")
        return batch

    def _without_float64(self, number: int, rows: Sequence[int], batch: Batch) -> None:
        """The same rows one by one where that can be run, else one rounding of the logits."""
        plan, into = _one_sided(self._plan, number), self.reruns[number]
        if not self._sides[number].described.can.same_ids or batch.failure is not None:
            _accumulate(into, plan, Pair(_rounded(batch), batch), rows)
            return
        for place, row in enumerate(rows):
            alone = written(self._forward(number, [row]))
            stages = {
                name: seen._replace(values=seen.values[place : place + 1])
                for name, seen in batch.stages.items()
            }
            _accumulate(into, plan, Pair(batch._replace(stages=stages), alone), [row])


def take_sample(
    sides: Pair[Session],
    plan: Plan,
    window: SampleWindow,
    positioning: Positioning,
    advance: Callable[[int], None],
) -> NoiseSample:
    """Run the rows of `window` in both precisions, as far as each side can be."""
    sample = _Sample(sides, plan, window, positioning)
    for rows in window.window.batches(plan):
        sample.add(rows)
        if sample.rescued is not None:
            break
        advance(len(rows))
    noise = [
        {**_limited(_errors(sample.reruns[number]), side.described.dtype), **_errors(sample.own[number])}
        for number, side in enumerate(sides)
    ]
    return NoiseSample(
        rows=len(window.chosen.rows),
        noise=Pair(noise[0], noise[1]),
        between=_relative(sample.between),
        own_feed_equal=sample.equal,
        float64=Pair(*sample.kinds),
        method=_method(Pair(*sample.able), window.chosen),
        failure=sample.failure,
        impossible=Pair(*sample.impossible),
        undefined=frozenset(
            stage for stage, difference in sample.between.items() if difference.measurement().nan_both
        ),
        chosen=window.chosen,
        rescued=sample.rescued,
        unlike=_unlike(sides),
    )


def _unlike(sides: Pair[Session]) -> bool:
    """Whether the two run other versions of torch or of Transformers; False where a side has none."""
    here, there = (side.described.versions for side in sides)
    return any(
        name in here and name in there and here[name].partition("+")[0] != there[name].partition("+")[0]
        for name in ("torch", "transformers")
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
    own, known = plan.temperatures[number], plan.known
    if known is not None:
        known = known._replace(sides=Pair._fields if Pair._fields[number] in known.sides else ())
    return plan._replace(labels=None, temperatures=Pair(own, own), known=known)


def _rounded(batch: Batch) -> Batch:
    """The logits alone, each moved by one float32 rounding: what follows from them can be no surer than that."""
    logits = batch.stages.get("logits")
    if logits is None or logits.values.dtype.kind != "f":
        return batch._replace(stages={})
    signs = np.where(np.arange(logits.values.size) % 2, 1.0, -1.0).reshape(logits.values.shape)
    moved = logits.values.astype(np.float64) * (1.0 + signs * UNIT_ROUNDOFF)
    return batch._replace(stages={**batch.stages, "logits": logits._replace(values=moved)})


def _given(sides: Pair[Session], plan: Plan, reference: Batch, *, positions: bool) -> Batch | None:
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


def _limited(reruns: dict[str, StageNoise], dtype: str) -> dict[str, StageNoise]:
    most = rerun_limit(dtype)
    return {
        stage: seen if seen.relative_l2 <= most else StageNoise(most, seen.max_abs * most / seen.relative_l2)
        for stage, seen in reruns.items()
    }


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


def _method(able: Pair[bool], chosen: SampleRows) -> str:
    where = f"on {len(chosen.rows):,} inputs drawn {chosen.drawn}"
    if all(able):
        return f"each side against its own float64 run, and both in float64 against each other, {where}"
    if any(able):
        side = "the reference" if able.reference else "the candidate"
        return f"{side} against its own float64 run, {where}; the other side cannot be run in float64"
    return (
        "neither side can be run in float64: single rows run again where that is possible, else one rounding of the "
        f"logits, {where}"
    )
