"""How the encodings of the two sides compare."""

from __future__ import annotations

from typing import Any

from parity.records.places import Record

__all__ = ["TokenExample", "Tokens"]


class TokenExample(Record, frozen=True, kw_only=True):
    """One row whose tokens differ, with both sides' pieces and the edit script between them.

    `script` holds [operation, reference index or null, candidate index or null]; operation is "equal", "replace",
    "delete" (only in the reference) or "insert" (only in the candidate).
    """

    row: int
    kinds: list[str]
    text: str
    pair: str | None = None
    reference_pieces: list[str]
    candidate_pieces: list[str]
    reference_ids: list[int]
    candidate_ids: list[int]
    script: list[list[Any]] = []


class Tokens(Record, frozen=True, kw_only=True):
    """How the encodings compare. `differences` counts rows by kind; a row can have several."""

    rows: int
    rows_equal: int
    differences: dict[str, int]
    examples: list[TokenExample] = []
    padding_side: dict[str, str] = {}
    pairs_aligned: int = 0
