"""The view of an audit: plain records of text in the order of the page, from which every report is rendered.

Data before markup: a template places these records and computes nothing. Text in them is raw; whoever renders it makes
hidden characters visible and escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from parity.audit import Audit, Decisions, Flip
from parity_reports import wording
from parity_reports.causes import remedy
from parity_reports.compared import Compared, build_compared
from parity_reports.ladder import Ladder, build_ladder
from parity_reports.limits import build_limits
from parity_reports.tokens import TokenView, build_tokens
from parity_reports.verdict import FirstScreen, build_first_screen, decision_sentence, flips_total

__all__ = ["FindingView", "FlipRow", "Measures", "Page", "Predictions", "Sizes", "build_page"]


_MOST_EVIDENCE = 20


class Sizes(NamedTuple):
    """How much of the long lists a page shows; the rest is in audit.json, and the page says so."""

    flips: int = 100
    tokens: int = 5
    findings: int = 50
    fields: int = 150
    remarks: int = 40
    stage_details: bool = True


class Measures(NamedTuple):
    """A small table: its heads, and rows of text."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class FindingView:
    """A finding with its evidence."""

    number: int
    stage: str
    sentence: str
    cause: str
    cause_title: str
    severity: str
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FlipRow:
    """One decision that differs."""

    place: str
    text: str
    label: str
    reference: str
    candidate: str
    margins: str
    moved: str
    explained: str


@dataclass(frozen=True)
class Predictions:
    """What both would decide."""

    sentence: str
    facts: tuple[tuple[str, str], ...]
    temperatures: Measures
    metrics: Measures
    flips: tuple[FlipRow, ...]
    flips_left_out: int


@dataclass(frozen=True)
class Page:
    """Everything a report says."""

    title: str
    reference: str
    reference_framework: str
    candidate: str
    candidate_framework: str
    first: FirstScreen
    ladder: Ladder
    findings: tuple[FindingView, ...]
    findings_left_out: int
    predictions: Predictions
    tokens: TokenView
    not_compared: tuple[tuple[str, ...], ...]
    compared: Compared
    policy: tuple[tuple[str, str], ...]
    noise: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]
    command: str
    sizes: Sizes


def build_page(audit: Audit, sizes: Sizes = Sizes()) -> Page:  # noqa: B008 - immutable
    """The page of an audit, its long lists cut to `sizes`."""
    return Page(
        title=f"{audit.verdict.replace('_', ' ')}: {audit.reference.spec} and {audit.candidate.spec}",
        reference=audit.reference.spec or wording.NOTHING,
        reference_framework=_framework(audit, "reference"),
        candidate=audit.candidate.spec or wording.NOTHING,
        candidate_framework=_framework(audit, "candidate"),
        first=build_first_screen(audit),
        ladder=build_ladder(audit),
        findings=_findings(audit)[: sizes.findings],
        findings_left_out=max(0, len(audit.findings) - sizes.findings),
        predictions=_predictions(audit.decisions, sizes.flips),
        tokens=build_tokens(audit, sizes.tokens),
        not_compared=_not_compared(audit),
        compared=build_compared(audit, sizes.fields, sizes.remarks),
        policy=_policy(audit),
        noise=_noise(audit),
        limits=build_limits(audit),
        provenance=tuple((name, wording.said(value)) for name, value in audit.provenance.items()),
        command=audit.command,
        sizes=sizes,
    )


def _framework(audit: Audit, side: str) -> str:
    subject = audit.reference if side == "reference" else audit.candidate
    version = subject.versions.get(subject.framework, "")
    return f"{subject.framework} {version}".strip() or "framework unknown"


def _findings(audit: Audit) -> tuple[FindingView, ...]:
    return tuple(
        FindingView(
            number=index,
            stage=finding.stage,
            sentence=finding.sentence,
            cause=finding.cause or "",
            cause_title=remedy(finding.cause).title if finding.cause else "not established",
            severity=finding.severity,
            evidence=tuple(
                (name, wording.said(value)) for name, value in list(finding.evidence.items())[:_MOST_EVIDENCE]
            ),
        )
        for index, finding in enumerate(audit.findings, start=1)
    )


