"""The same batch again: three times, on a sample. A side that gives other values is not the same twice, and no number of it counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from parity.measure.noise import rerun_limit
from parity.passes.after import AfterContext
from parity.passes.repeated import Repeated, RepeatPass, first_apart
from parity.records.after import Repeat
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.records.stage import NotCompared

__all__ = ["AGAIN"]


@dataclass(frozen=True)
class _Again(RepeatPass):
    name: str = "again"
    title: str = "same batch again"
    sentence: str = "the same batch of each side three times"
    note: str = "up to 16 of the sampled rows"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "own"
    stage: str = "again"

    def seen(self, context: AfterContext, number: int) -> Iterable[Repeat | NotCompared]:
        found = _seen(context, number)
        return () if found is None else (found,)

    def lost(self, repeat: Repeat, context: AfterContext) -> str:
        return (
            f"the {repeat.side} gives other values for the same batch when it is run again (relative L2 "
            f"{repeat.relative_l2:.1e}, up to {repeat.allowed:.1e} is rounding)"
        )


def _seen(context: AfterContext, number: int) -> Repeat | None:
    side = Repeated(context, number)
    limit = rerun_limit(context.sides[number].described.dtype)
    runs = [side.run(side.rows, side.size) for _ in range(3)]

    def apart(one: int, other: int) -> Repeat | None:
        found = first_apart(
            side.plan, Pair(runs[one], runs[other]), side.rows, lambda _: (limit, 10.0 * limit)
        )
        return found and Repeat(
            "same_batch",
            "candidate" if number else "reference",
            found.stage,
            found.relative_l2,
            limit,
            found.rows,
            len(side.rows),
        )

    first, later = apart(0, 1), apart(1, 2)
    if first is None or later is None:
        return first._replace(settles=True) if first is not None else later
    return first._replace(settles=later.relative_l2 < 0.5 * first.relative_l2)


AGAIN = _Again()
