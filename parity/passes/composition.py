"""Rows alone against the same rows in the side's own batch, on a sample: what a batch changes.

It decides only where the comparison could not show it although the two sides are run in other batches by their users; elsewhere it is a
finding about one side. Some architectures depend on their batch by design.
"""

from __future__ import annotations

from dataclasses import dataclass

from parity.passes.after import AfterContext
from parity.passes.repeated import Repeated, RepeatPass, first_apart, of_floor
from parity.records.after import Repeat
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase

__all__ = ["COMPOSITION"]


@dataclass(frozen=True)
class _Composition(RepeatPass):
    name: str = "composition"
    title: str = "rows alone"
    sentence: str = "rows alone against the same rows in the side's batch"
    note: str = "up to 16 of the sampled rows"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "own"
    stage: str = "composition"

    def seen(self, context: AfterContext, number: int) -> Repeat | None:
        return _seen(context, number)

    def lost(self, repeat: Repeat, context: AfterContext) -> str:
        if not repeat.alike or not _limited(context):
            return ""
        return (
            f"in a batch the {repeat.side} gives other values than for a row alone (relative L2 {repeat.relative_l2:.1e}, up "
            f"to {repeat.allowed:.1e} is noise), and both sides were run one row at a time because the other takes no more"
        )


def _limited(context: AfterContext) -> bool:
    """Whether one side limits the other to single rows."""
    return len({side.described.max_rows == 1 for side in context.sides}) > 1


def _seen(context: AfterContext, number: int) -> Repeat | None:
    side = Repeated(context, number)
    if side.size < 2:
        return None
    batch, alone = side.run(side.rows, side.size), side.run(side.rows, 1)
    found = first_apart(
        side.plan, Pair(alone, batch), side.rows, lambda stage: of_floor(context.floors.of(stage))
    )
    return found and Repeat(
        "alone",
        "candidate" if number else "reference",
        found.stage,
        found.relative_l2,
        of_floor(context.floors.of(found.stage))[0],
        found.rows,
        len(side.rows),
        batch=side.size,
        alike=len(set(context.plan.sizes.of)) == 1,
    )


COMPOSITION = _Composition()
