"""The float64 pass: each side against its own float64 run, which shows its rounding, and both in float64 against each other.

The two are compared on one feed. A float64 run that raises costs this pass and not the audit: its reason is kept, and counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parity.align.plan import Plan
from parity.border.runner import Batch, Reply, written
from parity.errors import InputsDoNotFit
from parity.passes.context import PassContext, Shared
from parity.passes.pass_ import PassResult
from parity.records.float64_status import coarser_status
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.session.session import Session

__all__ = ["FLOAT64"]

_PRECISION = "float64"


@dataclass(frozen=True)
class _Float64:
    name: str = "float64"
    title: str = "float64"
    sentence: str = "each side against its own float64 run, and both in float64 against each other"
    note: str = "on the sampled rows"
    condition: str = ""
    phase: Phase = "sample"
    feed: FeedKind = "shared"

    def possible(self, sides: Pair[Session], plan: Plan) -> str:
        """One side that can be run in float64 is enough for the floor."""
        able = any(side.described.can.float64 for side in sides)
        return "" if able else "neither side can be run in float64"

    def run(self, context: PassContext) -> Iterator[PassResult | None]:
        """Every side that can be run in float64 beside its own run, then both in float64."""
        shared = context.shared
        replies = [
            context.forward(number, precision=_PRECISION) if shared.able[number] else None
            for number in (0, 1)
        ]
        yield None
        exact = [_exact(shared, number, reply) for number, reply in enumerate(replies)]
        for number, fine in enumerate(exact):
            if fine is None:
                continue
            context.note(number, fine)
            if fine.failure is None:
                shared.float64[number] = coarser_status(shared.float64[number], fine.float64 or "unchecked")
            own = context.own[number]
            yield PassResult(Pair(fine, own), of="candidate" if number else "reference")
        here, there = exact
        if here is None or there is None or context.broken() is not None:
            return
        fed = context.fed()
        if not fed.alike:
            given = _given(context, here, positions=fed.positions) if shared.able[1] else None
            if given is None:
                return
            if given.failure is not None:
                shared.failure = shared.failure or given.failure.sentence.rstrip(".")
                context.note(1, given)
                if given.ended:
                    return
            there = given
        yield PassResult(Pair(here, there))


def _exact(shared: Shared, number: int, reply: Reply[Batch] | None) -> Batch | None:
    """The float64 batch, as far as it came; None where this side has none, or no more since one has failed."""
    if reply is None:
        return None
    batch = written(reply)
    if batch.failure is not None:
        shared.cannot(number, batch.failure.sentence.rstrip("."))
    return batch


def _given(context: PassContext, reference: Batch, *, positions: bool) -> Batch | None:
    """The candidate in float64 on the reference's feed, as far as it came; None where it cannot be given it."""
    if not context.sides.candidate.described.can.accepts_feed or "input_ids" not in reference.stages:
        return None
    try:
        return written(context.forward_fed(reference, positions=positions, precision=_PRECISION))
    except InputsDoNotFit:
        return None


FLOAT64 = _Float64()
