"""The passes of one phase, run batch by batch: which ran, on how many rows, and why not. No pass is named here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parity.align.plan import Plan
from parity.errors import InputsDoNotFit, ParityError, RunnerRaised
from parity.passes.context import PassContext
from parity.passes.pass_ import Pass, PassResult
from parity.records.pair import Pair
from parity.records.passes import PassRecord
from parity.session.session import Session

__all__ = ["PassRun", "PassRuns"]


class PassRun:
    """One pass on one batch.

    An exception ends only this pass, as its `error`; but the comparison ends without the first pass, and where a runner was
    killed, hangs or violates the protocol.
    """

    def __init__(self, one: Pass, context: PassContext, *, first: bool) -> None:
        self.of = one
        self._first = first
        self.error = ""
        self._done = False
        self._steps = one.run(context)
        self._next()

    def first(self) -> PassResult:
        """What the first pass has."""
        return next(self.rest())

    def step(self) -> PassResult | None:
        """Its next result; None where it waits for a runner, or has finished."""
        return self._next()

    def rest(self) -> Iterator[PassResult]:
        """All its remaining results."""
        while not self._done:
            result = self._next()
            if result is not None:
                yield result

    def _next(self) -> PassResult | None:
        try:
            return next(self._steps)
        except StopIteration:
            self._done = True
        except Exception as error:
            hopeless = isinstance(error, ParityError) and not isinstance(error, RunnerRaised | InputsDoNotFit)
            if self._first or hopeless:
                raise
            reason = error.sentence if isinstance(error, ParityError) else f"{type(error).__name__}: {error}"
            self._fail(reason.rstrip("."))
        return None

    def _fail(self, reason: str) -> None:
        self._done = True
        self.error = f"the pass {self.of.title} failed: {reason}"


class PassRuns:
    """The passes of a phase over a whole comparison."""

    def __init__(self, passes: Sequence[Pass], sides: Pair[Session], plan: Plan) -> None:
        self._reasons = {one.name: one.possible(sides, plan) for one in passes}
        self._rows = dict.fromkeys(self._reasons, 0)
        self._all = list(passes)
        self.passes = [one for one in passes if not self._reasons[one.name]]

    def start(self, context: PassContext) -> list[PassRun]:
        """Let every pass request what it can for one batch."""
        return [PassRun(one, context, first=number == 0) for number, one in enumerate(self.passes)]

    def count(self, one: Pass, rows: int) -> None:
        """Rows that a pass has run on."""
        self._rows[one.name] += rows

    def note(self, one: Pass, reason: str) -> None:
        """Why a pass did not run, or not on all rows; the first reason is kept."""
        self._reasons[one.name] = self._reasons[one.name] or reason

    def records(self) -> list[PassRecord]:
        """The passes as the record keeps them."""
        return [
            PassRecord(
                name=one.name,
                title=one.title,
                sentence=one.sentence,
                note=one.note,
                phase=one.phase,
                feed=one.feed,
                rows=self._rows[one.name],
                reason=self._reasons[one.name],
            )
            for one in self._all
        ]
