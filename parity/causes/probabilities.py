"""A side that reports probabilities: their logarithms are compared, and it is reported."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence

__all__ = ["Probabilities"]


class Probabilities(Cause):
    NAME = "output.probabilities"
    TITLE = "Probabilities, not logits"
    REMEDY = "Write the logits, or the probabilities of both sides."
    STAGE = "logits"
    SPECIFICITY = 90
    CASES = (Case("a file of probabilities", pair(side(values="probabilities", decimals=3))),)
    BENIGN = (Case("logits on both sides", pair(first="logits")),)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        for name, described in evidence.sides:
            if described.values == "logits":
                continue
            digits = "" if described.decimals is None else f", rounded to {described.decimals} decimals"
            yield Suspicion(
                f"The {name} holds {described.values.replace('_', '-')} and not logits{digits}: they are compared as probabilities.",
                self.STAGE,
                {"side": name, "values": described.values},
                standing="observed",
            )
