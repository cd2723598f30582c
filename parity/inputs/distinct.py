"""Distinct inputs among the rows: copies of one text are not independent trials, and no bound may count them as such."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from parity.inputs.example import Example

__all__ = ["DistinctInputs"]

_BLANK = b""


class DistinctInputs:
    """How many distinct texts (or pairs of texts) the rows hold, and in how many of them a decision differs.

    An input counts as differing if any of its copies does. Rows of unknown text count one by one.
    """

    def __init__(self) -> None:
        self._differing: dict[bytes | int, bool] = {}
        self._texts = False

    def add(self, rows: Iterable[int], differing: Iterable[int], examples: Mapping[int, Example]) -> None:
        """Take in some rows, those of them in which a decision differs, and the examples as far as they are known."""
        flipped = set(differing)
        for row in rows:
            key = _key(row, examples.get(row))
            self._texts = self._texts or (isinstance(key, bytes) and key != _BLANK)
            self._differing[key] = self._differing.get(key, False) or row in flipped

    def counts(self) -> tuple[int, int] | None:
        """The distinct inputs and those that differ; None where no row has a text, as in files of outputs with ids only."""
        return (len(self._differing), sum(self._differing.values())) if self._texts else None


def _key(row: int, example: Example | None) -> bytes | int:
    if example is None:
        return row
    if not example.text and not example.pair:
        return _BLANK
    text = example.text.encode("utf-8", "surrogatepass")
    pair = b"-" if example.pair is None else b"+" + example.pair.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(b"%d:" % len(text) + text + pair, digest_size=16).digest()
