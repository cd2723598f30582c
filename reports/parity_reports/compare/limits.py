"""What an audit does not show: listed in every report, so that nobody reads more into a verdict than was measured."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.audit import Audit
from parity_reports.blocks import Points
from parity_reports.compare.decision_words import bounded_rate, decision_noun, flips_total, has_copies
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_limits"]

_MOST_NAMES = 6


def build_limits(audit: Audit) -> Section:
    """The section: each limit a sentence."""
    title = "What this does not show"
    return Section("limits", title, title, "", (Points(tuple(_limits(audit))),))


def _limits(audit: Audit) -> Iterator[str]:
    inputs, decisions = audit.inputs, audit.decisions
    if inputs.built_in:
        yield f"The inputs were parity's {wording.plural(inputs.count, 'built-in probe text')}. Other texts can behave differently: give your own with --inputs."
    else:
        yield f"{wording.plural(inputs.count, 'example')} from one source. Behaviour that they do not exercise was not tested."
    devices = ", ".join(
        dict.fromkeys(
            f"{side.dtype or 'unknown dtype'} on {side.device or 'unknown device'}"
            for side in (audit.reference, audit.candidate)
        )
    )
    yield f"Run as {devices}. Other number formats and devices can differ more."
    yield "Evaluation mode only: gradients and training were not compared."
    outputs = [name for name in ("reference", "candidate") if getattr(audit, name).scope == "outputs"]
    if outputs:
        yield f"The {' and the '.join(outputs)} gave outputs only: equal outputs do not show that the stages inside are equal."
    if audit.noise.sample:
        yield f"The noise floor was measured on {wording.plural(audit.noise.sample, 'example')}; rounding on other examples may be a little larger or smaller."
    if not audit.policy.check_float64:
        yield "Differences that only float64 shows do not count under this policy."
    for name, phrase in (
        ("reference", audit.noise.reference_float64),
        ("candidate", audit.noise.candidate_float64),
    ):
        if phrase and phrase != "pure" and not phrase.startswith("kept"):
            yield f"Float64 in the {name}: {phrase}. This can hide differences that only float64 shows."
        elif not phrase and audit.noise.rows and audit.policy.check_float64:
            yield f"The {name} was not run in float64. Differences that only float64 shows were not looked for."
    limited = list(dict.fromkeys(record.stage for record in audit.stages if record.status == "within_limit"))
    if limited:
        yield (
            f"Over their noise floor and within limits that were set: {_names(limited)}. "
            "A limit permits any difference up to its size, also one that is a mistake."
        )
    if audit.policy.ignore:
        yield f"Stages that did not count, by the policy or by --ignore: {', '.join(audit.policy.ignore)}."
    if decisions is not None and decisions.examples and not flips_total(decisions):
        by_row = bounded_rate(decisions)
        high = wording.share((by_row or decisions.flip_rate).high)
        rate = (
            "flip rate"
            if by_row is None
            else "share of distinct rows with a flip"
            if has_copies(decisions)
            else "share of rows with a flip"
        )
        kind = " (one-sided)" if (by_row or decisions.flip_rate).bounds == "one-sided" else ""
        yield f"That no {decision_noun(decisions)} flipped here bounds the {rate} at {high}{kind}; it does not make it zero."
    if decisions is not None and not decisions.metrics:
        yield "Without labelled examples this does not show which side is right."
    if any(finding.cause for finding in audit.findings):
        yield "A cause is named where the evidence fits; it is confirmed only when reverting it makes the difference disappear."


def _names(stages: list[str]) -> str:
    shown = ", ".join(stages[:_MOST_NAMES])
    return f"{shown} and {len(stages) - _MOST_NAMES} more" if len(stages) > _MOST_NAMES else shown
