"""Pairs of texts read as single texts, one after the other: what gives each text a vector never reads two as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from parity.inputs.example import Example
from parity.inputs.inputs import Inputs

__all__ = ["single_texts"]


def single_texts(inputs: Inputs) -> Inputs:
    """The same with the first text of row n as row 2n and the second as row 2n + 1, both with the label of the pair."""
    return inputs.read_as(partial(_each_text, inputs.read))


def _each_text(read: Callable[[], Iterator[Example]]) -> Iterator[Example]:
    for example in read():
        yield example._replace(row=2 * example.row, pair=None)
        yield example._replace(row=2 * example.row + 1, text=example.pair or "", pair=None)
