"""The Markdown summary: short, and its data is data."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_reports.formats.markdown import code, escaped, render
from parity_reports.text.visible import visible
from tests.audits import AUDITS
from tests.gold_files import assert_gold
from tests.hostile_audits import XSS_CORPUS, with_text, with_volume

SPAN = re.compile(r"(`+)(.+?)(?<!`)\1(?!`)")


@pytest.mark.parametrize("name", AUDITS)
def test_the_summary_is_the_one_last_looked_at(name: str) -> None:
    assert_gold(f"reports/{name}.md", render(AUDITS[name]))


@given(st.text(st.characters(codec=None), min_size=1))
def test_a_code_span_holds_any_text(text: str) -> None:
    span = code(text)
    match = SPAN.fullmatch(span)
    assert match is not None
    inner = match.group(2)
    if inner[0] == inner[-1] == " " and inner.strip():
        inner = inner[1:-1]  # CommonMark: one space is taken from both ends
    assert visible(text).strip() == inner.strip()


@given(st.text(st.characters(codec=None)))
def test_an_escaped_sentence_has_no_bare_markup(text: str) -> None:
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped(text).replace("@<!---->", ""))
    assert not re.search(r"[`*_\[\]<>|~#&]", bare)
    assert "://" not in bare


@pytest.mark.parametrize("text", XSS_CORPUS)
def test_hostile_text_adds_no_line_and_no_column(text: str) -> None:
    def columns(summary: str) -> list[int]:
        return [len(re.findall(r"(?<!\\)\|", line)) for line in summary.splitlines() if line.startswith("|")]

    assert columns(render(with_text("x"))) == columns(render(with_text(text)))


def test_a_line_that_begins_like_a_list_does_not_become_one() -> None:
    assert ["\\- a", "1\\. a", "\\---", "-0.5", "1.5"] == [
        escaped(text) for text in ("- a", "1. a", "---", "-0.5", "1.5")
    ]


def test_neighbouring_stages_with_one_result_are_one_line() -> None:
    summary = render(AUDITS["divergent_at_layer"])
    assert "| `embeddings to layer.1` | within noise |" in summary
    assert "| `layer.2` **first divergence** | divergent (all 120 rows) |" in summary


def test_a_large_audit_gives_a_summary_that_fits_a_comment() -> None:
    assert len(render(with_volume())) < 65_000
