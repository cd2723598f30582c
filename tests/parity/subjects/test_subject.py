"""Subjects: `scheme:locator@interpreter?option=value`, read and printed back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.errors import SubjectError
from parity.subjects.subject import Subject, parse_subject

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
_SCHEMES = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
_OPTIONS = st.lists(
    st.tuples(_TEXT, st.text(st.characters(exclude_categories=["Cs"]))), unique_by=lambda pair: pair[0]
)


@given(st.builds(Subject, _SCHEMES, _TEXT, st.none() | _TEXT, _OPTIONS.map(tuple)))
def test_what_is_printed_is_read_back_the_same(subject: Subject) -> None:
    assert subject == parse_subject(str(subject))


@pytest.mark.parametrize(
    "text",
    [
        "hf:./m",
        "hf:user/model@/envs/old/bin/python",
        "hf:C:/m?dtype=float32&attn=eager",
        "allennlp:a b.tar.gz?include=x",
    ],
)
def test_what_a_user_types_is_printed_as_it_was(text: str) -> None:
    assert text == str(parse_subject(text))


def test_an_option_is_found_by_its_name() -> None:
    subject = parse_subject("hf:./m?dtype=float32")
    assert ("float32", None) == (subject.option("dtype"), subject.option("attn"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("./model", "does not begin with a scheme"),
        ("", "does not begin with a scheme"),
        ("hf:", "names nothing after hf:"),
        ("hf:@/bin/python", "names nothing after hf:"),
        ("hf:./m@", "an @ without an interpreter"),
        ("hf:./m?", "instead of an option"),
        ("hf:./m?dtype", "instead of an option"),
        ("hf:./m?=3", "instead of an option"),
        ("hf:./m?a=1&a=2", "'a' twice"),
    ],
)
def test_what_is_no_subject_is_refused_with_the_reason_and_a_next_step(text: str, reason: str) -> None:
    with pytest.raises(SubjectError) as caught:
        parse_subject(text)
    assert reason in caught.value.sentence
    assert caught.value.next_step
