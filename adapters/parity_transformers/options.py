"""The options of `hf:` as values, from the text that the host has checked against the adapter's declaration."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Options", "read"]


class Options(NamedTuple):
    """What the user asked for; None where the subject's own default holds."""

    dtype: str = "float32"
    device: str = "cpu"
    attn: str | None = None
    batch_size: int | None = None
    max_length: int | None = None
    truncation: bool = True
    padding: str = "longest"
    padding_side: str | None = None
    tokenizer: str | None = None
    revision: str | None = None
    temperature: float = 1.0
    trust_remote_code: bool = False


_KINDS: dict[str, Any] = {
    "truncation": "true".__eq__,
    "trust_remote_code": "true".__eq__,
    "batch_size": int,
    "max_length": int,
    "temperature": float,
}


def read(given: dict[str, str]) -> Options:
    """Options from text, which the declaration has found fit for its kinds."""
    return Options(**{name: _KINDS.get(name, str)(text) for name, text in given.items()})
