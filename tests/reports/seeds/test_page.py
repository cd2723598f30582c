"""The reports of a seed audit: complete for every audit there can be, deaf to its data, red exactly where the exit code is."""

from __future__ import annotations

import io
import re
from collections import Counter
from importlib.metadata import entry_points
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from parity.records.runs import FactorRecord, FaultRecord, IntegrityRecord
from parity.records.seed_audit import SeedAudit, SeedFinding
from parity_reports import print_summary, render_html, render_junit, render_markdown
from parity_reports.formats.html import LARGEST
from parity_reports.text.visible import visible
from tests.dom import Element, parse_page
from tests.gold_files import assert_gold
from tests.hostile_audits import XSS_CORPUS
from tests.junit_schema import assert_junit_schema
from tests.seed_audits import SEED_AUDITS, with_many_runs, with_seed_text

SECTIONS = [
    "verdict",
    "metrics",
    "agreement",
    "variance",
    "layers",
    "calibration",
    "baseline",
    "needed",
    "integrity",
    "ran",
    "limits",
    "again",
]
every_audit = pytest.mark.parametrize("record", SEED_AUDITS.values(), ids=SEED_AUDITS.keys())


def _shape(page: Element) -> list[tuple[str, tuple[str, ...]]]:
    """Every element outside of figures with the names of its attributes: what text must never change."""
    return [(element.tag, tuple(element.attributes)) for element in page.walk()]


def _plain(record: SeedAudit) -> str:
    stream = io.StringIO()
    print_summary(record, Console(file=stream, width=100))
    return stream.getvalue()


def _coloured(record: SeedAudit, width: int) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=True, color_system="truecolor", legacy_windows=False
    )
    print_summary(record, console)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


def _first_screen(record: SeedAudit) -> str:
    return parse_page(render_html(record)).find("section")[0].text


def _cases(record: SeedAudit) -> dict[tuple[str, str], str]:
    root = ElementTree.fromstring(render_junit(record))
    return {
        (case.attrib["classname"], case.attrib["name"]): next((child.tag for child in case), "passed")
        for case in root.iter("testcase")
    }


def test_one_format_serves_both_kinds_of_audit() -> None:
    groups = [entry_points(group=name) for name in ("parity.reports", "parity.seed_reports")]
    pairs, seeds = ({entry.name: entry.value for entry in group} for group in groups)
    assert pairs == seeds


def test_every_report_is_met_by_its_entry_point() -> None:
    reports = {entry.name: entry for entry in entry_points(group="parity.seed_reports")}
    if not reports:
        pytest.skip("parity is not installed here")
    assert {"report.html", "summary.md", "junit.xml"} <= set(reports)
    assert all("unstable" in entry.load()(SEED_AUDITS["unstable"]).lower() for entry in reports.values())


@pytest.mark.parametrize("name", ["unstable", "grid", "different", "nothing_kept", "hostile"])
def test_the_page_is_the_one_last_looked_at(name: str) -> None:
    page = re.sub(r"<style>.*?</style>", "<style></style>", render_html(SEED_AUDITS[name]), flags=re.DOTALL)
    assert_gold(f"seeds/{name}.html", re.sub(r"sha256-[\w+/=]+", "sha256-", page))


@pytest.mark.parametrize("name", SEED_AUDITS)
def test_the_summary_is_the_one_last_looked_at(name: str) -> None:
    assert_gold(f"seeds/{name}.md", render_markdown(SEED_AUDITS[name]))


@pytest.mark.parametrize("name", SEED_AUDITS)
def test_the_junit_file_is_the_one_last_looked_at(name: str) -> None:
    assert_gold(f"seeds/{name}.xml", render_junit(SEED_AUDITS[name]))


@pytest.mark.parametrize("name", SEED_AUDITS)
def test_the_plain_terminal_text_is_the_one_last_looked_at(name: str) -> None:
    assert_gold(f"seeds/{name}.txt", _plain(SEED_AUDITS[name]))


@every_audit
def test_an_audit_that_was_written_and_read_again_is_rendered_the_same(record: SeedAudit) -> None:
    if record is SEED_AUDITS["hostile"]:
        pytest.skip("a lone surrogate cannot be written as JSON")
    again = msgspec.json.decode(msgspec.json.encode(record), type=SeedAudit)
    assert render_html(record) == render_html(again)


@every_audit
def test_every_page_has_every_section_and_each_says_something(record: SeedAudit) -> None:
    sections = parse_page(render_html(record)).find("section")
    assert SECTIONS == [section.attributes["id"] for section in sections]
    for section in sections:
        said = "".join(
            child.text for child in section.children if isinstance(child, Element) and child.tag != "h2"
        )
        assert said.strip(), section.attributes["id"]