def _predictions(decisions: Decisions | None, most: int) -> Predictions:
    sentence = decision_sentence(decisions)
    if decisions is None:
        return Predictions(sentence, (), Measures((), ()), Measures((), ()), (), 0)
    implied = decisions.implied_temperature
    facts = [("Agree", f"{wording.count(decisions.agree)} of {wording.count(decisions.examples)}")]
    if implied.value is not None:
        r2 = "" if implied.r2 is None else f" (R² {implied.r2:.6g})"
        facts.append(("Implied temperature, candidate = reference at T", f"{implied.value:.3f}{r2}"))
    if decisions.ties:
        facts.append(("Ties, both labels equally likely on a side", wording.count(decisions.ties)))
    if decisions.class_order != "same":
        facts.append(("Class order", decisions.class_order))
    if decisions.multi_label:
        facts.append(("Multi-label", "each class is decided by itself, with a sigmoid"))
    flips = tuple(_flip(flip) for flip in decisions.flips[:most])
    return Predictions(
        sentence=sentence,
        facts=tuple(facts),
        temperatures=_temperatures(decisions),
        metrics=_metrics(decisions),
        flips=flips,
        flips_left_out=max(0, flips_total(decisions) - len(flips)),
    )


def _temperatures(decisions: Decisions) -> Measures:
    agreeing = any(item.agree for item in decisions.temperatures)
    heads = (
        "T",
        *(["agree"] if agreeing else []),
        "JS mean",
        "JS max",
        "TV mean",
        "TV max",
        "KL mean",
        "KL max",
        "largest change of a probability",
    )
    rows = tuple(
        (
            f"{item.temperature:g}",
            *([wording.count(item.agree)] if agreeing else []),
            *(wording.number(value) for value in (item.js_mean, item.js_max, item.tv_mean, item.tv_max)),
            *(wording.number(value) for value in (item.kl_mean, item.kl_max, item.max_abs_probability)),
        )
        for item in decisions.temperatures
    )
    return Measures(heads, rows)


def _metrics(decisions: Decisions) -> Measures:
    heads = ("metric", "reference", "candidate", "difference", "interval", "labelled")
    rows = tuple(
        (
            item.metric,
            f"{item.reference:.4f}",
            f"{item.candidate:.4f}",
            f"{item.difference:+.4f}",
            _interval(item.low, item.high, item.confidence),
            wording.count(item.labelled),
        )
        for item in decisions.metrics
    )
    return Measures(heads, rows)


def _interval(low: float | None, high: float | None, confidence: float) -> str:
    if low is None or high is None:
        return wording.NOTHING
    return f"{low:+.4f} to {high:+.4f} ({wording.share(confidence)})"


def _flip(flip: Flip) -> FlipRow:
    place = f"{flip.row}" + (f", token {flip.token}" if flip.token is not None else "")
    return FlipRow(
        place=place + (f" ({flip.id})" if flip.id else ""),
        text=wording.clip(flip.text),
        label=flip.label or wording.NOTHING,
        reference=wording.clip(flip.reference, 80),
        candidate=wording.clip(flip.candidate, 80),
        margins=f"{wording.number(flip.reference_margin)} and {wording.number(flip.candidate_margin)}",
        moved=wording.number(flip.max_abs_logit),
        explained="yes" if flip.explained_by_noise else "no",
    )


def _not_compared(audit: Audit) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            item.stage,
            wording.pass_title(item.pass_) if item.pass_ else "both passes",
            {"both": "both sides"}.get(item.side, item.side),
            item.reason,
            "yes" if item.counts else "no",
        )
        for item in audit.not_compared
    )


def _policy(audit: Audit) -> tuple[tuple[str, str], ...]:
    policy = audit.policy
    rows = [
        ("Policy", policy.name),
        ("A stage may differ by", f"{policy.floor_factor:g} times its noise floor"),
        ("Differences that only float64 shows", "count" if policy.check_float64 else "are not asked for"),
    ]
    if policy.check_float64:
        rows.append(
            ("Relative L2 in float64 that is rounding, at least", wording.number(policy.float64_limit, 0))
        )
    if policy.flip_rate is not None:
        rows.append(("Flip rate allowed, as an upper bound", wording.share(policy.flip_rate)))
    if policy.probability is not None:
        rows.append(("Change of a probability allowed", wording.number(policy.probability)))
    rows.append(("Confidence", wording.share(policy.confidence)))
    rows += [
        (f"Allowed at {stage}", f"relative L2 {wording.number(limit)}")
        for stage, limit in policy.stages.items()
    ]
    if policy.ignore:
        rows.append(("Measured and not counted", ", ".join(policy.ignore)))
    return tuple(rows)


def _noise(audit: Audit) -> tuple[tuple[str, str], ...]:
    noise = audit.noise
    rows = [
        ("How the floor was measured", noise.method or wording.NOTHING),
        ("On", wording.plural(noise.sample, "example")),
    ]
    rows += [
        (f"Float64 in the {name}", said)
        for name, said in (("reference", noise.reference_float64), ("candidate", noise.candidate_float64))
        if said
    ]
    return tuple(rows)
