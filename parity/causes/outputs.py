"""Findings about what the models said: classes, temperatures, activations, shifts."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.evidence import Evidence
from parity.records.finding import Finding

__all__ = ["outputs_findings"]


def outputs_findings(evidence: Evidence) -> Iterator[Finding]:
    labels, decisions = evidence.labels, evidence.decisions
    if labels is not None and labels.kind in {"permuted", "by_index"}:
        fits = labels.kind == "by_index" and evidence.columns_fit
        divergent = evidence.first is not None and evidence.first.stage == "logits" and not fits
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
    yield from _probabilities(evidence)
    related = list(_related(evidence))
    yield from related
    yield from _shift(evidence)
    if decisions is None or related:
        return  # what the columns or an activation explain, no temperature does
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


def _probabilities(evidence: Evidence) -> Iterator[Finding]:
    """A side that holds probabilities: its logarithms are compared, and it is reported."""
    for side, described in (("reference", evidence.reference), ("candidate", evidence.candidate)):
        if described.values == "logits":
            continue
        digits = "" if described.decimals is None else f", rounded to {described.decimals} decimals"
        yield Finding(
            cause="output.probabilities",
            stage="logits",
            sentence=f"The {side} holds {described.values.replace('_', '-')} and not logits{digits}: they are compared as such.",
            evidence={"standing": "observed", "side": side, "values": described.values},
        )


def _related(evidence: Evidence) -> Iterator[Finding]:
    """Logits that are the same numbers after all: in another order of the columns, or as probabilities of the other's."""
    relation = evidence.relation
    if relation is None or evidence.first is None or evidence.first.stage not in ("logits", "probabilities"):
        return
    seen = {
        "standing": "suspected",
        "relative L2": relation.left,
        "relative L2 as they stand": relation.apart,
    }
    if relation.kind == "columns":
        names = evidence.reference.labels or evidence.candidate.labels or []
        moved = [
            f"column {place} is the candidate's {column}{f' ({names[place]})' if place < len(names) else ''}"
            for place, column in enumerate(relation.order)
            if place != column
        ]
        more = f" and {len(moved) - 6} more" if len(moved) > 6 else ""
        yield Finding(
            cause="output.label_order",
            stage="logits",
            severity="divergent",
            sentence=f"The candidate's columns fit the reference's in another order: {', '.join(moved[:6])}{more} "
            f"(relative L2 {relation.left:.1e} in that order, {relation.apart:.1e} as they stand).",
            evidence={**seen, "permutation": list(relation.order)},
        )
        return
    other = "candidate" if relation.side == "reference" else "reference"
    option = "?activation=sigmoid" if relation.kind == "sigmoid" else "?values=probabilities"
    yield Finding(
        cause="output.activation",
        stage="logits",
        severity="divergent",
        sentence=f"The {relation.side}'s values are the {relation.kind} of the {other}'s (relative L2 {relation.left:.1e}): "
        f"the {relation.side} holds probabilities, not logits. Name them with {option}, and the two are compared as such.",
        evidence={**seen, "side": relation.side, "activation": relation.kind},
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
