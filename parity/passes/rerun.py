"""The second run: where no side can be run in float64, single rows run again show what rounding does, else one rounding of the logits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from parity.align.plan import Plan
from parity.border.runner import Batch, written
from parity.measure.noise import UNIT_ROUNDOFF
from parity.passes.context import PassContext
from parity.passes.pass_ import PassResult
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.session.session import Session

__all__ = ["RERUN"]


@dataclass(frozen=True)
class _Rerun:
    name: str = "rerun"
    title: str = "run again"
    sentence: str = "single rows of each side run again"
    note: str = "where a side cannot be run in float64"
    condition: str = ""
    phase: Phase = "sample"
    feed: FeedKind = "own"

    def possible(self, sides: Pair[Session], plan: Plan) -> str:
        """Whether a side needs it is known only after a float64 run has failed."""
        return ""

    def run(self, context: PassContext) -> Iterator[PassResult | None]:
        """The rows of each side that has no finer run of its own: one by one, or their logits rounded once."""
        yield None
        if context.broken() is not None:
            return
        held = context.plan.known.sides if context.plan.known is not None else ()
        for number, side in enumerate(context.sides):
            if any(context.shared.able) and side.name not in held:
                continue
            for batches, rows in _runs(context, number):
                yield PassResult(batches, of="candidate" if number else "reference", rows=rows, limited=True)


def _runs(context: PassContext, number: int) -> Iterator[tuple[Pair[Batch], Sequence[int]]]:
    batch, rows = context.own[number], context.batch.rows
    if not context.sides[number].described.can.accepts_feed or batch.failure is not None:
        yield Pair(_rounded(batch), batch), rows
        return
    for place, row in enumerate(rows):
        alone = written(context.forward(number, [row]))
        stages = {name: seen.row(place) for name, seen in batch.stages.items()}
        yield Pair(batch._replace(stages=stages, groups=()), alone), [row]


def _rounded(batch: Batch) -> Batch:
    """The logits alone, each moved by one float32 rounding: what follows from them cannot be more certain than that."""
    logits = batch.stages.get("logits")
    if logits is None or logits.wide is not None or logits.values.dtype.kind != "f":
        return batch._replace(stages={})
    signs = np.where(np.arange(logits.values.size) % 2, 1.0, -1.0).reshape(logits.values.shape)
    moved = logits.values.astype(np.float64) * (1.0 + signs * UNIT_ROUNDOFF)
    return batch._replace(stages={**batch.stages, "logits": logits._replace(values=moved)})


RERUN = _Rerun()
