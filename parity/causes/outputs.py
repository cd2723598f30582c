"""Findings about what the models said: classes, temperatures, activations, shifts."""

from __future__ import annotations

from collections.abc import Iterator

from parity.audit import Finding
from parity.causes.evidence import Evidence

__all__ = ["outputs_findings"]


def outputs_findings(evidence: Evidence) -> Iterator[Finding]:
    labels, decisions = evidence.labels, evidence.decisions
    if labels is not None and labels.kind in {"permuted", "by_index"}:
        divergent = evidence.first is not None and evidence.first.stage == "logits"
        yield Finding(
            cause="output.label_order",
            stage="label",
            severity="divergent" if divergent else "notice",
            sentence=labels.sentence,
            evidence={
                "standing": "suspected" if divergent else "observed",
                "mapping": labels.kind,
                "permutation": list(labels.permutation or ()),
            },
        )
    names = evidence.reference.labels or []
    if labels is not None and labels.kind == "same" and len(set(names)) < len(names):
        yield Finding(stage="label", sentence=labels.sentence, evidence={"standing": "observed"})
    yield from _shift(evidence)
    if decisions is None:
        return
    implied = decisions.implied_temperature
    said = evidence.reference.temperature, evidence.candidate.temperature
    if said[0] != said[1]:
        value = "" if implied.value is None else f"; the logits imply {implied.value:.2f}"
        yield Finding(
            cause="output.temperature",
            stage="probabilities",
            severity="divergent" if evidence.first is not None else "notice",
            sentence=f"Probabilities are taken at temperature {said[0]:g} in the reference and {said[1]:g} in the candidate{value}.",
            evidence={"standing": "suspected", "implied": implied.value, "r2": implied.r2},
        )
    elif (
        implied.value is not None
        and implied.r2 is not None
        and implied.r2 > 0.999
        and abs(implied.value - 1) > 0.02
    ):
        yield Finding(
            cause="output.temperature",
            stage="logits",
            severity="divergent" if evidence.first is not None else "notice",
            sentence=f"The candidate's logits are the reference's at temperature {implied.value:.2f} (R2 {implied.r2:.4f}).",
            evidence={"standing": "suspected", "implied": implied.value, "r2": implied.r2},
        )


def _shift(evidence: Evidence) -> Iterator[Finding]:
    """Logits that differ by a constant in each row, which a softmax does not see."""
    at_logits = evidence.first is not None and evidence.first.stage == "logits"
    for record in evidence.stages:
        left = record.centred_relative_l2
        if record.stage != "logits" or record.status != "divergent" or left is None or record.allowed is None:
            continue
        raw = record.relative_l2
        if raw is None or raw <= record.allowed or left > record.allowed:
            continue  # what only float64 shows, or what stays once the constant is out
        if (record.non_finite_reference, record.non_finite_candidate) != (0, 0):
            continue
        yield Finding(
            stage="logits",
            severity="divergent" if at_logits else "notice",
            sentence=f"The logits of each row differ by a constant and nothing more: their relative L2 is {record.relative_l2:.1e}, "
            f"and {left:.1e} once each row's mean is taken out. No probability and no label depends on it.",
            evidence={"standing": "observed", "relative L2": record.relative_l2, "centred relative L2": left},
        )
        return
