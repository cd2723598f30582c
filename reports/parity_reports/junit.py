"""The audit as JUnit XML, which every CI system shows: red exactly where the exit code is not 0.

One case is the verdict (its text the findings, in their order), one a stage and pass, then tokens, decisions, and what could
not be compared. A divergent stage is a failure; something not comparable that counts, or a verdict that is inconclusive, an
error. What the policy accepts, or does not count, is skipped with the reason: it stays visible and does not turn the build red.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from xml.etree import ElementTree

from parity.audit import Audit, StageRecord
from parity_reports import wording
from parity_reports.predictions import decision_sentence, flips_total
from parity_reports.visible import visible

__all__ = ["Case", "document", "render"]


_VERDICTS = {"divergent": "failure", "inconclusive": "error", "not_comparable": "error"}


class Case(NamedTuple):
    """One test case; `outcome` is "passed", "failure", "error" or "skipped"; the text of a passed one is its output."""

    group: str
    name: str
    outcome: str = "passed"
    message: str = ""
    text: str = ""


def render(audit: Audit) -> str:
    """The document."""
    return document("parity compare", _properties(audit), list(_cases(audit)))


def document(name: str, facts: Iterable[tuple[str, str]], cases: Sequence[Case]) -> str:
    """One suite of cases with its properties, every text made visible: what XML cannot hold is shown by number."""
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.outcome == "failure" for case in cases)),
        "errors": str(sum(case.outcome == "error" for case in cases)),
        "skipped": str(sum(case.outcome == "skipped" for case in cases)),
    }
    root = ElementTree.Element("testsuites", {"name": "parity", **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": name, **counts})
    properties = ElementTree.SubElement(suite, "properties")
    for fact, value in facts:
        ElementTree.SubElement(properties, "property", name=fact, value=visible(value))
    for case in cases:
        element = ElementTree.SubElement(
            suite, "testcase", classname=visible(f"parity.{case.group}"), name=visible(case.name)
        )
        if case.outcome != "passed":
            ElementTree.SubElement(element, case.outcome, message=visible(case.message)).text = visible(
                case.text
            )
        elif case.text:
            ElementTree.SubElement(element, "system-out").text = visible(case.text)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _properties(audit: Audit) -> Iterator[tuple[str, str]]:
    yield "verdict", audit.verdict
    yield "policy", audit.policy.name
    yield "reference", audit.reference.spec
    yield "candidate", audit.candidate.spec
    yield "inputs", f"{audit.inputs.count} from {audit.inputs.source}"
    yield "inputs digest", audit.inputs.digest
    yield "command", audit.command


def _cases(audit: Audit) -> Iterator[Case]:
    outcome = _VERDICTS.get(audit.verdict, "passed")
    if audit.exit_code == 0 and outcome != "passed":
        outcome = "skipped"
    found = " ".join(
        f"{number}. {finding.stage}: {finding.sentence}"
        for number, finding in enumerate(audit.findings, start=1)
    )
    yield Case("verdict", "verdict", outcome, audit.headline, found)
    for record in audit.stages:
        yield _stage(audit, record)
    yield _tokens(audit)
    yield _decisions(audit)
    seen = {(record.stage, record.pass_) for record in audit.stages if record.status == "not_comparable"}
    for item in audit.not_compared:
        if (item.stage, item.pass_) in seen:
            continue
        name = f"{item.stage} ({item.side}{f', {item.pass_}' if item.pass_ else ''})"
        yield Case("not_compared", name, _missing(audit, counts=item.counts), item.reason)


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
        said = f"the policy {audit.policy.name} judges the decisions, and what they show is in the verdict: {sentence}"
        return Case(group, record.stage, "skipped", said)
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
