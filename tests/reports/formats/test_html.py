"""The page: complete, self-contained, and deaf to what its data would like to be."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from parity.records.audit import Audit
from parity_reports.formats.html import LARGEST, render
from parity_reports.text.visible import visible
from tests.audit_parts import audit, decisions
from tests.audits import AUDITS
from tests.dom import Element, parse_page
from tests.gold_files import assert_gold
from tests.hostile_audits import XSS_CORPUS, with_text, with_volume

SECTIONS = [
    "verdict",
    "stages",
    "findings",
    "predictions",
    "tokens",
    "not-compared",
    "compared",
    "noise",
    "limits",
    "again",
]
every_audit = pytest.mark.parametrize("record", AUDITS.values(), ids=AUDITS.keys())


def _shape(page: Element) -> list[tuple[str, tuple[str, ...]]]:
    """Every element with the names of its attributes: what text must never change."""
    return [(element.tag, tuple(element.attributes)) for element in page.walk()]


def _without_style(page: str) -> str:
    page = re.sub(r"<style>.*?</style>", "<style></style>", page, flags=re.DOTALL)
    return re.sub(r"sha256-[\w+/=]+", "sha256-", page)


@pytest.mark.parametrize(
    "name", ["divergent_at_layer", "divergent_at_tokens", "outputs_only", "nothing", "hostile"]
)
def test_the_page_is_the_one_last_looked_at(name: str) -> None:
    assert_gold(f"reports/{name}.html", _without_style(render(AUDITS[name])))


@every_audit
def test_the_same_audit_gives_the_same_bytes(record: Audit) -> None:
    assert render(record) == render(record)


@every_audit
def test_every_page_has_every_section_and_each_says_something(record: Audit) -> None:
    sections = parse_page(render(record)).find("section")
    assert SECTIONS == [section.attributes["id"] for section in sections]
    for section in sections:
        said = "".join(
            child.text for child in section.children if isinstance(child, Element) and child.tag != "h2"
        )
        assert said.strip(), section.attributes["id"]


@every_audit
def test_the_first_screen_asks_the_four_questions(record: Audit) -> None:
    first = parse_page(render(record)).find("section")[0]
    questions = [term.text for term in first.find("dt")]
    assert ["Where does it start?", "Why?", "Does it matter?", "What next?"] == questions
    assert all(answer.text.strip() for answer in first.find("dd"))


@every_audit
def test_the_page_needs_nothing_but_itself(record: Audit) -> None:
    page = parse_page(render(record))
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
def test_every_link_leads_to_a_section(record: Audit) -> None:
    page = parse_page(render(record))
    identifiers = Counter(element.attributes["id"] for element in page.walk() if "id" in element.attributes)
    assert [] == [name for name, number in identifiers.items() if number > 1]
    targets = {(link.attributes["href"] or "").removeprefix("#") for link in page.find("a")}
    assert set() == targets - set(identifiers)


def test_the_policy_of_the_page_allows_its_own_style_and_nothing_else() -> None:
    page = render(AUDITS["parity"])
    style = parse_page(page).find("style")[0].text
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        parse_page(page).find("meta", lambda meta: "http-equiv" in meta.attributes)[0].attributes["content"]
    )
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" == policy


@every_audit
def test_every_figure_is_xml_with_presentation_attributes_only(record: Audit) -> None:
    figures = re.findall(r"<svg.*?</svg>", render(record), flags=re.DOTALL)
    for figure in figures:
        root = ElementTree.fromstring(figure)
        assert root.get("role") == "img" and root.get("aria-label")
        assert [] == [
            element.tag for element in root.iter() if "style" in element.attrib or element.tag == "style"
        ]


@pytest.mark.parametrize("text", XSS_CORPUS)
def test_hostile_text_changes_no_element_and_no_attribute(text: str) -> None:
    assert _shape(parse_page(render(with_text("x")))) == _shape(parse_page(render(with_text(text))))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(codec=None), min_size=1, max_size=60))
def test_any_text_is_shown_and_is_only_text(text: str) -> None:
    assume(
        text not in {"a", "b", "class", "nested", "list", "table", "pure"}
        and not text.lower().startswith("divergent")
    )
    page = parse_page(render(with_text(text)))
    assert _shape(parse_page(render(with_text("x")))) == _shape(page)
    shown = visible(text)
    assert f"Divergent. {shown}" == page.find("h1")[0].text
    assert shown == page.find("pre")[0].text
    assert f"parity: divergent: {shown} and {shown}!" == page.find("title")[0].text
    assert shown == page.find("td", lambda cell: cell.attributes.get("class") == "txt")[0].text
    assert (
        visible(text, exact=True)
        == page.find("code", lambda code: code.attributes.get("class") == "piece")[0].text
    )
    assert f"{shown} {shown}" == page.find("p", lambda line: line.attributes.get("class") == "sample")[0].text


def test_a_large_audit_stays_under_the_size_budget() -> None:
    assert len(render(with_volume()).encode()) < LARGEST


def test_an_audit_of_nothing_but_hidden_characters_stays_under_the_size_budget_and_says_what_is_left_out() -> (
    None
):
    page = render(with_volume("\u202e" * 2000))
    assert len(page.encode()) < LARGEST
    assert "more that differ are in <code>audit.json</code>" in page


def test_a_hundred_flips_are_all_listed() -> None:
    flips = decisions(100, 10_000)
    page = parse_page(render(audit(decisions=flips)))
    assert 100 == len(page.find("td", lambda cell: cell.attributes.get("class") == "txt"))


def test_built_in_probes_are_said_on_the_first_screen() -> None:
    first = parse_page(render(AUDITS["equivalent"])).find("section")[0]
    assert "built-in probe texts" in first.text


def test_numbers_are_said_with_value_place_and_permission() -> None:
    first = parse_page(render(AUDITS["divergent_at_layer"])).find("section")[0]
    assert "1.6e-04 at [row 4, token 7, unit 12] (up to 4e-06 is noise)" in first.text


def test_the_first_divergence_is_marked_in_the_ladder() -> None:
    marked = parse_page(render(AUDITS["divergent_at_layer"])).find(
        "tr", lambda row: row.attributes.get("class") == "hit"
    )
    assert ["Layer 2 first divergence"] == [row.find("th")[0].text for row in marked]


def test_a_difference_in_the_ids_alone_is_said_to_be_all_there_is() -> None:
    record = AUDITS["divergent_at_tokens"]
    first = parse_page(render(msgspec.structs.replace(record, findings=[]))).find("section")[0]
    assert "On the same ids the two agree everywhere" in first.text
