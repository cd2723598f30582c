"""The lines a runner says, as records; the protocol itself is in the docstring of `parity/_in_process/serve.py`."""

from __future__ import annotations

import json
from typing import Any

import msgspec

__all__ = ["Done", "Event", "Failed", "Hello", "Progressed", "Tensor", "Warned", "read_event", "read_listing"]


class Hello(msgspec.Struct, frozen=True, tag_field="event", tag="hello"):
    """The first line, said unasked: the interpreter has started."""

    protocol: int
    python: str
    executable: str | None = None


class Progressed(msgspec.Struct, frozen=True, tag_field="event", tag="progress"):
    """How far a long piece of work is."""

    what: str
    done: int = 0
    total: int | None = None
    id: int | None = None


class Warned(msgspec.Struct, frozen=True, tag_field="event", tag="warning"):
    """A sentence the user should know."""

    sentence: str
    id: int | None = None


class Tensor(msgspec.Struct, frozen=True):
    """A line of a listing: a tensor lies in the slot beside it. `source` is the dtype it had in the framework."""

    id: int
    stage: str
    dtype: str
    source: str
    shape: tuple[int, ...]
    axes: tuple[str, ...]
    offset: int


class Done(msgspec.Struct, frozen=True, tag_field="event", tag="done"):
    """A request was answered."""

    id: int
    value: dict[str, Any]


class Failed(msgspec.Struct, frozen=True, tag_field="event", tag="error"):
    """A request failed; `missing` is the module that an import did not find."""

    id: int
    slug: str
    sentence: str
    next_step: str = ""
    traceback: str = ""
    missing: str | None = None


Event = Hello | Progressed | Warned | Done | Failed


def read_event(line: bytes) -> Event:
    """Read one line; ValueError when it is not one of the protocol's."""
    try:
        event: Event = msgspec.json.decode(line, type=Event)
    except msgspec.DecodeError:
        # A tokenizer's piece may hold half of a surrogate pair: no JSON to msgspec, and data here.
        event = msgspec.convert(json.loads(line), type=Event)
    return event


def read_listing(lines: bytes, request: int) -> list[Tensor]:
    """The tensors of one request, in order; ValueError for a whole line that is none (the last may be half written)."""
    tensors = [msgspec.json.decode(line, type=Tensor) for line in lines.split(b"\n")[:-1]]
    return [tensor for tensor in tensors if tensor.id == request]
