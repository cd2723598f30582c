"""One side gives every input the same answer where the other gives several: the effect of a wrong tokenizer or an untrained head."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, decided, pair
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, Outputs
from parity.records.pair import Pair

__all__ = ["ConstantAnswer"]

_LEAST = 8  # inputs: fewer may well share one answer
_MANY = decided()


class ConstantAnswer(Cause):
    NAME = "output.constant"
    TITLE = "Every input gets the same answer"
    REMEDY = "Check the tokenizer first."
    STAGE = "label"
    SPECIFICITY = 10
    CASES = (
        Case(
            "one class throughout", pair(first="label", decisions=_MANY, outputs=Outputs(answers=Pair(3, 1)))
        ),
    )
    BENIGN = (
        Case(
            "both give several answers",
            pair(first="label", decisions=_MANY, outputs=Outputs(answers=Pair(3, 2))),
        ),
        Case(
            "both give one answer", pair(first="logits", decisions=_MANY, outputs=Outputs(answers=Pair(1, 1)))
        ),
        Case(
            "few inputs",
            pair(first="label", decisions=decided(examples=3), outputs=Outputs(answers=Pair(2, 1))),
        ),
        Case("nothing diverges", pair(decisions=_MANY, outputs=Outputs(answers=Pair(2, 1)))),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        decisions, answers = evidence.decisions, evidence.outputs.answers
        if evidence.first is None or decisions is None or answers is None or decisions.examples < _LEAST:
            return
        for name, own, other in (
            ("reference", answers.reference, answers.candidate),
            ("candidate", answers.candidate, answers.reference),
        ):
            if own == 1 and other > 1:
                yield Suspicion(
                    f"The {name} assigns all {decisions.examples} {decisions.unit}s to one class; the other side uses {other} classes.",
                    self.STAGE,
                    {"side": name, "classes": own, "classes of the other side": other},
                    severity="divergent",
                )
