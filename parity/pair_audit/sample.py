"""The noise sample: a few rows run in float32 and in float64, of each side and between the two.

It comes first, because the floor must be known when the main pass counts which examples and tokens lie beyond it.
A float64 run that raises costs this pass and not the audit: it is recorded with its reason, and counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from parity.align.batch import PairedStage, Unfit, paired_stages
from parity.align.feed import Feed
from parity.align.plan import Plan
from parity.border.breakdown import Breakdown
from parity.border.runner import Batch
from parity.measure.noise import StageNoise, rerun_limit
from parity.measure.stage_difference import Difference
from parity.pair_audit.pass_runs import PassRun, PassRuns
from parity.pair_audit.sample_window import SampleRows, SampleWindow
from parity.passes import FIRST, passes_in
from parity.passes.context import PassContext, Rows, Shared
from parity.passes.pass_ import PassResult
from parity.records.pair import Pair
from parity.records.passes import PassRecord
from parity.session.session import Session
from parity.session.window import Window
from parity.stages import LOGIT_SUMS, MASKED_LOGITS

__all__ = ["NoiseSample", "Rescued", "take_sample"]


class Rescued(NamedTuple):
    """One batch of the sample in which the process of a side ended: its rows, what either side gave on its own encoding,
    the failure, and the window that the rows are in. Nothing more can be requested after it.
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
    passes: Sequence[PassRecord] = ()

    @property
    def exact(self) -> bool:
        """Whether a difference in float64 is one of the models.

        It is not where a side computed in less. Nor where a side was kept in float64 and the frameworks' versions differ: a
        table or a scale that one version rounds to float32 as the model is built another makes in the forward, where it is
        kept; so they differ by that much although they are the same.
        """
        mixed = any(kind.startswith("mixed") for kind in self.float64)
        return not mixed and not self.kept_unlike

    @property
    def kept_unlike(self) -> bool:
        """Whether a side was kept in float64 and the two run other versions of their framework."""
        return self.unlike and any(kind.startswith("kept") for kind in self.float64)


class _Sample:
    """What is added up while the batches of the sample go by."""

    def __init__(self, sides: Pair[Session], window: Window, runs: PassRuns, shared: Shared) -> None:
        self._sides = sides
        self._window = window
        self._runs = runs
        self._shared = shared
        self.finer: Pair[dict[str, Difference]] = Pair({}, {})
        self.reruns: Pair[dict[str, Difference]] = Pair({}, {})
        self.between: dict[str, Difference] = {}
        self.equal = True
        self.rescued: Rescued | None = None

    def add(self, rows: Sequence[int], plan: Plan) -> None:
        """Run one batch in every pass, and measure."""
        context = PassContext(self._sides, plan, Rows.of(self._window, rows), self._shared)
        first, *others = self._runs.start(context)
        own = first.first().batches
        assert own is not None, "the first pass returns batches or raises"
        context.take(own)
        for run in others:
            ran = False
            for result in run.rest():  # one by one: each holds arrays of a runner
                ran = ran or result.batches is not None
                self._take(run, result, context)
            self._runs.count(run.of, len(rows) if ran else 0)
            if run.error:
                self._runs.note(run.of, run.error)
        broken = context.broken()
        fed = (
            context.fed().alike
            if broken is None or context.fed_known
            else Feed.of(own.reference).same_as(Feed.of(own.candidate))
        )
        self.equal = self.equal and fed
        if broken is not None:
            self.rescued = Rescued(rows, own, broken, self._window)

    def _take(self, run: PassRun, result: PassResult, context: PassContext) -> None:
        """Add what two runs of one side differ by to its rounding, and what the two sides differ by to what is between them."""
        if result.reason:
            self._runs.note(run.of, result.reason)
        if result.batches is None:
            return
        rows, plan = result.rows or context.batch.rows, context.plan
        if result.of == "both":
            _accumulate(self.between, plan, result.batches, rows)
        else:
            number = Pair._fields.index(result.of)
            into = self.reruns if result.limited else self.finer
            _accumulate(into[number], plan.one_sided(number), result.batches, rows)


def take_sample(
    sides: Pair[Session], plan: Plan, window: SampleWindow, shared: Shared, advance: Callable[[int], None]
) -> NoiseSample:
    """Run the rows of `window` in every pass of the sample, as far as each side can be."""
    runs = PassRuns([FIRST, *passes_in("sample")], sides, plan)
    shared.able = list(window.chosen.able)
    sample = _Sample(sides, window.window, runs, shared)
    for rows in window.window.batches(plan):
        sample.add(rows, plan)
        if sample.rescued is not None:
            break
        advance(len(rows))
    noise = [
        _with_derived(
            {
                **_limited(_errors(sample.reruns[number]), side.described.dtype),
                **_errors(sample.finer[number]),
            },
            plan,
        )
        for number, side in enumerate(sides)
    ]
    return NoiseSample(
        rows=len(window.chosen.rows),
        noise=Pair(noise[0], noise[1]),
        between=_relative(sample.between),
        own_feed_equal=sample.equal,
        float64=Pair(*shared.float64),
        method=_method(Pair(*shared.able), window.chosen),
        failure=shared.failure,
        impossible=Pair(*shared.impossible),
        undefined=frozenset(
            stage for stage, difference in sample.between.items() if difference.measurement().nan_both
        ),
        chosen=window.chosen,
        rescued=sample.rescued,
        unlike=_unlike(sides),
        passes=runs.records()[1:],
    )


def _unlike(sides: Pair[Session]) -> bool:
    """Whether the two run other versions of torch or of Transformers; False where a side has none."""
    here, there = (side.described.versions for side in sides)
    return any(
        name in here and name in there and here[name].partition("+")[0] != there[name].partition("+")[0]
        for name in ("torch", "transformers")
    )


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


def _with_derived(noise: dict[str, StageNoise], plan: Plan) -> dict[str, StageNoise]:
    """The same, where what is made of a vocabulary's logits and was not measured has their noise: random sums, and logits at masks."""
    task = plan.task
    if task is None or not task.wide or task.outputs[0] not in noise:
        return noise
    same = noise[task.outputs[0]]
    return {LOGIT_SUMS: same, MASKED_LOGITS: same, **noise}


def _limited(reruns: dict[str, StageNoise], dtype: str) -> dict[str, StageNoise]:
    most = rerun_limit(dtype)
    return {
        stage: seen if seen.relative_l2 <= most else StageNoise(most, seen.max_abs * most / seen.relative_l2)
        for stage, seen in reruns.items()
    }


def _relative(between: dict[str, Difference]) -> dict[str, float]:
    """The relative L2 by stage, infinite where a value is a number on one side only; NaN on both sides equals nothing and is excluded."""
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
