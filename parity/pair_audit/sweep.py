"""The sweep: all inputs, window by window, in every pass of the phase; each batch is measured while the next one runs.

The passes are run in their order, batch by batch, and none is named here: the first one's batches are requested ahead, the others
begin with what it gave. A side has at most three batches requested ahead of what was measured, so memory does not grow with
the inputs.

A failed forward loses only what it did not write: the stages before are measured, in any pass. Where the process of a
side is gone, nothing more is requested, and the sweep ends there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from parity.align.feed import Feed
from parity.align.plan import Plan
from parity.border.runner import Batch
from parity.pair_audit.ledgers import Ledgers
from parity.pair_audit.pass_runs import PassRun, PassRuns
from parity.pair_audit.sample import Rescued
from parity.pair_audit.stage_ledger import Shown
from parity.passes.context import PassContext, Rows, Shared
from parity.passes.pass_ import Pass, PassResult
from parity.records.pair import Pair
from parity.session.session import Session
from parity.session.stream import ahead
from parity.session.window import Window

__all__ = ["Sweep"]

_AHEAD = 2
_Started = tuple[PassContext, list[PassRun]]


class Sweep:
    """All batches of a comparison, added to its ledgers; `seconds` are the CPU seconds of each side's forwards."""

    def __init__(self, sides: Pair[Session], runs: PassRuns, ledgers: Ledgers, shared: Shared) -> None:
        self.seconds = Pair(0.0, 0.0)
        self._sides = sides
        self._runs = runs
        self._ledgers = ledgers
        self._shared = shared

    def window(self, window: Window, plan: Plan, advance: Callable[[int], None]) -> None:
        """Run every batch of a window, up to the one in which a process ends."""
        self._ledgers.open_window(window)
        start = partial(self._start, window, plan)
        for rows, (context, runs) in ahead(window.batches(plan), start, count=_AHEAD):
            self._one_batch(context, runs)
            if self._ledgers.stages.ended:
                break
            advance(len(rows))

    def rescued(self, rescued: Rescued, plan: Plan) -> None:
        """Add the one batch in which a process ended while the noise was measured: only what was written until then exists."""
        ledgers, own = self._ledgers, rescued.own
        ledgers.open_window(rescued.window)
        batch = Rows.of(rescued.window, rescued.rows)
        first, *others = self._runs.passes
        ledgers.feeds.add(own, batch.rows, batch.equal)
        ledgers.stages.add_failures(own, first.name, len(batch.rows), plan)
        ledgers.stages.breakdowns.setdefault(rescued.broken.side, rescued.broken)
        ledgers.stages.ended = ledgers.stages.ended or rescued.broken.failure.sentence.rstrip(".")
        alike = Feed.of(own.reference).same_as(Feed.of(own.candidate))
        covered = [first, *(one for one in others if alike and one.feed == "shared")]
        self._add(covered, PassResult(own, pairs=None if alike else batch.pairs), batch, plan)

    def _start(self, window: Window, plan: Plan, rows: Sequence[int]) -> _Started:
        context = PassContext(self._sides, plan, Rows.of(window, rows), self._shared)
        return context, self._runs.start(context)

    def _one_batch(self, context: PassContext, runs: Sequence[PassRun]) -> None:
        plan, batch, ledgers = context.plan, context.batch, self._ledgers
        first, *others = runs
        result = first.first()
        assert result.batches is not None, "the first pass returns batches or raises"
        own = result.batches
        context.take(own)
        self._spend(own.reference, own.candidate)
        ledgers.feeds.add(own, batch.rows, batch.equal)
        if ledgers.answers is not None:
            ledgers.answers.add(own, batch.rows)
        if ledgers.selections is not None:
            ledgers.selections.add(own, batch.rows)
        ledgers.stages.add_failures(own, first.of.name, len(batch.rows), plan)
        steps = [(run, run.step()) for run in others]
        covered = [run.of for run, step in steps if step is not None and step.as_first]
        shown = result._replace(pairs=None) if covered else result
        self._add([first.of, *covered], shown, batch, plan)
        for run, step in steps:
            for later in (*([step] if step is not None else []), *run.rest()):
                self._later(run.of, later, context)
            if run.error:
                self._refuse(run.of, run.error, plan, failed=True)

    def _later(self, one: Pass, result: PassResult, context: PassContext) -> None:
        """What a later pass has of its own: a failure in it is a finding and not the end, for the first pass is there."""
        if result.reason:
            self._refuse(one, result.reason, context.plan)
        if result.batches is None:
            return
        here, there = result.batches
        for batch in (here, there):
            if batch.failure is not None and not any(batch is known for known in context.own):
                self._ledgers.stages.note_failure(batch)
                self._runs.note(one, batch.failure.sentence.rstrip("."))
        self._spend(
            *(
                None if batch is known else batch
                for batch, known in zip((here, there), context.own, strict=True)
            )
        )
        self._add([one], result, context.batch, context.plan)

    def _add(self, passes: Sequence[Pass], result: PassResult, batch: Rows, plan: Plan) -> None:
        assert result.batches is not None, "there is nothing to add"
        names = tuple(one.name for one in passes)
        decides = passes[0] is self._runs.passes[0]
        rows = batch.rows if result.rows is None else result.rows
        for one in passes:
            self._runs.count(one, len(rows))
        self._ledgers.stages.add(Shown(names, result.batches, rows, result.pairs, decides), plan)

    def _refuse(self, one: Pass, reason: str, plan: Plan, *, failed: bool = False) -> None:
        self._runs.note(one, reason)
        self._ledgers.stages.refuse(plan.stages, [one.name], reason, failed=failed)

    def _spend(self, reference: Batch | None, candidate: Batch | None) -> None:
        here, there = (0.0 if batch is None else batch.cpu_seconds for batch in (reference, candidate))
        self.seconds = Pair(self.seconds.reference + here, self.seconds.candidate + there)
