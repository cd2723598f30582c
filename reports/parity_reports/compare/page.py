"""The view of an audit: plain records of text in the order of the page, from which every report is rendered.

Data before markup: a template places these records and computes nothing. Text in them is raw; whoever renders it makes
hidden characters visible and escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from parity.records.audit import Audit
from parity.records.passes_shown import passes_shown
from parity_reports.blocks import Section
from parity_reports.compare.compared import Compared, build_compared
from parity_reports.compare.limits import build_limits
from parity_reports.compare.older_records import title_of
from parity_reports.compare.predictions import Predictions, build_predictions
from parity_reports.compare.screen import FirstScreen, build_first_screen
from parity_reports.compare.seed_scale import build_scale
from parity_reports.compare.stages import Ladder, build_ladder
from parity_reports.compare.tokens import TokenView, build_tokens
from parity_reports.text import wording

__all__ = ["FindingView", "Page", "Sizes", "build_page"]


_MOST_EVIDENCE = 20


class Sizes(NamedTuple):
    """How much of the long lists a page shows; the rest is in audit.json, and the page says so."""

    flips: int = 100
    tokens: int = 5
    findings: int = 50
    fields: int = 150
    remarks: int = 40
    stage_details: bool = True


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
    scale: Section | None
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
        predictions=build_predictions(audit.decisions, sizes.flips),
        scale=build_scale(audit),
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
            cause_title=title_of(finding) if finding.cause else "not established",
            severity=finding.severity,
            evidence=tuple(
                (name, wording.said(value)) for name, value in list(finding.evidence.items())[:_MOST_EVIDENCE]
            ),
        )
        for index, finding in enumerate(audit.findings, start=1)
    )


def _every(passes: int) -> str:
    return "both passes" if passes == 2 else "all passes"


def _not_compared(audit: Audit) -> tuple[tuple[str, ...], ...]:
    passes = passes_shown(audit)
    return tuple(
        (
            item.stage,
            passes.title(item.pass_) if item.pass_ else _every(len(passes.all)),
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
        ("Differences that only float64 shows", "count" if policy.check_float64 else "do not count"),
    ]
    if policy.check_float64:
        rows.append(
            ("Relative L2 in float64 that is rounding, at least", wording.number(policy.float64_limit, 0))
        )
    if policy.flip_rate is not None:
        rows.append(("Flip rate allowed, as an upper bound", wording.share(policy.flip_rate)))
    if policy.probability is not None:
        rows.append(("Change of a probability allowed", wording.number(policy.probability)))
    rows.append(("Confidence of the one-sided bound", wording.share(policy.confidence)))
    rows += [
        (f"Limit of {stage}", f"relative L2 {wording.number(limit)}")
        for stage, limit in policy.stages.items()
    ]
    by_policy = [name for name in policy.ignore if name not in policy.ignore_option]
    if by_policy:
        rows.append(("Measured and not counted", ", ".join(by_policy)))
    if policy.ignore_option:
        rows.append(("Excluded by --ignore", ", ".join(policy.ignore_option)))
    if policy.allow_inconclusive:
        rows.append(("An inconclusive verdict", "exit code 0 (--allow-inconclusive)"))
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
