"""Another temperature: one number divides all logits of a side."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, decided, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, Outputs
from parity.measure.relations import Relation

__all__ = ["Temperature"]

_FITS = 0.999
_ONE = 0.02  # an implied temperature this close to 1 is taken as 1


class Temperature(Cause):
    NAME = "output.temperature"
    TITLE = "Another temperature"
    REMEDY = "Set the reference's temperature."
    STAGE = "probabilities"
    SPECIFICITY = 100
    CASES = (
        Case(
            "a temperature set on one side",
            pair(
                side(temperature=1.0),
                side(temperature=2.0),
                first="probabilities",
                decisions=decided(2.0, 1.0),
            ),
        ),
        Case(
            "logits that were divided before they were saved",
            pair(first="logits", decisions=decided(1.5, 0.9999)),
        ),
    )
    BENIGN = (
        Case("no temperature fits", pair(first="logits", decisions=decided(1.5, 0.9))),
        Case("logits that imply a temperature of 1", pair(first="logits", decisions=decided(1.01, 1.0))),
        Case(
            "columns in another order explain it",
            pair(
                first="logits",
                decisions=decided(1.5, 0.9999),
                outputs=Outputs(relation=Relation("columns", None, 1e-8, 1.2, (1, 0))),
            ),
        ),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        if evidence.decisions is None or evidence.outputs.related(evidence.first) is not None:
            return  # what the order of columns or an activation explains is not a temperature
        implied = evidence.decisions.implied_temperature
        facts = {"implied": implied.value, "r2": implied.r2}
        ours, theirs = (described.temperature for described in evidence.described)
        if ours != theirs:
            value = "" if implied.value is None else f"; the logits imply {implied.value:.2f}"
            yield Suspicion(
                f"Probabilities are taken at temperature {ours:g} in the reference and {theirs:g} in the candidate{value}.",
                self.STAGE,
                facts,
                severity=evidence.severity,
            )
        elif (
            implied.value is not None
            and implied.r2 is not None
            and implied.r2 > _FITS
            and abs(implied.value - 1) > _ONE
        ):
            yield Suspicion(
                f"The candidate's logits are the reference's at temperature {implied.value:.2f} (R2 {implied.r2:.4f}).",
                "logits",
                facts,
                severity=evidence.severity,
            )
