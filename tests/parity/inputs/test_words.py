"""Rows that are lists of words: kept as words with their places and tags, from JSON lines and from CoNLL files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parity.errors import MalformedLine, MissingColumn
from parity.inputs.example import Example
from parity.inputs.inputs import open_inputs
from parity.inputs.spec import InputsSpec

CONLL = """-DOCSTART- -X- O

EU NNP B-ORG
rejects VBZ O

# sentence 7 of the file
\u00a0odd NN O
# NN O
"""


def read(path: Path, content: str | list[dict[str, Any]], **spec: Any) -> list[Example]:
    text = content if isinstance(content, str) else "".join(json.dumps(row) + "\n" for row in content)
    path.write_text(text, encoding="utf-8")
    return next(open_inputs(InputsSpec(str(path), **spec)).windows())


def test_words_and_tags_are_found_by_their_usual_names(tmp_path: Path) -> None:
    (row,) = read(tmp_path / "a.jsonl", [{"tokens": ["EU", "'s", ""], "ner_tags": ["B-ORG", 2, 0]}])
    assert row == Example(
        0, "EU 's ", words=("EU", "'s", ""), spans=((0, 2), (3, 5), (6, 6)), tags=("B-ORG", "2", "0")
    )
    assert row.split


def test_words_named_as_the_text_are_read_as_one_text_and_kept_as_words(tmp_path: Path) -> None:
    (row,) = read(
        tmp_path / "a.jsonl", [{"tokens": ["a", "b"], "ner_tags": ["O", "O"]}], text_column="tokens"
    )
    assert (row.text, row.words, row.tags, row.split) == ("a b", ("a", "b"), ("O", "O"), False)


def test_a_text_beside_the_words_is_the_text(tmp_path: Path) -> None:
    rows = [{"text": "EU's odd.", "tokens": ["EU", "'s", "odd", "."], "tags": list("OOOO")}]
    (row,) = read(tmp_path / "a.jsonl", rows)
    assert (row.text, row.spans, row.split) == ("EU's odd.", ((0, 2), (2, 4), (5, 8), (8, 9)), False)
    with pytest.raises(MalformedLine, match="word 1, 'is', is not in the text"):
        read(tmp_path / "b.jsonl", [{**rows[0], "tokens": ["EU", "is", "odd", "."]}])


def test_a_text_with_a_list_beside_it_that_no_tags_belong_to_stays_a_text(tmp_path: Path) -> None:
    (row,) = read(tmp_path / "a.jsonl", [{"text": "a b", "tokens": ["a", "b"], "label": "x"}])
    assert (row.words, row.label) == (None, "x")


@pytest.mark.parametrize("name", ["a.conll", "a.iob"])
def test_sentences_of_conll(tmp_path: Path, name: str) -> None:
    rows = read(tmp_path / name, CONLL)
    assert [(row.words, row.tags) for row in rows] == [
        (("EU", "rejects"), ("B-ORG", "O")),
        (("\u00a0odd", "#"), ("O", "O")),
    ]


def test_a_text_file_holds_sentences_only_where_its_tags_are_named(tmp_path: Path) -> None:
    assert [row.text for row in read(tmp_path / "a.txt", "a O\nb O\n")] == ["a O", "b O"]
    (row,) = read(tmp_path / "a.txt", "a O\nb O\n", label_column="ner_tags")
    assert (row.words, row.tags, row.split) == (("a", "b"), ("O", "O"), True)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"tokens": ["a", "b"], "ner_tags": ["O"]}, "1 tags in 'ner_tags' for 2 words"),
        ({"tokens": ["a", 3], "ner_tags": ["O", "O"]}, "something other than text"),
        ({"tokens": "a b", "ner_tags": ["O", "O"]}, "'tokens' is not a list"),
        ({"tokens": ["a", "\ud800"], "ner_tags": ["O", "O"]}, "half of a surrogate pair"),
        ({"tokens": ["a"], "ner_tags": [None]}, "neither a text nor a whole number"),
    ],
)
def test_what_is_no_list_of_words_is_refused_with_its_line(
    tmp_path: Path, row: dict[str, Any], what: str
) -> None:
    with pytest.raises(MalformedLine, match=f"line 2: .*{what}"):
        read(tmp_path / "a.jsonl", [{"tokens": ["a"], "ner_tags": ["O"]}, row])


def test_a_line_of_conll_with_other_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedLine, match="line 2: 1 columns where the sentence has 2"):
        read(tmp_path / "a.conll", "a O\nb\nc O\n")


def test_words_without_a_text_column_of_that_kind_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(MissingColumn):
        read(tmp_path / "a.jsonl", [{"tokens": "a b"}])


def test_what_a_trace_keeps_is_read_as_the_same_examples(tmp_path: Path) -> None:
    for split in (True, False):
        rows = [{"tokens": ["a", "b"], "ner_tags": ["O", "O"]}]
        first = read(tmp_path / "a.jsonl", rows, text_column=None if split else "tokens")
        again = read(tmp_path / "b.jsonl", [example.kept() for example in first])
        assert again == first and first[0].split is split


def test_tags_are_part_of_the_digest_and_cross_no_border(tmp_path: Path) -> None:
    digests: set[str] = set()
    for number, tag in enumerate(("O", "B-X")):
        path = tmp_path / f"{number}.jsonl"
        (row,) = read(path, [{"tokens": ["a"], "ner_tags": [tag]}])
        assert row.crossing().keys() == {"row", "text", "pair", "id", "words", "split", "spans"}
        digests.add(open_inputs(InputsSpec(str(path))).digest)
    assert len(digests) == 2
