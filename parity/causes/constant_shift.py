"""Logits that differ by a constant in each row, which a softmax does not see."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, stage
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.records.stage import StageRecord

__all__ = ["ConstantShift"]


def _shifted(status: str = "divergent", **fields: object) -> StageRecord:
    return stage("logits", status, **{"relative_l2": 2.5, "centred_relative_l2": 1e-8, **fields})  # type: ignore[arg-type]


class ConstantShift(Cause):
    NAME = "output.shift"
    TITLE = "Logits shifted by a constant"
    REMEDY = "Compare probabilities, or remove the code that adds the same number to every class of a row."
    STAGE = "logits"
    SPECIFICITY = 95
    CASES = (Case("a constant in every row", pair(first="logits", stages=[_shifted()])),)
    BENIGN = (
        Case("bitwise equal logits", pair(stages=[_shifted("equal")])),
        Case("more than a constant", pair(first="logits", stages=[_shifted(centred_relative_l2=1e-3)])),
        Case(
            "a row mean that was not measured",
            pair(first="logits", stages=[_shifted(centred_relative_l2=None)]),
        ),
        Case("logits that are not finite", pair(first="logits", stages=[_shifted(non_finite_candidate=1)])),
        Case(
            "what only float64 shows",
            pair(first="logits", stages=[_shifted(relative_l2=7e-8, allowed=5e-7, centred_relative_l2=6e-8)]),
        ),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        at_logits = evidence.first is not None and evidence.first.stage == "logits"
        for record in evidence.stages:
            left, raw = record.centred_relative_l2, record.relative_l2
            if (
                record.stage != "logits"
                or record.status != "divergent"
                or left is None
                or record.allowed is None
            ):
                continue
            if raw is None or raw <= record.allowed or left > record.allowed:
                continue  # what only float64 shows, or what remains after the constant is removed
            if (record.non_finite_reference, record.non_finite_candidate) != (0, 0):
                continue
            yield Suspicion(
                f"The logits of each row differ only by a constant: their relative L2 is {raw:.1e}, "
                f"and {left:.1e} after each row's mean is removed. No probability and no label depends on it.",
                self.STAGE,
                {"relative L2": raw, "centred relative L2": left},
                severity="divergent" if at_logits else "notice",
                standing="suspected" if at_logits else "observed",
            )
            return
