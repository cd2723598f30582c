"""Hidden characters are shown, the rest is left alone."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_reports.text.visible import markup, spans, visible

SEEN_FORMAT_CHARACTERS = set(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
) | {chr(code) for code in range(0x13430, 0x13440)}


def test_every_control_format_separator_and_surrogate_is_shown_by_its_number() -> None:
    unseen = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"} and character != " "
    ]
    left = {character for character in unseen if visible(character, exact=True) == character}
    assert SEEN_FORMAT_CHARACTERS >= left


def test_letters_marks_digits_and_signs_are_left_alone() -> None:
    hidden_marks = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
        chr(code) for code in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
    }
    wrong = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(character)[0] in "LMNPS"
        and character not in hidden_marks
        and visible(character) != character
    ]
    assert [] == wrong


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\r\n\t", "⟨U+000D⟩⟨U+000A⟩⟨U+0009⟩"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("é\u200d\u200d", "é\u200d⟨U+200D⟩"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
    ],
)
def test_a_joiner_that_belongs_to_the_writing_stays_in_prose(text: str, shown: str) -> None:
    assert shown == visible(text)


def test_in_a_token_joiners_are_shown_too() -> None:
    assert "👩⟨U+200D⟩👧" == visible("👩\u200d👧", exact=True)


@given(st.text(st.characters(codec=None)))
def test_what_is_shown_can_be_written_as_utf_8_and_has_no_line_breaks(text: str) -> None:
    shown = visible(text)
    assert 1 >= len(shown.splitlines())
    assert shown == shown.encode().decode()


@given(st.text(st.characters(codec=None)))
def test_spans_cover_the_text_in_order(text: str) -> None:
    def original(shown: str, hidden: bool) -> str:
        return chr(int(shown[3:-1], 16)) if hidden else shown

    assert text == "".join(original(*span) for span in spans(text))


def test_the_chip_in_a_page_has_the_same_text() -> None:
    assert '&lt;<span class="cc">⟨U+202E⟩</span>&amp;' == markup("<\u202e&")
