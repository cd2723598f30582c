"""Start and end logits taken over all positions: in a batch the largest may lie in padding."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, Outputs
from parity.measure.spans import AnswersSeen
from parity.records.pair import Pair

__all__ = ["SpanMasking"]


def _seen(reference: int, candidate: int, apart: int) -> Outputs:
    return Outputs(spans=AnswersSeen(10, Pair(reference, candidate), apart, tuple(range(apart))))


class SpanMasking(Cause):
    NAME = "output.span_masking"
    TITLE = "The answer lies outside the context"
    REMEDY = "Mask the start and end logits of padding, special tokens and the question before the largest is taken."
    STAGE = "answer"
    SPECIFICITY = 3
    CASES = (
        Case(
            "alone there is no padding, and in a batch there is", pair(first="answer", outputs=_seen(0, 4, 4))
        ),
        Case("both sides are padded alike", pair(outputs=_seen(4, 4, 0))),
        Case("it lies in the question", pair(outputs=Outputs(spans=AnswersSeen(10, outside=Pair(2, 2))))),
    )
    BENIGN = (
        Case("every largest logit lies in the context", pair(outputs=_seen(0, 0, 0))),
        Case("no answers", pair(first="layer.0")),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        seen = evidence.outputs.spans
        if not any((*seen.padding, *seen.outside)):
            return
        (here, there), (ours, theirs) = seen.padding, seen.outside
        counts = bool(seen.apart)
        words = (
            f"In {ours} of {seen.rows} rows of the reference and {theirs} of the candidate the largest start or end logit lies outside the "
            f"context, in padding in {here} and {there}: taken over all positions, the answer does too. The answers that are compared are "
            "spans of the context, with all else masked."
        )
        yield Suspicion(
            words,
            self.STAGE,
            {"rows": seen.rows, "reference": here, "candidate": there, "apart": seen.apart},
            severity="divergent" if counts else "notice",
            standing="suspected" if counts else "observed",
            could_hide=not counts,
        )
