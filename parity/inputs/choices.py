"""Rows with several choices, one of which is right: which columns hold them, and the pair of texts that each choice is.

A choice is read as the last part of what stands before it: SWAG's `ending0` after `sent2`, an option after its question. The first text
of the pair is the context where there is one, else the question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from parity.inputs.cells import plain, text_in, text_or_none, whole_text
from parity.inputs.example import Choices
from parity.inputs.table import Row, Source

__all__ = ["ChoiceColumns", "choices_of", "find_choices"]

# Columns of lists of choices; an object holds the list under "text", and beside it what each choice is called under "label".
_LISTS = ("choices", "options", "endings", "candidates")
_NUMBERED = re.compile(r"(ending|choice|option|answer|sol|solution)_?([0-9])")
# The first text, and what stands before each choice; the first of which all is there is taken.
_BESIDE = (
    ("context", "question"),
    ("passage", "question"),
    ("article", "question"),
    ("sent1", "sent2"),
    ("text", "pair"),
    ("text", "text_pair"),
    ("ctx",),
    ("premise",),
    ("question",),
    ("question_stem",),
    ("goal",),
    ("text",),
    ("sentence",),
    ("query",),
)
_LABELS = ("label", "answerkey", "answer_key", "correct", "answer", "gold_label", "target")


class ChoiceColumns(NamedTuple):
    """The columns of choices (one of lists, or one for each), of the first text, of what stands before each choice, and of the right one."""

    choices: tuple[str, ...]
    text: str
    before: str | None
    label: str | None


def find_choices(
    usual: Mapping[str, str], known: Mapping[str, Any], text: str | None, pair: str | None, label: str | None
) -> ChoiceColumns | None:
    """The columns of choices among those a file has; None where it has none, or no text beside them.

    `usual` are the columns by their names in lower case, `known` each with a value of it; the others are columns that the user named.

    >>> usual = {name: name for name in ("sent1", "sent2", "ending0", "ending1", "label")}
    >>> find_choices(usual, {name: "x" for name in usual}, None, None, None).choices
    ('ending0', 'ending1')
    """
    named = _list_of(usual, known) or _numbered(usual, known)
    if not named:
        return None
    if text is not None:
        beside: tuple[str, ...] = (text,) if pair is None else (text, pair)
    else:
        names = next((names for names in _BESIDE if all(name in usual for name in names)), ())
        beside = tuple(usual[name] for name in names)
    if not beside:
        return None
    right = label or next(
        (
            usual[name]
            for name in _LABELS
            if name in usual and not isinstance(known[usual[name]], list | dict)
        ),
        None,
    )
    return ChoiceColumns(named, beside[0], beside[1] if len(beside) > 1 else None, right)


def choices_of(source: Source, row: Row, columns: ChoiceColumns | None) -> Choices | None:
    """The choices of a row, and which is right, by its number from 0; None where the row has none.

    A label is a choice's number, its name (as "B" where the choices are A, B, C …) or its text; any other is kept as it is.
    """
    if columns is None:
        return None
    texts, names = _texts(source, row, columns)
    if not texts:
        return None
    before = None if columns.before is None else text_or_none(source, row, columns.before)
    first = text_in(source, row, columns.text)
    pairs = tuple((first, f"{before} {text}".strip() if before else text) for text in texts)
    label = None if columns.label is None else plain(source, row, columns.label)
    return Choices(pairs, _number(label, names, texts))


def _list_of(usual: Mapping[str, str], known: Mapping[str, Any]) -> tuple[str, ...]:
    found = next((usual[name] for name in _LISTS if name in usual and _listed(known[usual[name]])), None)
    return () if found is None else (found,)


def _listed(value: Any) -> list[object] | None:
    """The list of a cell, or the one under "text" of an object; None where it is neither."""
    if isinstance(value, dict):
        value = cast("dict[str, Any]", value).get("text")
    return cast("list[object]", value) if isinstance(value, list) else None


def _numbered(usual: Mapping[str, str], known: Mapping[str, Any]) -> tuple[str, ...]:
    """Columns that are numbered from 0 or from 1, of one word, two at least."""
    found: dict[str, dict[int, str]] = {}
    for name, column in usual.items():
        match = _NUMBERED.fullmatch(name)
        if match is not None and isinstance(known[column], str):
            found.setdefault(match.group(1), {})[int(match.group(2))] = column
    for columns in found.values():
        numbers = sorted(columns)
        if len(numbers) > 1 and numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[-1] + 1)):
            return tuple(columns[number] for number in numbers)
    return ()


def _texts(source: Source, row: Row, columns: ChoiceColumns) -> tuple[list[str], list[str]]:
    """The texts of the choices, and what each is called."""
    column, *others = columns.choices
    if others:
        found = [text_or_none(source, row, column) for column in columns.choices]
        texts = [text for text in found if text is not None]
        if None in found[: len(texts)]:
            raise source.refuse(
                row.number,
                f"{columns.choices[found.index(None)]!r} has no text, and a later choice has one",
                "Write the choices of a row one after the other: a label counts them.",
            )
        return texts, []
    value: Any = row.cells.get(column)
    listed = _listed(value)
    if listed is None:
        return [], []
    texts = [text for text in listed if isinstance(text, str)]
    if len(texts) < len(listed):
        raise source.refuse(
            row.number, f"{column!r} holds a choice that is not a text", "Write each choice as a string."
        )
    names: Any = cast("dict[str, Any]", value).get("label") if isinstance(value, dict) else None
    called = [str(name) for name in cast("list[object]", names)] if isinstance(names, list) else []
    return [whole_text(source, row, column, text) for text in texts], called


def _number(label: str | None, names: Sequence[str], texts: Sequence[str]) -> str | None:
    if label is None:
        return None
    letters = [chr(ord("A") + number) for number in range(len(texts))]
    for known in (names, [] if names else [str(number) for number in range(len(texts))], letters, texts):
        if label in known:
            return str(list(known).index(label))
    return label
