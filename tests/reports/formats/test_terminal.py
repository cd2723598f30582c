"""The terminal summary: plain where there is no terminal, and nothing from an input moves the cursor."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from parity.records.audit import Audit
from parity_reports.formats.terminal import print_summary
from parity_reports.text.visible import visible
from tests.audits import AUDITS
from tests.gold_files import assert_gold
from tests.hostile_audits import XSS_CORPUS, with_text


def _plain(record: Audit) -> str:
    stream = io.StringIO()
    print_summary(record, Console(file=stream, width=100))
    return stream.getvalue()


def _coloured(record: Audit, width: int = 100) -> str:
    stream = io.StringIO()
    print_summary(
        record,
        Console(
            file=stream, width=width, force_terminal=True, color_system="truecolor", legacy_windows=False
        ),
    )
    return stream.getvalue()


@pytest.mark.parametrize("name", [name for name in AUDITS if name != "hostile"])
def test_the_plain_summary_is_the_one_last_looked_at(name: str) -> None:
    assert_gold(f"reports/{name}.txt", _plain(AUDITS[name]))


@pytest.mark.parametrize("name", AUDITS)
def test_without_a_terminal_no_escape_is_written(name: str) -> None:
    assert "\x1b" not in _plain(AUDITS[name])


@pytest.mark.parametrize("text", XSS_CORPUS)
def test_rich_markup_in_an_input_is_text(text: str) -> None:
    assert visible(text) in _plain(with_text(text))


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec=None), min_size=1, max_size=40))
def test_a_terminal_gets_colours_of_ours_and_no_other_control(text: str) -> None:
    said = _coloured(with_text(text))
    without_colours = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert [] == re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", without_colours)


def test_an_output_that_knows_only_ascii_gets_ascii() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_summary(with_text("naïve \u202e 漢"), Console(file=stream))
    stream.flush()
    assert b"na\\xefve" in stream.buffer.getvalue()


def test_the_verdict_comes_first_with_place_and_permission() -> None:
    lines = _plain(AUDITS["divergent_at_layer"]).splitlines()
    assert lines[0].startswith("Divergent from layer.2 on:")
    assert any("1.6e-04 at [row 4, token 7, unit 12] (up to 4e-06 is noise)" in line for line in lines)


@pytest.mark.parametrize("width", [20, 40, 200])
def test_every_width_of_terminal_is_met(width: int) -> None:
    said = re.sub(r"\x1b\[[0-9;]*m", "", _coloured(AUDITS["divergent_at_tokens"], width))
    assert width >= max(len(line) for line in said.splitlines())
