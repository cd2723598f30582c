"""The answer to `tokenize`, as it comes over the border: one encoding a row."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from parity.border.messages import Done, prepare, read_json
from parity.errors import RunnerSpokeGarbage
from parity.inputs.example import Encoding, TargetEncoding

__all__ = ["read_encodings"]


class _Row(msgspec.Struct, frozen=True, gc=False):  # never in a cycle: the garbage collector can skip them
    input_ids: tuple[int, ...]
    pieces: tuple[str, ...]
    offsets: tuple[tuple[int, int] | None, ...]
    segments: tuple[int | None, ...]
    special: tuple[int | bool, ...]
    token_type_ids: tuple[int, ...] | None = None
    normalized: str | None = None
    normalized_pair: str | None = None
    untruncated: int = 0
    words: tuple[int | None, ...] | None = None
    refused: str = ""
    target: _Target | None = None

    def misfit(self) -> str:
        """Which column is not as long as `input_ids`; empty when all are."""
        count = len(self.input_ids)
        if count == len(self.pieces) == len(self.offsets) == len(self.segments) == len(self.special) and all(
            more is None or len(more) == count for more in (self.token_type_ids, self.words)
        ):
            return "" if self.target is None else self.target.misfit()
        for name, values in (
            ("pieces", self.pieces),
            ("offsets", self.offsets),
            ("segments", self.segments),
            ("special", self.special),
            ("token_type_ids", self.token_type_ids),
            ("words", self.words),
        ):
            if values is not None and len(values) != count:
                return name
        return ""

    def encoding(self) -> Encoding:
        return Encoding(
            self.input_ids,
            self.pieces,
            self.offsets,
            self.segments,
            tuple(map(bool, self.special)),
            self.token_type_ids,
            self.normalized,
            self.normalized_pair,
            self.untruncated,
            self.words,
            self.refused,
            None if self.target is None else self.target.encoding(),
        )


class _Target(msgspec.Struct, frozen=True, gc=False):
    fed: _Row
    ids: tuple[int, ...]
    text: str
    generated: bool = False

    def misfit(self) -> str:
        """Which column of the target is not as long as it must be; empty when all are."""
        if max(1, len(self.ids)) != len(self.fed.input_ids):
            return "target.ids"
        return f"target.{column}" if (column := self.fed.misfit()) else ""

    def encoding(self) -> TargetEncoding:
        return TargetEncoding(self.fed.encoding(), self.ids, self.text, self.generated)


class _Rows(msgspec.Struct, frozen=True):
    rows: tuple[_Row | None, ...]


prepare(_Rows)


def read_encodings(answer: Done, expected: int, subject: str) -> tuple[Encoding | None, ...]:
    """Check what came over the border, None for a row that has no tokens to show.

    Raises RunnerSpokeGarbage naming the row and column that are wrong, or a number of rows other than `expected`.
    """
    try:
        encodings = _decoded(bytes(answer.value))
    except ValueError as error:
        raise _garbage(subject, str(error)) from error
    if len(encodings) != expected:
        raise _garbage(subject, f"{len(encodings)} encodings for {expected} examples")
    return encodings


@lru_cache(maxsize=1)
def _decoded(text: bytes) -> tuple[Encoding | None, ...]:
    """The encodings of one answer. Two sides with one tokenizer answer the same, byte for byte: the second is not parsed again."""
    rows: tuple[_Row | None, ...] = read_json(text, _Rows).rows
    for number, row in enumerate(rows):
        if row is not None and (column := row.misfit()):
            raise ValueError(f"in encoding {number}, {column} is not as long as input_ids")
    return tuple(None if row is None else row.encoding() for row in rows)


def _garbage(subject: str, reason: str) -> RunnerSpokeGarbage:
    return RunnerSpokeGarbage(
        f"{subject} sent encodings that parity cannot read: {reason}.",
        next_step="This is a defect in its adapter's runner; report it with this message.",
    )
