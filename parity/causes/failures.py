"""Findings about forwards that failed: what the framework raised, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.evidence import Evidence
from parity.causes.notice import notice
from parity.records.finding import Finding

__all__ = ["failures_findings"]


def failures_findings(evidence: Evidence) -> Iterator[Finding]:
    """A side that failed in its own pass: what it computed before was compared, from the stage named on nothing was."""
    for broken in evidence.lost.breakdowns:
        step = f" {broken.failure.next_step}" if broken.failure.next_step else ""
        yield notice(
            broken.stage,
            f"{broken.failure.sentence.rstrip('.')}. In {broken.rows} rows the {broken.side} has no {broken.stage}; "
            f"what it computed before was compared.{step}",
            {"side": broken.side, "rows": broken.rows},
            severity="notice" if evidence.first is not None else "divergent",
            could_hide=True,
        )
