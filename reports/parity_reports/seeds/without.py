"""Why nothing was measured by the labels: the true reason, in one sentence for every section that has none."""

from __future__ import annotations

from parity.records.seed_audit import SeedAudit

__all__ = ["nothing_decided", "why_no_metric"]

_UNDECIDED = {"scores": "a score of each example", "vectors": "a vector of each text"}


def nothing_decided(audit: SeedAudit) -> str:
    """Why there is neither churn nor agreement nor calibration, as a sentence; empty where runs decide something."""
    what = _UNDECIDED.get(audit.counted)
    return "" if what is None else f"These runs give {what} and decide nothing: the metric alone is judged."


def why_no_metric(audit: SeedAudit) -> str | None:
    """The reason, as the beginning of a sentence; None where metrics were measured."""
    if any(arm.metrics for arm in audit.arms):
        return None
    if not any(arm.runs for arm in audit.arms):
        return "No run is kept"
    if not audit.inputs.labelled:
        return (
            "No text has a token that is predicted"
            if audit.counted == "tokens"
            else "The inputs have no labels"
        )
    return (
        "None of the labels is one that counts"
        if audit.counted != "classes"
        else "None of the labels is a class"
    )
