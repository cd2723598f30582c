"""The inputs that both sides were run on."""

from __future__ import annotations

from parity.records.places import Record

__all__ = ["InputsRecord"]


class InputsRecord(Record, frozen=True, kw_only=True):
    """The examples that both sides were run on. `digest` is over texts, pairs, labels and ids, in order."""

    count: int
    digest: str
    source: str
    built_in: bool = False
    labelled: int = 0
    pairs: int = 0