@every_audit
def test_the_first_screen_asks_the_four_questions(record: SeedAudit) -> None:
    first = parse_page(render_html(record)).find("section")[0]
    inside = (
        "Is the difference inside seed noise?" if len(record.arms) > 1 else "Is the spread inside the limits?"
    )
    expected = [inside, "How big is it?", "Where does it come from?", "What next?"]
    assert expected == [term.text for term in first.find("dt")]
    assert all(answer.text.strip() for answer in first.find("dd"))


@every_audit
def test_no_report_shows_a_value_of_python(record: SeedAudit) -> None:
    page = re.sub(r"<style>.*?</style>", "", render_html(record), flags=re.DOTALL)
    for said in (page, render_markdown(record), render_junit(record), _plain(record)):
        assert not re.search(r"\bNone\b|\bnan\b|\{'|Bounds\(|Estimate\(", said)


@every_audit
def test_the_page_needs_nothing_but_itself(record: SeedAudit) -> None:
    page = parse_page(render_html(record))
    assert [] == [
        element.tag
        for tag in ("script", "link", "img", "iframe", "object", "form", "base")
        for element in page.find(tag)
    ]
    for element in page.walk():
        for name, value in element.attributes.items():
            assert not name.startswith("on"), f"{element.tag} {name}"
            assert name not in ("style", "src", "srcset", "action", "srcdoc")
            assert name != "href" or (value or "").startswith("#")


@every_audit
def test_every_link_leads_to_a_section(record: SeedAudit) -> None:
    page = parse_page(render_html(record))
    identifiers = Counter(element.attributes["id"] for element in page.walk() if "id" in element.attributes)
    assert [] == [name for name, number in identifiers.items() if number > 1]
    targets = {(link.attributes["href"] or "").removeprefix("#") for link in page.find("a")}
    assert set() == targets - set(identifiers)


@every_audit
def test_every_figure_is_xml_with_presentation_attributes_only(record: SeedAudit) -> None:
    for figure in re.findall(r"<svg.*?</svg>", render_html(record), flags=re.DOTALL):
        root = ElementTree.fromstring(figure)
        assert root.get("role") == "img" and root.get("aria-label")
        assert [] == [
            element.tag for element in root.iter() if "style" in element.attrib or element.tag == "style"
        ]


@pytest.mark.parametrize("text", XSS_CORPUS)
def test_hostile_text_changes_no_element_and_no_attribute(text: str) -> None:
    # One sentence on both sides: a headline of several has a paragraph more.
    flat = text.replace(". ", " ")
    assert _shape(parse_page(render_html(with_seed_text("x")))) == _shape(
        parse_page(render_html(with_seed_text(flat)))
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(codec=None), min_size=1, max_size=40))
def test_any_text_is_shown_in_every_report(text: str) -> None:
    record = with_seed_text(text)
    shown = visible(text)
    assert shown == parse_page(render_html(record)).find("pre")[0].text
    root = ElementTree.fromstring(render_junit(record).encode())
    properties = {item.attrib["name"]: item.attrib["value"] for item in root.iter("property")}
    assert shown == properties["command"]
    assert [] == re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", _coloured(record, 80))


@pytest.mark.parametrize("text", XSS_CORPUS)
def test_hostile_text_adds_no_column_to_the_summary(text: str) -> None:
    def columns(summary: str) -> list[int]:
        return [len(re.findall(r"(?<!\\)\|", line)) for line in summary.splitlines() if line.startswith("|")]

    assert columns(render_markdown(with_seed_text("x"))) == columns(render_markdown(with_seed_text(text)))


@pytest.mark.parametrize("width", [20, 40, 200])
def test_every_width_of_terminal_is_met(width: int) -> None:
    assert width >= max(len(line) for line in _coloured(SEED_AUDITS["different"], width).splitlines())


def test_one_fault_is_one_failure_and_the_rest_is_carried_over() -> None:
    root = ElementTree.fromstring(render_junit(SEED_AUDITS["unstable"]))
    outcomes = {case.attrib["name"]: [child.tag for child in case] for case in root.iter("testcase")}
    assert {
        "verdict": ["skipped"],
        "new run": ["failure"],
        "new run low": ["skipped"],
        "churn high": ["failure"],
        "churn low": ["skipped"],
    } == {name: found for name, found in outcomes.items() if found}


def test_a_run_that_failed_is_the_failure_and_its_count_is_carried_over() -> None:
    root = ElementTree.fromstring(render_junit(SEED_AUDITS["nothing_kept"]))
    outcomes = {case.attrib["name"]: [child.tag for child in case] for case in root.iter("testcase")}
    assert {
        "verdict": ["skipped"],
        "failed runs": ["skipped"],
        "missing runs": ["skipped"],
        "seed 1": ["failure"],
        "seed 2": ["error"],
    } == outcomes


