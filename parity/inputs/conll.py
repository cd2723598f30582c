"""Sentences in the form of CoNLL: a word a line with its tag in the last column, a blank line after each sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

__all__ = ["TAGS", "WORDS", "Sentence", "sentences"]

WORDS, TAGS = "tokens", "ner_tags"
_BREAK = re.compile("[ \t]+")  # no other space separates: a word may hold a no-break space


class Sentence(NamedTuple):
    """A sentence: the number of its first line, its words, and their tags (None in a file of words alone)."""

    number: int
    words: list[str]
    tags: list[str] | None


class _Line(NamedTuple):
    number: int
    cells: list[str]


def sentences(text: IO[str], refuse: Callable[[int, str, str], Exception]) -> Iterator[Sentence]:
    """Every sentence; a line `-DOCSTART-` and comments before a sentence are skipped. Raises what `refuse` makes of a line and its fault."""
    lines: list[_Line] = []
    for number, line in enumerate(text, 1):
        bare = line.strip(" \t\r\n")
        if bare and not bare.startswith("-DOCSTART-"):
            lines.append(_Line(number, _BREAK.split(bare)))
        elif lines:
            yield from _sentence(lines, refuse)
            lines = []
    if lines:
        yield from _sentence(lines, refuse)


def _sentence(lines: list[_Line], refuse: Callable[[int, str, str], Exception]) -> Iterator[Sentence]:
    width = len(lines[-1].cells)
    while lines and lines[0].cells[0].startswith("#") and len(lines[0].cells) != width:
        lines = lines[1:]
    unlike = next((line for line in lines if len(line.cells) != width), None)
    if unlike is not None:
        raise refuse(
            unlike.number,
            f"{len(unlike.cells)} columns where the sentence has {width}",
            "Write a word a line, its tag in the last column, and a blank line after each sentence.",
        )
    if lines:
        tags = [line.cells[-1] for line in lines] if width > 1 else None
        yield Sentence(lines[0].number, [line.cells[0] for line in lines], tags)
