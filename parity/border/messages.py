"""The lines that a runner sends, as records; the protocol itself is in the docstring of `parity/_in_process/serve.py`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

__all__ = [
    "Done",
    "Event",
    "Failed",
    "Hello",
    "Progressed",
    "Tensor",
    "Warned",
    "listed",
    "prepare",
    "read_event",
    "read_json",
    "read_listing",
    "span",
]


class Hello(msgspec.Struct, frozen=True, tag_field="event", tag="hello"):
    """The first line, sent without a request: the interpreter has started."""

    protocol: int
    python: str
    executable: str | None = None


class Progressed(msgspec.Struct, frozen=True, tag_field="event", tag="progress"):
    """The progress of long work."""

    what: str
    done: int = 0
    total: int | None = None
    id: int | None = None


class Warned(msgspec.Struct, frozen=True, tag_field="event", tag="warning"):
    """A sentence the user should know."""

    sentence: str
    id: int | None = None


class Tensor(msgspec.Struct, frozen=True):
    """A line of a listing: a tensor lies in the slot beside it, or (`kept`) with the runner. `source` is the dtype it had in the framework."""

    id: int
    stage: str
    dtype: str
    source: str
    shape: tuple[int, ...]
    axes: tuple[str, ...]
    offset: int
    kept: bool = False


class Done(msgspec.Struct, frozen=True, tag_field="event", tag="done"):
    """A request was answered; the value stays JSON until its type is known (a window's encodings are long)."""

    id: int
    value: msgspec.Raw

    def fields(self) -> dict[str, Any]:
        """The answer as an object; ValueError where it is not one."""
        fields: dict[str, Any] = read_json(self.value, dict[str, Any])
        return fields


class Failed(msgspec.Struct, frozen=True, tag_field="event", tag="error"):
    """A request failed; `missing` is the module that an import did not find."""

    id: int
    slug: str
    sentence: str
    next_step: str = ""
    traceback: str = ""
    missing: str | None = None


Event = Hello | Progressed | Warned | Done | Failed


def prepare(*kinds: Any) -> None:
    """Let msgspec learn types before threads read them: where two threads read the first value of a type at once, it crashes the process."""
    for kind in kinds:
        msgspec.json.Decoder(kind)


prepare(Event, Tensor)


def read_event(line: bytes) -> Event:
    """Read one line; ValueError when it is not one of the protocol's."""
    event: Event
    try:
        event = msgspec.json.decode(line, type=Event)
    except msgspec.DecodeError:
        fields = json.loads(line)  # see `read_json`
        if isinstance(fields, dict) and "value" in fields:
            fields["value"] = msgspec.Raw(json.dumps(fields["value"]).encode())
        event = msgspec.convert(fields, type=Event)
    return event


def read_json(text: bytes | msgspec.Raw, kind: Any) -> Any:
    """JSON as a value of a type; ValueError where it is not."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # A tokenizer's piece may hold half of a surrogate pair: no JSON to msgspec, and data here.
        return msgspec.convert(json.loads(bytes(text)), type=kind)


def read_listing(lines: bytes, request: int) -> list[Tensor]:
    """The tensors of one request, in order; ValueError for a whole line that is none (the last may be half written)."""
    tensors = [msgspec.json.decode(line, type=Tensor) for line in lines.split(b"\n")[:-1]]
    return [tensor for tensor in tensors if tensor.id == request]


def listed(values: Any) -> Any:
    """Values as JSON has them."""
    return None if values is None else np.asarray(values).tolist()


def span(rows: Sequence[int]) -> str:
    """Rows in words: the first, the last, and how many."""
    return f"{min(rows)} to {max(rows)} ({len(rows)})" if rows else "(none)"
