"""A notice: a finding that names no cause, observed and without weight on the verdict unless its severity is divergent."""

from __future__ import annotations

from typing import Any, Literal

from parity.records.finding import Finding

__all__ = ["notice"]


def notice(
    stage: str,
    sentence: str,
    facts: dict[str, Any] | None = None,
    *,
    severity: Literal["divergent", "notice"] = "notice",
    could_hide: bool = False,
    remedy: str = "",
) -> Finding:
    """A finding of what was observed at a stage."""
    return Finding(
        stage=stage,
        sentence=sentence,
        evidence={"standing": "observed", **(facts or {})},
        severity=severity,
        could_hide=could_hide,
        standing="observed",
        remedy=remedy,
    )
