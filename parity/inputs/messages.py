"""Rows that are conversations: messages, each with a role and a text, which a side renders by its own chat template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from parity.inputs.cells import whole_text
from parity.inputs.columns import Columns
from parity.inputs.table import Row, Source

__all__ = ["Message", "messages_of", "text_of"]

_FORM = 'Write a list of {"role": "user", "content": "…"} on each line.'


class Message(NamedTuple):
    """One message of a conversation."""

    role: str
    content: str


def messages_of(source: Source, row: Row, columns: Columns) -> tuple[Message, ...] | None:
    """The messages of a row; None where the columns hold none. Refuses what is no conversation of texts."""
    if columns.messages is None:
        return None
    value: Any = row.cells.get(columns.messages)
    if not isinstance(value, list) or not value:
        what = "is missing" if value is None else "is not a list of messages" if value != [] else "is empty"
        raise source.refuse(row.number, f"{columns.messages!r} {what}", _FORM)
    listed = cast("Sequence[Any]", value)
    return tuple(_message(source, row, columns.messages, one) for one in listed)


def text_of(messages: Sequence[Message]) -> str:
    """What a side without a chat template reads: the texts of the messages, a line each."""
    return "\n".join(one.content for one in messages)


def _message(source: Source, row: Row, column: str, value: Any) -> Message:
    if not isinstance(value, dict):
        raise source.refuse(row.number, f"{column!r} holds something other than messages", _FORM)
    fields = cast("dict[str, Any]", value)
    parts = [fields.get(name) for name in ("role", "content")]
    if not all(isinstance(part, str) for part in parts):
        raise source.refuse(
            row.number, f"{column!r} holds a message without a role or a content that are texts", _FORM
        )
    more = sorted(name for name in fields if name not in ("role", "content") and fields[name] is not None)
    if more:
        raise source.refuse(
            row.number,
            f"{column!r} holds a message with {more[0]!r}, and parity renders roles and contents only",
            "Remove it, or give the rendered text as a column of texts.",
        )
    return Message(*(whole_text(source, row, column, str(part)) for part in parts))
