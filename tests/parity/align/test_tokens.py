"""Tokens: who stands beside whom, and what the difference between two encodings is called."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parity.align.edits import common_subsequence
from parity.align.padding import padding_side
from parity.align.tokens import KINDS, Edit, RowAlignment, align_row
from parity.inputs.example import Encoding

CLS, SEP = "[CLS]", "[SEP]"


def encoding(
    text: str,
    *,
    vocabulary: dict[str, int] | None = None,
    normalise: bool = True,
    width: int = 99,
    start: tuple[str, ...] = (CLS,),
    end: tuple[str, ...] = (SEP,),
    limit: int | None = None,
    keep: str = "head",
    types: tuple[int, ...] | None = None,
    offsets: bool = True,
    tells: bool = True,
) -> Encoding:
    """A row of a toy tokenizer: words of at most `width` letters a piece, `start` and `end` around the text."""
    normal = text.lower() if normalise else text
    pieces: list[str] = []
    spans: list[tuple[int, int] | None] = []
    at = 0
    for word in normal.split(" "):
        for first in range(0, len(word), width):
            part = word[first : first + width]
            pieces.append(part if first == 0 else f"##{part}")
            spans.append((at + first, at + first + len(part)))
        at += len(word) + 1
    whole = len(pieces) + len(start) + len(end)
    if limit is not None and whole > limit:
        room = limit - len(start) - len(end)
        pieces, spans = (pieces[:room], spans[:room]) if keep == "head" else (pieces[-room:], spans[-room:])
    before = len(start)
    all_pieces = [*start, *pieces, *end]
    frame = [index < before or index >= before + len(pieces) for index in range(len(all_pieces))]
    every = [*[None] * before, *spans, *[None] * len(end)] if offsets else [None] * len(all_pieces)
    words = vocabulary if vocabulary is not None else {}
    return Encoding(
        input_ids=tuple(
            words.get(piece, sum(ord(letter) << k for k, letter in enumerate(piece))) for piece in all_pieces
        ),
        pieces=tuple(all_pieces),
        offsets=tuple(every),
        segments=tuple(None if special else 0 for special in frame),
        special=tuple(frame),
        token_type_ids=types,
        normalized=normal if tells else None,
        untruncated=whole,
    )


TEXT = "The quick Brown fox jumps over thirteen lazy dogs"


def test_the_same_encoding_is_equal_and_pairs_every_token_with_itself() -> None:
    alignment = align_row(encoding(TEXT), encoding(TEXT))
    assert (True, ()) == (alignment.equal, alignment.kinds)
    assert [[i, i] for i in range(11)] == alignment.pairs.tolist()
    assert {"equal"} == {edit.op for edit in alignment.script}


def test_equal_rows_cost_microseconds() -> None:
    one, other = encoding("word " * 500), encoding("word " * 500)
    align_row(one, other)
    start = time.process_time()
    for _ in range(1000):
        align_row(one, other)
    assert time.process_time() - start < 0.5


def test_lower_casing_off_is_a_difference_of_text_alone() -> None:
    alignment = align_row(encoding(TEXT), encoding(TEXT, normalise=False))
    assert ("text",) == alignment.kinds
    assert [[i, i] for i in range(11)] == alignment.pairs.tolist()
    assert 2 == sum(edit.op == "replace" for edit in alignment.script)


def test_text_is_not_blamed_when_a_tokenizer_does_not_tell_its_normalised_text() -> None:
    assert ("pieces",) == align_row(encoding(TEXT), encoding(TEXT, normalise=False, tells=False)).kinds


def test_text_that_differs_only_behind_the_cut_is_not_blamed() -> None:
    one, other = encoding("a b c d E", limit=5), encoding("a b c d E", limit=4, normalise=False)
    assert ("truncation",) == align_row(one, other).kinds


def test_the_same_text_cut_into_other_pieces_is_a_difference_of_pieces_and_the_rest_still_pairs() -> None:
    one, other = encoding("a thirteen b"), encoding("a thirteen b", width=4)
    alignment = align_row(one, other)
    assert ("pieces",) == alignment.kinds
    assert [[0, 0], [1, 1], [3, 4], [4, 5]] == alignment.pairs.tolist()


def test_the_same_pieces_with_other_ids_are_a_difference_of_ids() -> None:
    alignment = align_row(encoding(TEXT), encoding(TEXT, vocabulary={"fox": 1, "the": 2}))
    assert ("ids",) == alignment.kinds
    assert 11 == len(alignment.pairs)


def test_a_cased_tokenizer_with_its_own_vocabulary_differs_in_text_and_in_ids() -> None:
    assert ("text", "ids") == align_row(
        encoding(TEXT), encoding(TEXT, normalise=False, vocabulary={"fox": 1})
    ).kinds


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((CLS,), ()),
        ((), (SEP,)),
        ((), ()),
        ((CLS, CLS), (SEP, SEP)),
        (("<s>",), ("</s>",)),
        ((CLS,), ("</s>",)),
    ],
    ids=["no end", "no start", "none", "doubled", "of another family", "another end"],
)
def test_missing_doubled_and_other_special_tokens_are_named_and_the_text_still_pairs(
    start: tuple[str, ...], end: tuple[str, ...]
) -> None:
    one, other = encoding("a b c"), encoding("a b c", start=start, end=end)
    for first, second in ((one, other), (other, one)):
        alignment = align_row(first, second)
        assert ("special_tokens",) == alignment.kinds
        paired = [f"{first.pieces[i]} {second.pieces[j]}" for i, j in alignment.pairs if not first.special[i]]
        assert ["a a", "b b", "c c"] == paired


def test_specials_of_the_same_role_with_other_spelling_are_paired() -> None:
    alignment = align_row(encoding("a b"), encoding("a b", start=("<s>",), end=("</s>",)))
    assert [[0, 0], [1, 1], [2, 2], [3, 3]] == alignment.pairs.tolist()


@pytest.mark.parametrize("offsets", [True, False])
def test_a_row_that_one_side_cut_shorter_differs_in_truncation_alone(offsets: bool) -> None:
    one, other = encoding(TEXT, offsets=offsets), encoding(TEXT, limit=6, offsets=offsets)
    assert ("truncation",) == align_row(one, other).kinds
    assert ("truncation",) == align_row(other, one).kinds
    assert [[0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [10, 5]] == align_row(one, other).pairs.tolist()


@pytest.mark.parametrize("offsets", [True, False])
def test_a_row_cut_to_the_same_length_at_the_other_end_differs_in_truncation(offsets: bool) -> None:
    one = encoding(TEXT, limit=7, offsets=offsets)
    other = encoding(TEXT, limit=7, keep="tail", offsets=offsets)
    assert ("truncation",) == align_row(one, other).kinds


def test_fewer_tokens_without_a_word_of_truncation_are_not_called_truncation() -> None:
    short = encoding(TEXT, limit=6)
    assert ("pieces",) == align_row(encoding(TEXT), short._replace(untruncated=len(short.input_ids))).kinds


def test_rows_cut_to_the_same_length_because_pieces_differ_are_not_blamed_on_truncation() -> None:
    one, other = (
        encoding("thirteen " * 20 + "end", limit=9),
        encoding("thirteen " * 20 + "end", limit=9, width=4),
    )
    assert ("pieces",) == align_row(one, other).kinds


def test_absent_token_types_are_all_zeros() -> None:
    assert align_row(encoding("a b"), encoding("a b", types=(0, 0, 0, 0))).equal


def test_other_token_types_are_named() -> None:
    alignment = align_row(encoding("a b"), encoding("a b", types=(0, 0, 0, 1)))
    assert (False, ("token_type_ids",)) == (alignment.equal, alignment.kinds)


def pair_row(second_separator: bool) -> Encoding:
    middle = ("</s>", "</s>") if second_separator else ("</s>",)
    pieces = ("<s>", "a", *middle, "a", "</s>")
    return Encoding(
        input_ids=tuple(len(piece) for piece in pieces),
        pieces=pieces,
        offsets=tuple((0, 1) if piece == "a" else None for piece in pieces),
        segments=tuple({1: 0, len(pieces) - 2: 1}.get(i) for i in range(len(pieces))),
        special=tuple(piece != "a" for piece in pieces),
        normalized="a",
        normalized_pair="a",
        untruncated=len(pieces),
    )


def test_text_and_pair_are_not_confused_when_a_separator_is_missing() -> None:
    alignment = align_row(pair_row(True), pair_row(False))
    assert ("special_tokens",) == alignment.kinds
    assert [1, 4] == [int(i) for i, _ in alignment.pairs if not pair_row(True).special[i]]
    assert [1, 3] == [int(j) for _, j in alignment.pairs if not pair_row(False).special[j]]


def test_a_leading_space_in_the_offsets_does_not_part_two_tokens() -> None:
    one = Encoding((1, 2), ("Ġa", "Ġb"), ((0, 1), (1, 3)), (0, 0), (False, False), untruncated=2)
    other = Encoding((3, 4), ("a", "b"), ((0, 1), (2, 3)), (0, 0), (False, False), untruncated=2)
    assert [[0, 0], [1, 1]] == align_row(one, other).pairs.tolist()


def test_several_byte_pieces_of_one_character_pair_in_order() -> None:
    one = Encoding(
        (1, 2, 3), ("ð", "Ł", "x"), ((0, 1), (0, 1), (1, 2)), (0, 0, 0), (False,) * 3, untruncated=3
    )
    other = one._replace(input_ids=(1, 2, 9), pieces=("ð", "Ł", "y"))
    assert [[0, 0], [1, 1], [2, 2]] == align_row(one, other).pairs.tolist()


def test_512_wholly_different_tokens_are_aligned_in_bounded_time() -> None:
    one = encoding(" ".join(f"w{k}" for k in range(510)), offsets=False)
    other = encoding(" ".join(f"v{k % 7}" for k in range(510)), offsets=False)
    start = time.process_time()
    align_row(one, other)
    assert time.process_time() - start < 0.25


def test_the_subsequence_is_as_long_as_a_table_finds_it() -> None:
    generator = np.random.default_rng(0)
    for _ in range(300):
        one, other = (
            [int(k) for k in generator.integers(0, 4, int(generator.integers(0, 12)))] for _ in range(2)
        )
        table = np.zeros((len(one) + 1, len(other) + 1), dtype=int)
        for i, a in enumerate(one):
            for j, b in enumerate(other):
                table[i + 1, j + 1] = table[i, j] + 1 if a == b else max(table[i, j + 1], table[i + 1, j])
        matches = common_subsequence(one, other)
        assert int(table[-1, -1]) == len(matches)
        assert all(one[i] == other[j] for i, j in matches)
        assert all(a.reference < b.reference and a.candidate < b.candidate for a, b in pairwise(matches))


words = st.text(alphabet="aAbB", min_size=1, max_size=7)
texts = st.lists(words, min_size=1, max_size=8).map(" ".join)
rows = st.fixed_dictionaries(
    {},
    optional={
        "normalise": st.booleans(),
        "width": st.integers(1, 5),
        "start": st.sampled_from([(CLS,), (), ("<s>",), (CLS, CLS)]),
        "end": st.sampled_from([(SEP,), (), ("</s>",), (SEP, SEP)]),
        "limit": st.integers(5, 9),
        "keep": st.sampled_from(["head", "tail"]),
        "offsets": st.booleans(),
        "tells": st.booleans(),
    },
)


def rebuilt(script: tuple[Edit, ...]) -> tuple[list[int], list[int]]:
    return [e.reference for e in script if e.reference is not None], [
        e.candidate for e in script if e.candidate is not None
    ]


@settings(max_examples=400, deadline=None)
@given(texts, rows, rows)
def test_every_script_rebuilds_both_sides_and_every_difference_has_a_name(
    text: str, mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    one, other = encoding(text, **mine), encoding(text, **theirs)
    alignment: RowAlignment = align_row(one, other)
    here, there = rebuilt(alignment.script)
    assert sorted(here) == list(range(len(one.input_ids)))
    assert sorted(there) == list(range(len(other.input_ids)))
    assert here == sorted(here)
    assert there == sorted(there)
    assert bool((np.diff(alignment.pairs, axis=0) > 0).all())
    equal = [(e.reference or 0, e.candidate or 0) for e in alignment.script if e.op == "equal"]
    assert all(one.input_ids[i] == other.input_ids[j] for i, j in equal)
    assert alignment.equal == (not alignment.kinds)
    assert [kind for kind in KINDS if kind in alignment.kinds] == list(alignment.kinds)


@settings(max_examples=200, deadline=None)
@given(texts, rows, rows)
@example(
    text="AA A AAA AAA A",
    mine={},
    theirs={"normalise": True, "tells": False, "offsets": False, "keep": "tail", "limit": 8, "width": 2},
)
def test_turning_the_sides_round_turns_the_kinds_into_themselves(
    text: str, mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    one, other = encoding(text, **mine), encoding(text, **theirs)
    forth, back = align_row(one, other), align_row(other, one)
    assert forth.equal == back.equal
    assert forth.kinds == back.kinds


@pytest.mark.parametrize(
    ("real", "side"),
    [
        ([[1, 1], [1, 1]], "none"),
        ([[1, 0], [1, 1]], "right"),
        ([[0, 1], [1, 1]], "left"),
        ([[0, 1], [1, 0]], "mixed"),
        ([[1, 0, 1]], "mixed"),
        ([[0, 0], [1, 0]], "right"),
        ([[0, 0]], "none"),
        (np.zeros((0, 4)), "none"),
    ],
)
def test_the_padding_side_is_read_from_where_real_tokens_sit(real: list[list[int]], side: str) -> None:
    assert side == padding_side(np.array(real, dtype=np.uint8))
