"""The JUnit file: red exactly where the exit code is not 0, and XML whatever the text."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.records.audit import Audit
from parity.records.provenance import Provenance
from parity_reports.formats.junit import render
from parity_reports.text.visible import visible
from tests.audit_parts import tensor_stage
from tests.audits import AUDITS
from tests.gold_files import assert_gold
from tests.hostile_audits import XSS_CORPUS, with_text
from tests.junit_schema import assert_junit_schema

every_audit = pytest.mark.parametrize("record", AUDITS.values(), ids=AUDITS.keys())


def _cases(record: Audit) -> dict[tuple[str, str], str]:
    """The outcome of each case, by its class and name."""
    root = ElementTree.fromstring(render(record))
    return {
        (case.attrib["classname"], case.attrib["name"]): next(
            (child.tag for child in case if child.tag != "system-out"), "passed"
        )
        for case in root.iter("testcase")
    }


@pytest.mark.parametrize("name", AUDITS)
def test_the_file_is_the_one_last_looked_at(name: str) -> None:
    assert_gold(f"reports/{name}.xml", render(AUDITS[name]))


@every_audit
def test_it_is_red_exactly_where_the_exit_code_is_not_zero(record: Audit) -> None:
    red = {"failure", "error"} & set(_cases(record).values())
    assert bool(red) == (record.exit_code != 0)


@every_audit
def test_the_counts_are_those_of_the_cases(record: Audit) -> None:
    suite = ElementTree.fromstring(render(record))[0]
    outcomes = list(_cases(record).values())
    assert [
        len(list(suite.iter("testcase"))),
        outcomes.count("failure"),
        outcomes.count("error"),
        outcomes.count("skipped"),
    ] == [int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")]


def test_a_divergent_stage_is_a_failure_in_its_pass() -> None:
    cases = _cases(AUDITS["divergent_at_tokens"])
    assert "failure" == cases["parity.stages.own", "text"]
    assert "passed" == cases["parity.stages.same_ids", "layer.0"]


@pytest.mark.parametrize("name", ["divergent_at_layer", "divergent_at_tokens", "float64_only"])
def test_one_fault_is_one_failure_at_the_first_stage_that_differs(name: str) -> None:
    first = AUDITS[name].first_divergence
    assert first is not None
    cases = _cases(AUDITS[name])
    assert [(f"parity.stages.{first.pass_}", first.stage)] == [
        place for place, outcome in cases.items() if outcome in ("failure", "error")
    ]


def test_what_differs_after_it_is_skipped_as_carried_over() -> None:
    cases = _cases(AUDITS["divergent_at_layer"])
    assert "skipped" == cases["parity.stages.own", "layer.3"]
    assert "skipped" == cases["parity.stages.same_ids", "layer.2"]
    assert "skipped" == cases["parity.decisions", "decisions"]
    assert "skipped" == cases["parity.verdict", "verdict"]
    text = render(AUDITS["divergent_at_layer"])
    assert "carried over from layer.2 (stages.own): relative L2 5.2e-05" in text


def test_parting_in_the_ids_and_on_the_same_ids_are_two_faults() -> None:
    at_tokens = AUDITS["divergent_at_tokens"]
    inside = [
        tensor_stage(record.stage, "same_ids", 400.0)
        if record.pass_ == "same_ids" and record.stage in ("layer.2", "layer.3", "pooled", "logits")
        else record
        for record in at_tokens.stages
    ]
    cases = _cases(msgspec.structs.replace(at_tokens, stages=inside))
    assert [("parity.stages.own", "text"), ("parity.stages.same_ids", "layer.2")] == [
        place for place, outcome in cases.items() if outcome in ("failure", "error")
    ]


def test_where_the_decisions_are_judged_the_failure_is_there() -> None:
    divergent = AUDITS["divergent_at_layer"]
    policy = msgspec.structs.replace(divergent.policy, name="decisions", flip_rate=0.01)
    cases = _cases(msgspec.structs.replace(divergent, policy=policy))
    assert [("parity.decisions", "decisions")] == [
        place for place, outcome in cases.items() if outcome in ("failure", "error")
    ]


def test_what_was_not_compared_for_one_reason_is_one_error() -> None:
    audit = AUDITS["not_comparable"]
    item = next(item for item in audit.not_compared if item.side == "candidate")
    more = [msgspec.structs.replace(item, stage=f"layer.{number}") for number in (6, 7)]
    before = [outcome for outcome in _cases(audit).values() if outcome == "error"]
    after = _cases(msgspec.structs.replace(audit, not_compared=[*audit.not_compared, *more]))
    assert before == [outcome for outcome in after.values() if outcome == "error"]
    assert "skipped" == after["parity.not_compared", "layer.7 (candidate)"]


@every_audit
def test_the_document_is_what_the_schema_of_ci_systems_allows(record: Audit) -> None:
    assert_junit_schema(render(record))


def test_the_time_is_that_of_the_audit() -> None:
    audit = AUDITS["divergent_at_layer"]
    suite = ElementTree.fromstring(render(audit))[0]
    assert f"{audit.provenance.seconds:.3f}" == suite.attrib["time"]
    assert "2026-11-21T01:30:00" == suite.attrib["timestamp"]
    verdict = next(suite.iter("testcase"))
    assert suite.attrib["time"] == verdict.attrib["time"]


@pytest.mark.parametrize("started", ["yesterday", "", "7"])
@pytest.mark.parametrize("seconds", [None, float("nan"), -1.0])
def test_a_start_that_is_no_time_is_no_timestamp(started: str, seconds: float | None) -> None:
    provenance = Provenance(started=started, seconds=seconds)
    suite = ElementTree.fromstring(render(msgspec.structs.replace(AUDITS["parity"], provenance=provenance)))[
        0
    ]
    assert "timestamp" not in suite.attrib
    assert "0.000" == suite.attrib["time"]


def test_what_was_not_compared_is_an_error_only_where_it_counts() -> None:
    cases = _cases(AUDITS["not_comparable"])
    assert "error" == cases["parity.stages.own", "layer.1"]
    assert "error" == cases["parity.not_compared", "layer.5 (candidate)"]
    assert "skipped" == cases["parity.not_compared", "module.dropout (reference)"]


def test_what_the_policy_accepts_is_skipped_and_says_so() -> None:
    cases = _cases(AUDITS["equivalent"])
    assert "skipped" == cases["parity.stages.own", "embeddings"]
    assert "accepted by the policy decisions" in render(AUDITS["equivalent"])


def test_what_a_limit_permits_is_skipped_with_its_limit() -> None:
    assert "skipped" == _cases(AUDITS["within_limit"])["parity.stages.own", "embeddings"]
    said = render(AUDITS["within_limit"])
    assert "not explained by rounding, and within its limit: relative L2 4.8e-03" in said


def test_an_inconclusive_verdict_is_one_error_and_no_stage_is_to_blame() -> None:
    cases = _cases(AUDITS["inconclusive"])
    red = [name for name, outcome in cases.items() if outcome in ("failure", "error")]
    assert [("parity.verdict", "verdict")] == red
    assert "error" == cases["parity.verdict", "verdict"]
    accepted = msgspec.structs.replace(AUDITS["inconclusive"], exit_code=0)
    assert "skipped" == _cases(accepted)["parity.verdict", "verdict"]


def test_an_excluded_stage_that_differs_is_skipped_and_shown() -> None:
    assert "skipped" == _cases(AUDITS["ignored"])["parity.stages.own", "pooled"]
    assert "does not count, it was excluded: relative L2 1.2e-03" in render(AUDITS["ignored"])


def test_an_audit_of_nothing_is_not_green() -> None:
    assert "error" == _cases(AUDITS["nothing"])["parity.verdict", "verdict"]


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.sampled_from(XSS_CORPUS), st.text(st.characters(codec=None), min_size=1)))
def test_any_text_gives_xml_that_says_it(text: str) -> None:
    document = render(with_text(text))
    root = ElementTree.fromstring(document.encode())
    properties = {item.attrib["name"]: item.attrib["value"] for item in root.iter("property")}
    assert visible(text) == properties["command"]
    said = next(root.iter("failure")).text
    assert said is not None
    assert said.startswith(visible(text))
