"""The right answers of a row, as SQuAD has them: a list of texts, or an object with the list under "text"; empty where there is none."""

from __future__ import annotations

from typing import Any, cast

from parity.inputs.cells import whole_text
from parity.inputs.columns import Columns
from parity.inputs.table import Row, Source

__all__ = ["answers_of"]


def answers_of(source: Source, row: Row, columns: Columns) -> tuple[str, ...] | None:
    """The answers of a row, each once, without empty ones; None where it has none of that form: then nothing is scored."""
    value: Any = None if columns.answers is None else row.cells.get(columns.answers)
    if isinstance(value, dict):
        value = cast("dict[str, Any]", value).get("text")
    listed = cast("list[Any]", [value] if isinstance(value, str) else value)
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        return None
    texts = (whole_text(source, row, columns.answers or "", text) for text in listed if text.strip())
    return tuple(dict.fromkeys(texts))
