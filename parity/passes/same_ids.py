"""The pass on the same ids: the candidate on the reference's ids, mask, types and, where they count for both, positions.

What is left of a difference here is the model's; what only the first pass shows is the tokenizer's or the batch's. Where both
fed themselves the same already, the first pass is this pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parity.align.plan import Plan
from parity.border.runner import written
from parity.errors import InputsDoNotFit
from parity.passes.context import PassContext
from parity.passes.pass_ import PassResult
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.session.session import Session

__all__ = ["SAME_IDS"]


@dataclass(frozen=True)
class _SameIds:
    name: str = "same_ids"
    title: str = "same ids"
    sentence: str = "the candidate on the reference's ids"
    note: str = (
        "the candidate on the reference's ids, mask, types and positions, so that what differs is the model's"
    )
    condition: str = "given the same ids"
    phase: Phase = "sweep"
    feed: FeedKind = "shared"

    def possible(self, sides: Pair[Session], plan: Plan) -> str:
        """Where both feed themselves the same it costs nothing, even for a candidate that cannot be given ids."""
        return ""

    def run(self, context: PassContext) -> Iterator[PassResult | None]:
        """Nothing where the first pass is this pass already, else one forward of the candidate."""
        yield None
        own = context.own
        if any("input_ids" not in batch.stages for batch in own):
            # Nothing was fed that could be given to the other: rows whose encodings are equal are the same ids all the same.
            yield PassResult(as_first=context.batch.shown_equal)
            return
        fed = context.fed()
        if fed.alike:
            yield PassResult(as_first=True)
            return
        if not context.sides.candidate.described.can.accepts_feed:
            yield PassResult(reason="the candidate cannot be given another's ids")
            return
        if own.candidate.failure is not None and own.candidate.ended:
            yield PassResult(reason=own.candidate.failure.sentence.rstrip("."))
            return
        reply = context.forward_fed(own.reference, positions=fed.positions)
        yield None
        try:
            yield PassResult(Pair(own.reference, written(reply)))
        except InputsDoNotFit as error:
            yield PassResult(reason=error.sentence.rstrip("."))


SAME_IDS = _SameIds()
