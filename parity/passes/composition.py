"""Rows alone against the same rows in the side's own batch, on a sample: what a batch changes.

It decides only where the comparison could not show it although the two sides are run in other batches by their users; elsewhere it is a
finding about one side. Some architectures depend on their batch by design.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from parity.border.runner import Batch
from parity.errors import RunnerRaised
from parity.passes.after import AfterContext
from parity.passes.repeated import Repeated, RepeatPass, first_apart, of_floor, runs_itself
from parity.records.after import Repeat
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.records.stage import NotCompared

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

    def seen(self, context: AfterContext, number: int) -> Iterable[Repeat | NotCompared]:
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


def _seen(context: AfterContext, number: int) -> Iterator[Repeat | NotCompared]:
    side = Repeated(context, number)
    if side.size < 2:
        return
    name: Literal["reference", "candidate"] = "candidate" if number else "reference"
    batch, rows = side.run(side.rows, side.size), side.rows
    try:
        alone = side.run(rows, 1)
    except RunnerRaised as error:
        # The comparison has the row in its batch: what is not known is only what that batch changes.
        rows = [row for row in rows if _runs_alone(side, row)]
        if not rows:
            raise
        yield _not_alone(name, [row for row in side.rows if row not in rows], error)
        alone, batch = side.run(rows, 1), side.rows_of(batch, rows)
    found = first_apart(side.plan, Pair(alone, batch), rows, lambda stage: of_floor(context.floors.of(stage)))
    if found is not None:
        yield Repeat(
            "alone",
            name,
            found.stage,
            found.relative_l2,
            of_floor(context.floors.of(found.stage))[0],
            found.rows,
            len(rows),
            batch=side.size,
            alike=len(set(context.plan.sizes.of)) == 1 and _padded_alike(context, number, batch, rows),
        )


def _padded_alike(context: AfterContext, number: int, batch: Batch, rows: Sequence[int]) -> bool:
    """Whether the other side pads these rows in the same places."""
    if not runs_itself(context.sides[1 - number]):
        return True
    other = Repeated(context, 1 - number)
    there = other.rows_of(other.run(other.rows, other.size), rows)
    masks = [one.stages["real"].values for one in (batch, there) if "real" in one.stages]
    return len(masks) < 2 or np.array_equal(masks[0], masks[1])


def _runs_alone(side: Repeated, row: int) -> bool:
    try:
        side.run([row], 1)
    except RunnerRaised:
        return False
    return True


def _not_alone(
    side: Literal["reference", "candidate"], rows: Sequence[int], error: RunnerRaised
) -> NotCompared:
    named = ", ".join(map(str, rows))
    return NotCompared(
        stage="composition",
        side=side,
        reason=f"row{'s' if len(rows) > 1 else ''} {named} cannot be run alone: {error.sentence.rstrip('.')}",
        counts=False,
    )


COMPOSITION = _Composition()
