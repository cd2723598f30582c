"""The cases of a comparison: red exactly where the exit code is not 0.

One case is the verdict, one a stage and pass, then tokens, decisions, and what could not be compared. One fault is one failure: it is
at the first stage that differs, or at the decisions where the policy judges by them; where the two differ in what is fed to them and
differ on the same ids as well, these are two. What differs after it is skipped as carried over;
so is the verdict, which stands in full as a property and in the message of the failure. What could not be compared and counts is an
error, once for each reason. What the policy accepts, or does not count, is skipped with the reason: it stays visible and does not turn
the build red. The verdict, whose text is the findings in their order, is red itself where no other case is: an error where it is
inconclusive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parity.records.audit import Audit
from parity.records.passes_shown import passes_shown
from parity.records.stage import StageRecord
from parity.stages import INPUT_STAGES
from parity_reports.cases import Case, Suite, carried_over, run_time
from parity_reports.compare.decision_words import decision_sentence, flips_total
from parity_reports.compare.exhibits import exhibit_lines
from parity_reports.text import wording

__all__ = ["build_suite"]

_DECISIONS = ("decisions", "decisions")
_VERDICTS = {"divergent": "failure", "inconclusive": "error", "not_comparable": "error"}


def build_suite(audit: Audit) -> Suite:
    """The suite of a comparison."""
    started, seconds = run_time(audit.provenance)
    cases = [case._replace(seconds=seconds) if case.group == "verdict" else case for case in _cases(audit)]
    return Suite("parity compare", list(_properties(audit)), cases, started, seconds)


def _properties(audit: Audit) -> Iterator[tuple[str, str]]:
    yield "verdict", audit.verdict
    yield "policy", audit.policy.name
    yield "reference", audit.reference.spec
    yield "candidate", audit.candidate.spec
    yield "inputs", f"{audit.inputs.count} from {audit.inputs.source}"
    yield "inputs digest", audit.inputs.digest
    yield "command", audit.command


def _cases(audit: Audit) -> list[Case]:
    faults = _one_failure(audit, _one_error_a_reason(list(_found(audit))))
    return [_verdict(audit, faults), *faults]


def _found(audit: Audit) -> Iterator[Case]:
    """Every case but the verdict, each as if it stood alone."""
    for record in audit.stages:
        yield _stage(audit, record)
    yield _tokens(audit)
    yield _decisions(audit)
    if shown := exhibit_lines(audit):
        yield Case("exhibits", "exhibits", text="; ".join(shown))
    seen = {(record.stage, record.pass_) for record in audit.stages if record.status == "not_comparable"}
    for item in audit.not_compared:
        if (item.stage, item.pass_) in seen:
            continue
        name = f"{item.stage} ({item.side}{f', {item.pass_}' if item.pass_ else ''})"
        yield Case("not_compared", name, _missing(audit, counts=item.counts), item.reason)


def _one_failure(audit: Audit, cases: list[Case]) -> list[Case]:
    """The cases with one failure for each fault among them: all the others are carried over from it."""
    failing = [case for case in cases if case.outcome == "failure"]
    if not failing:
        return cases
    fault = next((case for case in failing if _place(case) == _fault(audit)), failing[0])
    second = _second_fault(audit, failing)
    kept: list[Case] = []
    for case in cases:
        if case is fault:
            kept.append(fault._replace(text=f"{audit.headline} {fault.text}"))
        elif case.outcome != "failure" or case is second:
            kept.append(case)
        else:
            inside = second is not None and case.group == second.group
            kept.append(carried_over(case, second if second is not None and inside else fault))
    return kept


def _second_fault(audit: Audit, failing: Sequence[Case]) -> Case | None:
    """Where the two part in what is fed to them, and on the same ids all the same: the first such stage, which is another fault."""
    first = audit.first_divergence
    if first is None or first.stage not in INPUT_STAGES or _fault(audit) == _DECISIONS:
        return None
    passes = passes_shown(audit)
    groups = {f"stages.{one.name}" for one in passes.all if passes.shared(one.name)}
    return next((case for case in failing if case.group in groups), None)


def _fault(audit: Audit) -> tuple[str, str] | None:
    """Where the failure is: at the decisions where these are what the policy judges, else where the two part first."""
    policy = audit.policy
    if (policy.flip_rate is not None or policy.probability is not None) and audit.decisions is not None:
        return _DECISIONS
    first = audit.first_divergence
    return (f"stages.{first.pass_}", first.stage) if first is not None else None


def _one_error_a_reason(cases: list[Case]) -> list[Case]:
    """The cases with the first error of each reason; what was not compared for the same reason is carried over from it."""
    first: dict[str, Case] = {}
    kept: list[Case] = []
    for case in cases:
        if case.outcome == "error" and case.message in first:
            kept.append(carried_over(case, first[case.message]))
            continue
        if case.outcome == "error":
            first[case.message] = case
        kept.append(case)
    return kept


def _place(case: Case) -> tuple[str, str]:
    return case.group, case.name


def _verdict(audit: Audit, others: Sequence[Case]) -> Case:
    """The verdict's own case: red where the exit code is not 0 and no other case is."""
    outcome, message = _VERDICTS.get(audit.verdict, "passed"), audit.headline
    fault = next((case for case in others if case.red), None)
    if fault is not None:
        outcome, message = "skipped", f"{audit.verdict}, counted at {fault.name} ({fault.group}): {message}"
    elif audit.exit_code == 0 and outcome != "passed":
        outcome = "skipped"
    found = " ".join(
        f"{number}. {finding.stage}: {finding.sentence}"
        for number, finding in enumerate(audit.findings, start=1)
    )
    return Case("verdict", "verdict", outcome, message, found)


