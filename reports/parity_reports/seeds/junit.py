"""The seed audit as JUnit XML: red exactly where the exit code is not 0.

One case is the verdict, one each thing it looked at, one each run, one each slice. Where the exit code is 0 what does not
hold was accepted: it is skipped with its reason, so that it stays visible and does not turn the build red.
"""

from __future__ import annotations

from collections.abc import Iterator

from parity.seed_audit import RunRecord, SeedAudit
from parity_reports import wording
from parity_reports.junit import Case, document
from parity_reports.seeds import units
from parity_reports.seeds.parts import Parts, Reason, Slice, read_parts
from parity_reports.seeds.reasons import needed_sentence, reason_sentence

__all__ = ["render"]

_TESTS = {"difference", "permutation"}


def render(audit: SeedAudit) -> str:
    """The document."""
    return document("parity seeds", _properties(audit), list(_cases(audit, read_parts(audit))))


def _properties(audit: SeedAudit) -> Iterator[tuple[str, str]]:
    yield "verdict", audit.verdict
    yield "primary metric", audit.margins.primary
    yield "margin", units.limit(audit.margins.primary, audit.margins.metric)
    yield "churn budget", wording.share(audit.margins.churn)
    yield "runs", str(len(audit.runs))
    yield "inputs", f"{audit.inputs.count} from {audit.inputs.source}"
    yield "inputs digest", audit.inputs.digest
    yield "command", audit.command


def _cases(audit: SeedAudit, parts: Parts) -> Iterator[Case]:
    outcome = "passed"
    if audit.exit_code:
        outcome = "error" if audit.verdict == "inconclusive" else "failure"
    needed = needed_sentence(parts.needed, arms=len(parts.arms) > 1)
    yield Case("verdict", "verdict", outcome, audit.headline, needed)
    for reason in parts.reasons:
        yield _reason(audit, reason)
    for run in audit.runs:
        yield _run(audit, run)
    for item in parts.baseline.slices if parts.baseline is not None else []:
        yield _slice(audit, item)


def _reason(audit: SeedAudit, reason: Reason) -> Case:
    """A test that shows a difference speaks against the candidate; of everything else, what does not hold."""
    against = reason.holds if reason.about in _TESTS else not reason.holds
    name = reason.about.replace("_", " ")
    if not against:
        return Case("reasons", name)
    return Case("reasons", name, _red(audit, "failure"), reason_sentence(reason, audit.margins))


def _run(audit: SeedAudit, run: RunRecord) -> Case:
    group = f"runs.{run.arm}"
    if run.standing == "kept":
        return Case(group, run.name)
    if run.standing == "left_out":
        return Case(group, run.name, "skipped", run.reason)
    return Case(group, run.name, _red(audit, "failure" if run.standing == "failed" else "error"), run.reason)


def _slice(audit: SeedAudit, item: Slice) -> Case:
    name = item.slice
    if item.differs is None:
        why = "it takes two of its examples with a label, and two runs an arm"
        if item.difference is None:
            why = "none of its examples has a label"
        return Case("slices", name, "skipped", f"not measured: {why}")
    p = units.p_value(item.p_holm)
    if item.differs:
        return Case("slices", name, _red(audit, "failure"), f"the arms differ in it (p = {p} after Holm)")
    if item.apart:
        said = f"it differs by itself (p = {p} after Holm), and the arms as a whole are not shown to"
        return Case("slices", name, _red(audit, "failure"), said)
    return Case("slices", name)


def _red(audit: SeedAudit, outcome: str) -> str:
    return outcome if audit.exit_code else "skipped"
