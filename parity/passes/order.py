"""The same batches in another order, on a sample. A side that gives other values keeps something from one call to the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from parity.measure.noise import rerun_limit
from parity.passes.after import AfterContext
from parity.passes.repeated import Repeated, RepeatPass, first_apart
from parity.records.after import AfterResult, Repeat
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.records.stage import NotCompared

__all__ = ["ORDER"]


@dataclass(frozen=True)
class _Order(RepeatPass):
    name: str = "order"
    title: str = "other order"
    sentence: str = "the same batches of each side in another order"
    note: str = "up to 16 of the sampled rows"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "own"
    stage: str = "order"

    def run(self, context: AfterContext) -> AfterResult:
        """Each side that computes, on its batches in one order and in the reverse."""
        if len(context.rows) < 2:
            return AfterResult(reason="one row has no order")
        return super().run(context)

    def seen(self, context: AfterContext, number: int) -> Iterable[Repeat | NotCompared]:
        found = _seen(context, number)
        return () if found is None else (found,)

    def lost(self, repeat: Repeat, context: AfterContext) -> str:
        return (
            f"the {repeat.side} gives other values for the same batches in another order (relative L2 "
            f"{repeat.relative_l2:.1e}, up to {repeat.allowed:.1e} is rounding)"
        )


def _seen(context: AfterContext, number: int) -> Repeat | None:
    side = Repeated(context, number)
    limit = rerun_limit(context.sides[number].described.dtype)
    size = max(1, min(side.size, len(side.rows) // 2))
    count = (
        len(side.rows) // size * size
    )  # batches of one size, so that each holds the same rows in either order
    places = [place for start in range(count - size, -1, -size) for place in range(start, start + size)]
    rows = side.rows[:count]
    one = side.run(rows, size)
    other = side.run([rows[place] for place in places], size)
    # The reverse of the reverse: batches of one size come back to where they were.
    back = other._replace(
        stages={name: seen._replace(values=seen.values[places]) for name, seen in other.stages.items()}
    )
    found = first_apart(side.plan, Pair(one, back), rows, lambda _: (limit, 10.0 * limit))
    return found and Repeat(
        "other_order",
        "candidate" if number else "reference",
        found.stage,
        found.relative_l2,
        limit,
        found.rows,
        len(rows),
        batch=size,
    )


ORDER = _Order()
