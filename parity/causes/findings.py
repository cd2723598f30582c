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
from parity.causes.settings_notice import settings_notice, unexercised_settings
from parity.causes.text_changes import other_texts
from parity.records.finding import Finding

__all__ = ["findings", "open_settings"]


def findings(evidence: Evidence) -> list[Finding]:
    """Every finding, what explains the divergence first (parity/causes/order.py)."""
    return in_order(_drawn(evidence), evidence)


def open_settings(evidence: Evidence) -> list[str]:
    """The settings that differ and that these inputs do not show, by name."""
    return unexercised_settings(evidence, [seen for _, seen in _suspicions(evidence)])


def _suspicions(evidence: Evidence) -> Iterator[tuple[Cause, Suspicion]]:
    for cause in all_causes():
        yield from ((cause, seen) for seen in cause.suspect(evidence))


def _drawn(evidence: Evidence) -> Iterator[Drawn]:
    suspicions = list(_suspicions(evidence))
    for notices in (
        failures_findings,
        policy_findings,
        inputs_findings,
        rows_at_once_findings,
        model_notices,
    ):
        yield from (Drawn(finding, None) for finding in notices(evidence))
    yield from (Drawn(notice, None) for notice in settings_notice(evidence, [seen for _, seen in suspicions]))
    yield from (Drawn(_finding(cause, seen), cause) for cause, seen in suspicions)
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