@every_audit
def test_the_junit_file_is_what_the_schema_of_ci_systems_allows(record: SeedAudit) -> None:
    assert_junit_schema(render_junit(record))


@every_audit
def test_junit_is_red_exactly_where_the_exit_code_is_not_zero(record: SeedAudit) -> None:
    red = {"failure", "error"} & set(_cases(record).values())
    assert bool(red) == (record.exit_code != 0)


def test_a_repeat_that_is_left_out_turns_nothing_red() -> None:
    assert "skipped" == _cases(SEED_AUDITS["grid"])["parity.runs.candidate", "init 1, order 1, repeat 2"]


def test_a_failed_run_is_a_failure_and_a_lost_one_an_error() -> None:
    cases = _cases(SEED_AUDITS["nothing_kept"])
    assert ["failure", "error"] == [cases["parity.runs.candidate", name] for name in ("seed 1", "seed 2")]


def test_a_difference_inside_the_margin_is_said_and_not_red() -> None:
    record = SEED_AUDITS["inside_margin"]
    assert "Different, but inside the margin" in _first_screen(record)
    assert "skipped" == _cases(record)["parity.reasons", "difference"]


def against(change: dict[str, object]) -> SeedAudit:
    """Two arms that are alike, and what is changed of the test of their decisions."""
    record = SEED_AUDITS["equivalent"]
    assert record.baseline is not None and record.baseline.excess_churn is not None
    excess = msgspec.structs.replace(record.baseline.excess_churn, **change)
    return msgspec.structs.replace(
        record, baseline=msgspec.structs.replace(record.baseline, excess_churn=excess)
    )


def test_what_is_not_shown_is_never_told_as_none() -> None:
    first = _first_screen(SEED_AUDITS["equivalent"])
    assert "Not shown to differ by more than seeds explain" in first
    assert "No slice is shown to differ by itself." in first
    few = _first_screen(against({"p": 0.1, "least_p": 0.1}))
    assert "Too few runs to know" in few and "So few runs cannot give a p below 0.1" in few


def test_arms_that_differ_in_what_they_decide_alone_lead_to_those_decisions() -> None:
    record = SEED_AUDITS["different"]
    reasons = [
        msgspec.structs.replace(reason, holds=reason.about == "permutation")
        for reason in record.reasons
        if reason.about in {"difference", "permutation"}
    ]
    first = _first_screen(msgspec.structs.replace(record, reasons=reasons))
    assert "Look at the decisions that differ" in first


def test_a_seed_that_the_runs_records_say_changed_nothing_is_marked() -> None:
    found = IntegrityRecord(
        factors=[FactorRecord(name="init_seed", values=5, alone=0, changed=0)],
        faults=[FaultRecord(kind="seed_without_effect", factors=["init_seed"], hidden=True)],
    )
    record = msgspec.structs.replace(SEED_AUDITS["unstable"], integrity={"candidate": found})
    assert "changed nothing, as recorded" in render_html(record)


def test_names_are_said_as_they_are_written() -> None:
    record = msgspec.structs.replace(SEED_AUDITS["unstable"], headline="r1.npz is lost. There is more.")
    assert "r1.npz is lost." in _first_screen(record) and "R1.npz" not in _first_screen(record)


def test_one_more_finding_prevents_and_two_more_prevent() -> None:
    record = SEED_AUDITS["unstable"]
    barring = SeedFinding(kind="lost_run", sentence="A run is lost.", runs=[], severity="bars")
    for count, said in (
        (4, "1 more finding prevents a conclusion."),
        (5, "2 more findings prevent a conclusion."),
    ):
        assert said in _plain(msgspec.structs.replace(record, findings=[barring] * count))


def test_sources_whose_intervals_overlap_are_not_ranked() -> None:
    assert "Not ranked yet" in _first_screen(SEED_AUDITS["grid"])


def test_a_seed_that_did_nothing_is_the_next_step() -> None:
    first = _first_screen(SEED_AUDITS["grid"])
    assert "Connect the seed that has no effect" in first and "order_seed changed nothing" in first


def test_flip_noise_stands_beside_the_seeds_own_spread() -> None:
    expected = "Of the SD, 2.0 points comes from the seeds and 1.5 points from flips on 300 examples alone (p = 0.011)."
    assert expected in _first_screen(SEED_AUDITS["unstable"])


def test_equal_seeds_stand_side_by_side_in_the_matrix() -> None:
    page = render_html(SEED_AUDITS["grid"])
    names = re.findall(r">(i\d o\d)</text>", page)
    assert ["i1 o1", "i1 o2", "i2 o1", "i2 o2"] == list(dict.fromkeys(names))


def test_a_large_audit_stays_under_the_size_budget_and_says_what_is_left_out() -> None:
    page = render_html(with_many_runs())
    assert len(page.encode()) < LARGEST
    assert "more are in <code>audit.json</code>" in page
