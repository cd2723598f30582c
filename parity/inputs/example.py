"""What crosses between inputs, runners and alignment: an example, and one row's encoding of it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Encoding", "Example"]


class Example(NamedTuple):
    """One input: a text or a text pair, with an optional label and id. `row` counts from 0 over all inputs."""

    row: int
    text: str
    pair: str | None = None
    label: str | None = None
    id: str | None = None


class Encoding(NamedTuple):
    """One row as a subject's tokenizer gave it, unpadded; every tuple has one entry a real token.

    `offsets` are character spans into the text (segment 0) or the pair (segment 1), None for special tokens;
    `normalized` is the text after the tokenizer's normaliser, None where the tokenizer does not report it;
    `untruncated` counts the tokens there would be without truncation.
    """

    input_ids: tuple[int, ...]
    pieces: tuple[str, ...]
    offsets: tuple[tuple[int, int] | None, ...]
    segments: tuple[int | None, ...]
    special: tuple[bool, ...]
    token_type_ids: tuple[int, ...] | None = None
    normalized: str | None = None
    normalized_pair: str | None = None
    untruncated: int = 0
