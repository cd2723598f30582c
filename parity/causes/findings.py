"""Findings read from the evidence: causes that are suspected, and notices that name none.

Nothing is confirmed here: a finding says what was observed, and names a cause where the evidence fits one. Its standing is "observed"
(the difference itself was seen) or "suspected" (it would explain what differs).
"""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.causes.failures import failures_findings
from parity.causes.model_notices import model_notices
from parity.causes.notices import inputs_findings, policy_findings, rows_at_once_findings
from parity.causes.order import Drawn, in_order
from parity.causes.registry import all_causes
from parity.causes.text_changes import other_texts
from parity.records.finding import Finding

__all__ = ["findings"]


def findings(evidence: Evidence) -> list[Finding]:
    """Every finding, what explains the divergence first (parity/causes/order.py)."""
    return in_order(_drawn(evidence), evidence)


def _drawn(evidence: Evidence) -> Iterator[Drawn]:
    for notices in (
        failures_findings,
        policy_findings,
        inputs_findings,
        rows_at_once_findings,
        model_notices,
    ):
        yield from (Drawn(finding, None) for finding in notices(evidence))
    for cause in all_causes():
        yield from (Drawn(_finding(cause, seen), cause) for seen in cause.suspect(evidence))
    yield from (Drawn(finding, None) for finding in other_texts(evidence))


def _finding(cause: Cause, seen: Suspicion) -> Finding:
    return Finding(
        cause=cause.NAME if seen.named else None,
        stage=seen.stage,
        severity=seen.severity,
        sentence=seen.sentence,
        evidence={"standing": seen.standing, **seen.facts},
        could_hide=seen.could_hide,
        standing=seen.standing,
        title=cause.TITLE if seen.named else "",
        remedy=(seen.remedy or cause.REMEDY) if seen.named else "",
    )
