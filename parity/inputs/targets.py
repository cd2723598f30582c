"""The target of a row: the text that a decoder is given to predict token by token, such as a summary or a translation."""

from __future__ import annotations

import difflib
from typing import Any

from parity.errors import MissingColumn
from parity.inputs.cells import text_or_none
from parity.inputs.columns import Columns
from parity.inputs.table import Row, Source

__all__ = ["target_column", "target_of"]

_USUAL = ("target", "target_text", "summary", "highlights", "translation")


def target_column(source: str, known: dict[str, Any], named: str | None, columns: Columns) -> str | None:
    """The column of targets among those a file has: the one that is named, else one of a usual name that holds texts and is not read as
    a text; None where there is none. Raises MissingColumn for a named one that is not there."""
    if named is not None and named not in known:
        close = difflib.get_close_matches(named, known, n=1)
        listed = ", ".join(repr(name) for name in list(known)[:20])
        raise MissingColumn(
            f"{source} has no column {named!r}; it has {listed}.",
            next_step=f"Give --target-column {close[0] if close else 'one of these'}.",
        )
    if named is not None:
        return named
    usual = {name.strip().lower(): name for name in reversed(list(known))}
    found = (usual[name] for name in _USUAL if name in usual)
    return next(
        (name for name in found if isinstance(known[name], str) and name not in (columns.text, columns.pair)),
        None,
    )


def target_of(source: Source, row: Row, columns: Columns) -> str | None:
    """The target of a row; None where it has none. A column that is read as the label may hold other things than texts."""
    if columns.target is None:
        return None
    if columns.target == columns.label and not isinstance(row.cells.get(columns.target), str):
        return None
    return text_or_none(source, row, columns.target)
