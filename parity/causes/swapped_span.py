"""Start and end logits in each other's place: the rows of the head that scores spans are in another order."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, Outputs
from parity.measure.spans import AnswersSeen

__all__ = ["SwappedSpan"]


class SwappedSpan(Cause):
    NAME = "output.span_order"
    TITLE = "Start and end are swapped"
    REMEDY = "Swap the two rows of the head (qa_outputs): the first scores the start of an answer, the second its end."
    STAGE = "start_logits"
    SPECIFICITY = 4
    CASES = (
        Case(
            "start is end, and end is start",
            pair(first="start_logits", outputs=Outputs(spans=AnswersSeen(10, swapped=True))),
        ),
    )
    BENIGN = (Case("other logits", pair(first="start_logits", outputs=Outputs(spans=AnswersSeen(10)))),)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        if evidence.outputs.spans.swapped:
            yield Suspicion(
                "The candidate's start logits are the reference's end logits, and its end logits the reference's start logits.",
                self.STAGE,
                {"rows": evidence.outputs.spans.rows},
                severity=evidence.severity,
            )
