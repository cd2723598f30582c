"""The JUnit file: red exactly where the exit code is not 0, and XML whatever the text."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.audit import Audit
from parity_reports.junit import render
from parity_reports.visible import visible
from tests.audits import AUDITS, XSS_CORPUS, with_text
from tests.gold_files import assert_gold

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
    assert "failure" == cases["parity.stages.own", "layer.0"]
    assert "passed" == cases["parity.stages.same_ids", "layer.0"]
    assert "failure" == cases["parity.tokens", "tokens"]


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
    assert visible(text) == next(root.iter("failure")).attrib["message"]
