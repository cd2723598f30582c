"""A side that holds probabilities where the other holds logits: one is the sigmoid or the softmax of the other."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, Outputs
from parity.measure.relations import Relation

__all__ = ["OutputActivation"]


class OutputActivation(Cause):
    NAME = "output.activation"
    TITLE = "Softmax against sigmoid"
    REMEDY = "Apply the reference's output activation."
    STAGE = "probabilities"
    SPECIFICITY = 110
    CASES = (
        Case(
            "the reference holds the softmax of the candidate's logits",
            pair(first="logits", outputs=Outputs(relation=Relation("softmax", "reference", 1e-8, 0.9))),
        ),
    )
    BENIGN = (
        Case(
            "columns in another order",
            pair(first="logits", outputs=Outputs(relation=Relation("columns", None, 1e-8, 1.2, (1, 0)))),
        ),
        Case("logits that are not related", pair(first="logits")),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        relation = evidence.outputs.related(evidence.first)
        if relation is None or relation.kind == "columns":
            return
        other = "candidate" if relation.side == "reference" else "reference"
        option = "?activation=sigmoid" if relation.kind == "sigmoid" else "?values=probabilities"
        yield Suspicion(
            f"The {relation.side}'s values are the {relation.kind} of the {other}'s (relative L2 {relation.left:.1e}): "
            f"the {relation.side} holds probabilities, not logits. State this with {option}, and both are compared as probabilities.",
            "logits",
            {**relation.distances(), "side": relation.side, "activation": relation.kind},
            severity="divergent",
        )
