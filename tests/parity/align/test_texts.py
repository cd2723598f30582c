"""By what two normalised texts differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.align.texts import text_change


@pytest.mark.parametrize(
    ("reference", "candidate", "expected"),
    [
        ("Hello", "hello", "lowercase"),
        ("Café", "cafe", "lowercase"),
        ("café", "cafe", "accents"),
        ("caf\u00e9", "cafe\u0301", "unicode"),
        ("ﬁne", "fine", "unicode"),
        (" a  b", "a b", "whitespace"),
        ("a\u200bb", "a b", "whitespace"),
        ("red", "blue", "other"),
    ],
)
def test_the_mildest_rule_that_makes_them_equal_is_named(
    reference: str, candidate: str, expected: str
) -> None:
    assert expected == text_change(reference, candidate)


@given(st.text())
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert text_change(text, text) is None


@given(st.text(), st.text())
def test_two_texts_that_differ_are_always_said_to(reference: str, candidate: str) -> None:
    assert (reference == candidate) == (text_change(reference, candidate) is None)