def _stage(audit: Audit, record: StageRecord) -> Case:
    group, sentence = f"stages.{record.pass_}", _sentence(record)
    if record.status in ("equal", "within_noise"):
        return Case(group, record.stage)
    if record.ignored or record.stage in audit.policy.ignore:
        return Case(group, record.stage, "skipped", f"does not count, it was excluded: {sentence}")
    if record.status == "not_comparable":
        listed = [
            item
            for item in audit.not_compared
            if item.stage == record.stage and item.pass_ in (None, record.pass_)
        ]
        counts = any(item.counts for item in listed) or not listed
        return Case(group, record.stage, _missing(audit, counts=counts), record.reason or "not comparable")
    if record.status == "within_limit":
        return Case(
            group, record.stage, "skipped", f"not explained by rounding, and within its limit: {sentence}"
        )
    if audit.exit_code == 0:
        return Case(group, record.stage, "skipped", f"accepted by the policy {audit.policy.name}: {sentence}")
    if audit.verdict == "inconclusive":
        phrase = f"the policy {audit.policy.name} judges the decisions, and what they show is in the verdict: {sentence}"
        return Case(group, record.stage, "skipped", phrase)
    return Case(group, record.stage, "failure", sentence, _numbers(record))


def _missing(audit: Audit, *, counts: bool) -> str:
    """An error where it counts; under a verdict that holds in spite of it, it was accepted."""
    return "error" if counts and audit.exit_code != 0 else "skipped"


def _difference(audit: Audit) -> str:
    """A failure where it makes the verdict what it is; skipped where it is accepted, or where nothing is shown yet."""
    return "failure" if audit.exit_code and audit.verdict != "inconclusive" else "skipped"


def _sentence(record: StageRecord) -> str:
    if record.noise_floor is None:
        sentence = wording.differing(record.rows_beyond, record.rows, "row")
    else:
        sentence = f"{wording.relative(record)}; {wording.measured(record.stage, record.max_abs, record.max_abs_floor)}"
        if record.status == "within_limit" and record.float64_relative_l2 is not None:
            sentence += f"; {wording.float64(record)}"
    return f"{sentence}; {record.reason}" if record.reason else sentence


def _numbers(record: StageRecord) -> str:
    lines = [
        f"relative L2 {wording.number(record.relative_l2)}, allowed {wording.number(record.allowed)}",
        f"float64 relative L2 {wording.number(record.float64_relative_l2)}, allowed {wording.number(record.float64_allowed)}",
        f"rows beyond {record.rows_beyond} of {record.rows}",
        f"not finite {record.non_finite_reference} and {record.non_finite_candidate}",
    ]
    return "; ".join(lines)


def _tokens(audit: Audit) -> Case:
    tokens = audit.tokens
    if tokens.rows == 0:
        return Case("tokens", "tokens", "skipped", "no tokens were compared")
    if tokens.rows == tokens.rows_equal:
        return Case("tokens", "tokens")
    kinds = ", ".join(f"{kind} {number}" for kind, number in tokens.differences.items())
    message = f"{wording.differing(tokens.rows - tokens.rows_equal, tokens.rows, 'row')}: {kinds}"
    return Case("tokens", "tokens", _difference(audit), message)


def _decisions(audit: Audit) -> Case:
    decisions = audit.decisions
    if decisions is None or decisions.examples == 0:
        return Case("decisions", "decisions", "skipped", decision_sentence(decisions))
    if not flips_total(decisions):
        return Case("decisions", "decisions")
    flips = "; ".join(
        f"row {flip.row}: {flip.reference} became {flip.candidate}" for flip in decisions.flips[:20]
    )
    return Case(
        "decisions",
        "decisions",
        _difference(audit),
        decision_sentence(decisions),
        flips,
    )
