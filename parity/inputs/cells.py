"""The cells of a row as texts, labels and ids, each refused with its line where it is none."""

from __future__ import annotations

import math
from typing import Any

from parity.inputs.table import Row, Source

__all__ = ["plain", "text_in", "text_or_none", "whole_text"]


def text_in(source: Source, row: Row, column: str) -> str:
    """The text of a row; refuses one that is missing."""
    text = text_or_none(source, row, column)
    if text is None:
        what = "is null" if column in row.cells else "is missing"
        raise source.refuse(
            row.number, f"{column!r} {what}", 'Every example needs a text; an empty one is written as "".'
        )
    return text


def text_or_none(source: Source, row: Row, column: str) -> str | None:
    """The same, None where there is none."""
    value: Any = row.cells.get(column)
    if value is None:
        return None
    if not isinstance(value, str):
        kind = {"list": "a list", "dict": "an object", "bool": "a truth value"}.get(
            type(value).__name__, "a number"
        )
        raise source.refuse(row.number, f"{column!r} is {kind}, not a text", "Write the text as a string.")
    return whole_text(source, row, column, value)


def plain(source: Source, row: Row, column: str) -> str | None:
    """A label or an id as text; an empty one is none. A whole number loses its `.0`, which tables add beside nulls."""
    value: Any = row.cells.get(column)
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, (list, dict)):
        raise source.refuse(
            row.number, f"{column!r} is neither a text nor a number", "Name another column, or remove it."
        )
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return whole_text(source, row, column, str(value))


def whole_text(source: Source, row: Row, column: str, text: str) -> str:
    """The text itself; refuses one with half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"U+{ord(text[error.start]):04X}"
        raise source.refuse(
            row.number, f"{column!r} holds half of a surrogate pair ({half}), which is not a character"
        ) from None
    return text
