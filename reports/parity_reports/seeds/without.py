"""Why nothing was measured by the labels: the true reason, in one sentence for every section that has none."""

from __future__ import annotations

from parity.records.seed_audit import SeedAudit

__all__ = ["why_no_metric"]


def why_no_metric(audit: SeedAudit) -> str | None:
    """The reason, as the beginning of a sentence; None where metrics were measured."""
    if any(arm.metrics for arm in audit.arms):
        return None
    if not any(arm.runs for arm in audit.arms):
        return "No run is kept"
    if not audit.inputs.labelled:
        return "The inputs have no labels"
    return "None of the labels is a class"
