"""Rows that are lists of words, with a tag for each: kept as words, with their places in the text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple, cast

from parity.inputs.cells import text_in, whole_text
from parity.inputs.columns import Columns
from parity.inputs.table import Row, Source

__all__ = ["WordsOfRow", "words_of"]

Spans = tuple[tuple[int, int], ...]


class WordsOfRow(NamedTuple):
    """The words of a row, the text that they are of, each one's characters in it, and the tags."""

    text: str
    words: tuple[str, ...]
    spans: Spans
    tags: tuple[str, ...] | None


def words_of(source: Source, row: Row, columns: Columns) -> WordsOfRow | None:
    """A row of words; None where the columns hold none. Refuses what is no list of words, or has not a tag for each.

    The text is that of its own column, in which every word must be found, one after the other; without one it is the words joined by
    one space.
    """
    if columns.words is None:
        return None
    words = tuple(
        whole_text(source, row, columns.words, word)
        if isinstance(word, str)
        else _no_word(source, row, columns.words)
        for word in _list_in(source, row, columns.words)
    )
    tags = None if columns.tags is None else _tags(source, row, columns.tags)
    if tags is not None and len(tags) != len(words):
        raise source.refuse(
            row.number,
            f"{len(tags)} tags in {columns.tags!r} for {len(words)} words",
            "Give each word one tag.",
        )
    if columns.text == columns.words:
        return WordsOfRow(" ".join(words), words, _joined(words), tags)
    text = text_in(source, row, columns.text)
    return WordsOfRow(text, words, _found(source, row, text, words), tags)


def _joined(words: Sequence[str]) -> Spans:
    ends = list(accumulate((len(word) + 1 for word in words), initial=0))
    return tuple((start, start + len(word)) for start, word in zip(ends, words, strict=False))


def _found(source: Source, row: Row, text: str, words: Sequence[str]) -> Spans:
    spans: list[tuple[int, int]] = []
    end = 0
    for number, word in enumerate(words):
        start = text.find(word, end)
        if start < 0:
            raise source.refuse(
                row.number,
                f"word {number}, {word!r}, is not in the text after the word before it",
                "Give words that the text is made of, in order, or name the column of words with --text-column.",
            )
        end = start + len(word)
        spans.append((start, end))
    return tuple(spans)


def _list_in(source: Source, row: Row, column: str) -> Sequence[Any]:
    value: Any = row.cells.get(column)
    if not isinstance(value, list):
        what = "is missing" if value is None else "is not a list"
        raise source.refuse(row.number, f"{column!r} {what}", 'Write a list on each line: ["a", "word"].')
    return cast("Sequence[Any]", value)


def _no_word(source: Source, row: Row, column: str) -> str:
    raise source.refuse(
        row.number, f"{column!r} holds something other than text", "Write each word as a string."
    )


def _tags(source: Source, row: Row, column: str) -> tuple[str, ...]:
    """The tags as text: the name of a class, or its number."""
    found: list[str] = []
    for tag in _list_in(source, row, column):
        if isinstance(tag, bool) or not isinstance(tag, str | int):
            raise source.refuse(
                row.number, f"{column!r} holds a tag that is neither a text nor a whole number"
            )
        found.append(whole_text(source, row, column, str(tag)))
    return tuple(found)
