"""A comparison's report: its sections in the order of the page, of the summary, and what a terminal shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from parity.records.audit import Audit
from parity.records.subject import SubjectRecord
from parity_reports.again import build_again
from parity_reports.blocks import Block, Points, Prose
from parity_reports.compare.compared import build_compared, summarise_compared
from parity_reports.compare.exhibits import build_exhibits, exhibit_lines, summarise_exhibits
from parity_reports.compare.findings import build_findings, summarise_findings
from parity_reports.compare.lens import build_lens, lens_lines
from parity_reports.compare.limits import build_limits
from parity_reports.compare.noise import build_noise
from parity_reports.compare.not_compared import build_not_compared, summarise_not_compared
from parity_reports.compare.own_errors import own_error_lines
from parity_reports.compare.parameters import build_parameters, parameter_lines
from parity_reports.compare.predictions import build_predictions, summarise_predictions
from parity_reports.compare.screen import build_first_screen
from parity_reports.compare.seed_scale import build_scale
from parity_reports.compare.serving import build_serving, serving_lines
from parity_reports.compare.stages import build_stage_table, build_stages, summarise_stages
from parity_reports.compare.tokens import build_tokens, summarise_tokens
from parity_reports.compare.why import main_finding
from parity_reports.pages import Page, Section, Subject
from parity_reports.text import wording

__all__ = ["SIZES", "Sizes", "build_glance", "build_page", "build_summary"]


class Sizes(NamedTuple):
    """How much of the long lists a page shows; the rest is in audit.json, and the page says so."""

    flips: int = 100
    tokens: int = 5
    exhibits: int = 50
    findings: int = 50
    fields: int = 150
    remarks: int = 40
    stage_details: bool = True


SIZES = (
    Sizes(),
    Sizes(flips=40, tokens=3, exhibits=20, findings=25, fields=80, remarks=20),
    Sizes(flips=10, tokens=1, exhibits=5, findings=10, fields=40, remarks=10, stage_details=False),
    Sizes(flips=0, tokens=0, exhibits=0, findings=1, fields=10, remarks=3, stage_details=False),
)
_IN_SUMMARY = Sizes(flips=5, exhibits=5, findings=10)
_IN_TERMINAL = 5  # findings, and things that were not compared


def build_page(audit: Audit, sizes: Sizes = Sizes()) -> Page:  # noqa: B008 - immutable
    """The page of an audit, its long lists cut to `sizes`."""
    sections = (
        build_stages(audit, details=sizes.stage_details),
        build_findings(audit, sizes.findings),
        build_predictions(audit.decisions, sizes.flips),
        build_lens(audit, details=sizes.stage_details),
        build_serving(audit),
        build_exhibits(audit, sizes.exhibits),
        build_scale(audit),
        build_tokens(audit, sizes.tokens),
        build_not_compared(audit),
        build_parameters(audit, sizes.fields),
        build_compared(audit, sizes.fields, sizes.remarks),
        build_noise(audit),
        build_limits(audit),
        build_again(audit.command),
    )
    return _page(audit, *sections)


def build_summary(audit: Audit) -> Page:
    """What is pasted into a review."""
    sections = (
        summarise_stages(audit),
        summarise_predictions(audit.decisions, _IN_SUMMARY.flips),
        build_serving(audit),
        summarise_exhibits(audit, _IN_SUMMARY.exhibits),
        summarise_tokens(audit),
        build_scale(audit),
        summarise_findings(audit, _IN_SUMMARY.findings),
        summarise_not_compared(audit),
        summarise_compared(audit, _IN_SUMMARY.fields),
        build_limits(audit),
        build_again(audit.command),
    )
    return _page(audit, *sections)


def build_glance(audit: Audit) -> Page:
    """What a terminal shows: the stages in runs, the findings that the first screen does not name, and what was not compared."""
    return _page(audit, Section("glance", "", "", "", tuple(_glance(audit))))


def _page(audit: Audit, *sections: Section | None) -> Page:
    return Page(
        name="parity compare",
        heading="parity",
        title=f"{audit.verdict.replace('_', ' ')}: {audit.reference.spec} and {audit.candidate.spec}",
        subjects=(_subject("reference", audit.reference), _subject("candidate", audit.candidate)),
        first=build_first_screen(audit),
        sections=tuple(section for section in sections if section is not None),
    )


def _subject(role: str, subject: SubjectRecord) -> Subject:
    framework = f"{subject.framework} {subject.versions.get(subject.framework, '')}".strip()
    versions = ", ".join(f"{name} {version}" for name, version in subject.versions.items())
    return Subject(
        role=role,
        name=subject.spec or wording.NOTHING,
        side={"reference": "ref"}.get(role, "cand"),
        note=framework or "framework unknown",
        line=f"{subject.spec}  {versions}".rstrip() or wording.NOTHING,
    )


def _glance(audit: Audit) -> Iterator[Block]:
    yield build_stage_table(audit)
    scale = "" if audit.seed_scale is None else audit.seed_scale.sentence
    if scale:
        yield Prose(f"compared with seeds: {scale}")
    others = [
        f"{finding.stage}: {finding.sentence}{f' [{finding.cause}]' if finding.cause else ''}"
        for finding in audit.findings
        if finding is not main_finding(audit) and finding.sentence != scale
    ]
    missing = [
        f"{item.stage}{f' of the {item.side}' if item.side != 'both' else ''} was not compared: "
        f"{item.reason}{'' if item.counts else ' (does not count)'}"
        for item in audit.not_compared
    ]
    yield Points(own_error_lines(audit))
    yield Points((*lens_lines(audit), *exhibit_lines(audit), *serving_lines(audit), *parameter_lines(audit)))
    yield Points(_few(others, "more findings in the report"))
    yield Points(_few(missing, "more that were not compared in the report"), mark="?")


def _few(items: list[str], what: str) -> tuple[str, ...]:
    more = len(items) - _IN_TERMINAL
    return (*items[:_IN_TERMINAL], *([f"{more} {what}"] if more > 0 else []))
