"""The first pass: each side on its own encoding of the raw text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parity.align.plan import Plan
from parity.border.runner import written
from parity.passes.context import PassContext
from parity.passes.pass_ import PassResult
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.session.session import Session

__all__ = ["OWN"]


@dataclass(frozen=True)
class _Own:
    name: str = "own"
    title: str = "own ids"
    sentence: str = "each side on its own ids"
    note: str = "each side on its own encoding"
    condition: str = ""
    phase: Phase = "sweep"
    feed: FeedKind = "own"

    def possible(self, sides: Pair[Session], plan: Plan) -> str:
        """Each side can be run on its own encoding."""
        return ""

    def run(self, context: PassContext) -> Iterator[PassResult | None]:
        """Request a forward of either side; tokens are paired by their alignment where a side says what it was fed."""
        replies = Pair(context.forward(0), context.forward(1))
        yield None
        batches = Pair(written(replies.reference), written(replies.candidate))
        fed = all("input_ids" in batch.stages for batch in batches)
        yield PassResult(batches, pairs=context.batch.pairs if fed else None)


OWN = _Own()
