"""The cases of a seed audit: red exactly where the exit code is not 0.

One case is the verdict, one each thing it looked at, one each run, one each slice. One fault is one failure: a run that failed, the
spread, churn, the difference of two arms. What says the same again is skipped as carried over, and so is the verdict where another case
is red. Where the exit code is 0 what does not hold was accepted: it is skipped with its reason, so that it stays visible and does not turn the
build red.
"""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.comparison_statistics import SliceDifferenceRecord
from parity.records.runs import RunRecord
from parity.records.seed_audit import ReasonRecord, SeedAudit
from parity_reports.cases import Case, Suite, carried_over, run_time
from parity_reports.seeds.reasons import needed_sentence, reason_sentence
from parity_reports.seeds.without import nothing_decided
from parity_reports.text import units, wording

__all__ = ["build_suite"]

_TESTS = {"difference", "permutation"}
_RUNS = {"failed_runs": "failed", "missing_runs": "lost"}

# Reasons that are one fault: a size, and the bound of the same size.
_FAULTS = {
    "new_run": "spread",
    "new_run_low": "spread",
    "churn_high": "churn",
    "churn_low": "churn",
    "difference": "difference",
    "tost": "difference",
    "permutation": "excess churn",
    "excess_high": "excess churn",
}


def build_suite(audit: SeedAudit) -> Suite:
    """The suite of a seed audit."""
    started, seconds = run_time(audit.provenance)
    faults = _faults(audit)
    cases = [_verdict(audit, faults)._replace(seconds=seconds), *faults]
    return Suite("parity seeds", list(_properties(audit)), cases, started, seconds)


def _properties(audit: SeedAudit) -> Iterator[tuple[str, str]]:
    yield "verdict", audit.verdict
    yield "primary metric", audit.margins.primary
    yield "margin", units.limit(units.form_of(audit), audit.margins.metric)
    yield "churn budget", "not judged" if nothing_decided(audit) else wording.share(audit.margins.churn)
    yield "runs", str(len(audit.runs))
    yield "inputs", f"{audit.inputs.count} from {audit.inputs.source}"
    yield "inputs digest", audit.inputs.digest
    yield "command", audit.command


def _verdict(audit: SeedAudit, others: list[Case]) -> Case:
    """The verdict's own case: red where the exit code is not 0 and no other case is."""
    if audit.exit_code == 0:
        return Case("verdict", "verdict")
    fault = next((case for case in others if case.red), None)
    needed = needed_sentence(audit.runs_needed, arms=len(audit.arms) > 1)
    if fault is not None:
        message = f"{audit.verdict}, counted at {fault.name} ({fault.group}): {audit.headline}"
        return Case("verdict", "verdict", "skipped", message, needed)
    outcome = "error" if audit.verdict == "inconclusive" else "failure"
    return Case("verdict", "verdict", outcome, audit.headline, needed)


def _faults(audit: SeedAudit) -> list[Case]:
    """Every case but the verdict, one failure for each fault among them."""
    runs = [_run(audit, run) for run in audit.runs]
    reasons: list[Case] = []
    first: dict[str, Case] = {}
    for standing in ("failed", "lost"):
        red = [
            case for case, run in zip(runs, audit.runs, strict=True) if case.red and run.standing == standing
        ]
        first.update({f"runs {standing}": case for case in red[:1]})
    for reason in audit.reasons:
        case = _reason(audit, reason)
        fault = (
            f"runs {_RUNS[reason.about]}"
            if reason.about in _RUNS
            else _FAULTS.get(reason.about, reason.about)
        )
        if case.red and fault in first:
            case = carried_over(case, first[fault])
        elif case.red:
            first[fault] = case
        reasons.append(case)
    slices = [_slice(audit, item) for item in (audit.baseline.slices if audit.baseline is not None else [])]
    whole = first.get("difference")
    if whole is not None:
        slices = [carried_over(case, whole) if case.red else case for case in slices]
    return [*reasons, *runs, *slices]


def _reason(audit: SeedAudit, reason: ReasonRecord) -> Case:
    """A test that shows a difference speaks against the candidate; of everything else, what does not hold."""
    against = reason.holds if reason.about in _TESTS else not reason.holds
    name = reason.about.replace("_", " ")
    if not against:
        return Case("reasons", name)
    if audit.verdict == "inconclusive":
        return Case("reasons", name, "skipped", f"not shown: {reason_sentence(reason, units.form_of(audit))}")
    return Case("reasons", name, _red(audit, "failure"), reason_sentence(reason, units.form_of(audit)))


def _run(audit: SeedAudit, run: RunRecord) -> Case:
    group = f"runs.{run.arm}"
    if run.standing == "kept":
        return Case(group, run.name)
    if run.standing == "left_out":
        return Case(group, run.name, "skipped", run.reason)
    return Case(group, run.name, _red(audit, "failure" if run.standing == "failed" else "error"), run.reason)


def _slice(audit: SeedAudit, item: SliceDifferenceRecord) -> Case:
    name = item.slice
    if item.differs is None:
        why = "it needs two examples with a label, and two runs an arm"
        if item.difference is None:
            why = "none of its examples has a label"
        return Case("slices", name, "skipped", f"not measured: {why}")
    p = units.p_value(item.p_holm)
    if item.differs:
        return Case("slices", name, _red(audit, "failure"), f"the arms differ in it (p = {p} after Holm)")
    if item.apart:
        phrase = f"it differs by itself (p = {p} after Holm), and the arms as a whole are not shown to"
        return Case("slices", name, _red(audit, "failure"), phrase)
    return Case("slices", name)


def _red(audit: SeedAudit, outcome: str) -> str:
    return outcome if audit.exit_code else "skipped"
