"""The time of a forward: where two sides are served otherwise (quantised, compiled, offloaded), that is most often why.

Both are run by themselves, in turn, on the same rows, and the least of several times counts: other work on the machine only adds to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from parity.align.plan import Plan
from parity.errors import ParityError
from parity.passes.after import AfterContext, AfterSettings
from parity.passes.repeated import Repeated, runs_itself
from parity.records.after import AfterResult
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.records.provenance import Forwards
from parity.session.session import Session

__all__ = ["SPEED"]

_TIMES = 5


@dataclass(frozen=True)
class _Speed:
    name: str = "speed"
    title: str = "time of a forward"
    sentence: str = "each side's forward timed on the same rows"
    note: str = "where the two are served otherwise"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "own"
    stage: str = "speed"

    def possible(self, sides: Pair[Session], plan: Plan, settings: AfterSettings) -> str:
        """Where both compute, and one is quantised, compiled or offloaded in a way that the other is not."""
        if not all(runs_itself(side) for side in sides):
            return "a side replays what was recorded"
        ours, theirs = (side.described.served for side in sides)
        return "both sides are served alike" if ours == theirs else ""

    def run(self, context: AfterContext) -> AfterResult:
        """Time both; what fails in it costs nothing else."""
        try:
            return AfterResult(rows=_rows(context), forwards=_timed(context))
        except ParityError as error:
            return AfterResult(reason=f"no forward was timed: {error.sentence.rstrip('.')}")


def _rows(context: AfterContext) -> int:
    return len(Repeated(context, 0).rows)


def _timed(context: AfterContext) -> Forwards:
    least = [float("inf"), float("inf")]
    for turn in range(_TIMES + 1):
        for number in (0, 1):
            seconds = _seconds(context, number)
            if turn:  # the first is a warm-up
                least[number] = min(least[number], seconds)
    return Forwards(
        rows=_rows(context),
        repeats=_TIMES,
        reference=round(least[0], 6),
        candidate=round(least[1], 6),
        ratio=round(least[1] / max(least[0], 1e-9), 4),
    )


def _seconds(context: AfterContext, number: int) -> float:
    """The wall time of one forward of one side, of which only the last stage is read."""
    side = Repeated(context, number)
    side.plan = side.plan.without(side.plan.stages[:-1])
    return side.run(side.rows, side.size).seconds


SPEED = _Speed()
