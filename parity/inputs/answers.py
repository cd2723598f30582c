"""The right answers of a row, as SQuAD has them: a list of texts, or an object with the list under "text"; empty where there is none."""

from __future__ import annotations

from collections.abc import Sequence
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
    if not isinstance(value, str | list):
        return None
    listed: Sequence[object] = [value] if isinstance(value, str) else cast("Sequence[object]", value)
    texts = [one for one in listed if isinstance(one, str)]
    if len(texts) < len(listed):
        return None
    whole = (whole_text(source, row, columns.answers or "", text) for text in texts if text.strip())
    return tuple(dict.fromkeys(whole))
