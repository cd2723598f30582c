"""Inputs read by choice: a row for each choice of an input, so that each is a pair of texts like any other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, cast

from parity.errors import InputsDoNotFit
from parity.inputs.example import Choice, Choices, Example
from parity.inputs.table import Row, Source

__all__ = ["as_choices", "choice_of", "whole_inputs", "with_the_next"]

Read = Callable[[], Iterator[Example]]
_MOST = 4  # of a built-in text


def as_choices(source: str, read: Read) -> Iterator[Example]:
    """Each choice of each input, with the input's label and id; rows that are choices already as they are.

    Raises InputsDoNotFit at the first input without choices: one text alone decides between nothing.
    """
    row = 0
    for number, example in enumerate(read()):
        if example.choice is not None:
            yield example
            continue
        if example.choices is None:
            raise InputsDoNotFit(
                f"{source}: input {number} (counted from 0) has no choices, and a side decides between choices.",
                next_step="Give a column `choices` (a list of texts) beside the question, or columns such as sent1, sent2, ending0, ending1.",
            )
        pairs, label = example.choices
        for place, (text, pair) in enumerate(pairs):
            choice = Choice(number, place, len(pairs))
            yield Example(row, text, pair, label, example.id, choice=choice)
            row += 1


def whole_inputs(read: Read) -> Iterator[Example]:
    """Inputs of which each choice is a row, put together again: the first text is the input's, and the choices are the second ones."""
    parts: dict[int, list[Example]] = {}
    for example in read():
        if example.choice is not None:
            parts.setdefault(example.choice.input, []).append(example)
    for row, (_, rows) in enumerate(sorted(parts.items())):
        first = rows[0]
        pairs = tuple((one.text, one.pair or "") for one in rows)
        yield Example(row, first.text, None, first.label, first.id, choices=Choices(pairs, first.label))


def choice_of(source: Source, row: Row, column: str | None) -> Choice | None:
    """Which choice a row of a trace is; None where it is none."""
    value: Any = None if column is None else row.cells.get(column)
    if not isinstance(value, dict):
        return None
    numbers = [cast("dict[str, Any]", value).get(name) for name in Choice._fields]
    if not all(isinstance(number, int) for number in numbers):
        raise source.refuse(row.number, f"{column!r} does not say which choice of which input the row is")
    return Choice(*cast("list[int]", numbers))


def with_the_next(read: Read) -> Iterator[Example]:
    """Each text with two to four of those after it as its choices; after the last come the first again."""
    examples = list(read())  # the built-in probes, which are few
    following = deque(example.text for example in examples)
    for number, example in enumerate(examples):
        following.rotate(-1)
        count = 2 + number % (_MOST - 1)
        pairs = tuple((example.text, following[place]) for place in range(count))
        yield example._replace(choices=Choices(pairs))
