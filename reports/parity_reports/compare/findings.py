"""Findings of a comparison, each with its cause, its weight and its evidence, in the order of the record."""

from __future__ import annotations

from parity.records.audit import Audit
from parity_reports.blocks import Block, FindingBlock, More, Prose
from parity_reports.compare.older_records import title_of
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_findings", "summarise_findings"]

_MOST_EVIDENCE = 20


def build_findings(audit: Audit, most: int) -> Section:
    """The section, with at most so many findings."""
    without = (
        "There is no difference to explain."
        if audit.verdict == "parity"
        else "No finding explains the result."
    )
    return _section(audit, most, without)


def summarise_findings(audit: Audit, most: int) -> Section:
    """The same; that there is none is one word."""
    return _section(audit, most, "None.")


def _section(audit: Audit, most: int, without: str) -> Section:
    found: list[Block] = list(_findings(audit)[:most])
    left_out = len(audit.findings) - len(found)
    blocks = (*(found or [Prose(without)]), *([More(left_out)] if left_out else []))
    return Section("findings", "Findings", "Findings", "", blocks, count=len(found))


def _findings(audit: Audit) -> tuple[FindingBlock, ...]:
    return tuple(
        FindingBlock(
            number=index,
            stage=finding.stage,
            sentence=finding.sentence,
            cause=finding.cause or "",
            cause_title=title_of(finding) if finding.cause else "not established",
            weight="counts as a divergence" if finding.severity == "divergent" else "noticed",
            counts=finding.severity == "divergent",
            evidence=tuple(
                (name, wording.as_text(value))
                for name, value in list(finding.evidence.items())[:_MOST_EVIDENCE]
            ),
        )
        for index, finding in enumerate(audit.findings, start=1)
    )
