"""The token ledger: how the encodings of all rows compare, added up row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from parity.align.texts import text_change
from parity.align.tokens import RowAlignment
from parity.inputs.example import Encoding, Example
from parity.records.pair import Pair
from parity.records.tokens import TokenExample
from parity.session.window import Refused, Window

__all__ = ["NAMED_ROWS", "TokenLedger"]

Integers = NDArray[np.int64]
NAMED_ROWS = 8
"""How many rows are named of those that differ; the others are counted."""
_EXAMPLES = 12


class TokenLedger:
    """What the encodings showed: counts, and the first examples.

    `kinds` counts rows by kind of difference, and a row can have several; `kinds_together` counts the kinds of one row as one.
    `texts_known` are the rows whose normalised text both sides gave, `token_count` the reference's tokens. `unpaired` counts the
    tokens of either side that have no counterpart (special tokens excluded), `unpaired_rows` the rows with such. `unknown` counts the
    rows in which a side has more unknown tokens (`unknown_pieces`, "" where it has none) than the other. `cut` counts the rows that each
    side truncated; `refused` are those that a side cannot run.
    """

    def __init__(self, unknown_pieces: Pair[str] = Pair("", "")) -> None:  # noqa: B008 - immutable
        self.rows = 0
        self.rows_equal = 0
        self.kinds: Counter[str] = Counter()
        self.kinds_together: Counter[tuple[str, ...]] = Counter()
        self.kind_rows: dict[str, list[int]] = {}
        self.text_changes: Counter[str] = Counter()
        self.texts_known = 0
        self.unknown: Pair[int] = Pair(0, 0)
        self.cut: Pair[int] = Pair(0, 0)
        self.refused: list[Refused] = []
        self.token_count = 0
        self.examples: list[TokenExample] = []
        self.pairs_aligned = 0
        self.unpaired: Pair[int] = Pair(0, 0)
        self.unpaired_rows = 0
        self.words_alone = 0
        self.words_lost = 0
        self._encodings: dict[int, Encoding] = {}
        self._known_pieces: dict[int, str] = {}
        self._unknown_pieces = unknown_pieces

    def open_window(self, window: Window) -> None:
        """Every row of a window; the reference's encodings are kept until the next one is opened."""
        self._encodings.clear()
        self.refused += window.refused
        here_all, there_all = window.encodings.reference, window.encodings.candidate
        for example, here, there, aligned in zip(
            window.examples, here_all, there_all, window.alignments, strict=True
        ):
            if here is not None and there is not None and aligned is not None:
                self._add(example, Pair(here, there), aligned)

    def decide(self, rows: Integers, positions: Integers, decided: str, mask: str) -> NDArray[np.bool_]:
        """[n] which positions decide: those of text, all, or those of the piece `mask`
        in rows that have it (in others all, and none where masks alone decide)."""
        if decided == "text":
            return self.bears_text(rows, positions)
        chosen = np.ones(len(rows), dtype=bool)
        for row in np.unique(rows).tolist() if decided in ("mask", "masks alone") and mask else ():
            masks = [place for place, piece in enumerate(self._pieces(row)) if piece == mask]
            if masks or decided == "masks alone":
                chosen[rows == row] = np.isin(positions[rows == row], masks)
        return chosen

    def token_named(self, number: int) -> str:
        """An id in words: with what the reference's tokenizer writes for it, where the texts have shown that."""
        piece = self._known_pieces.get(number)
        return f"token {number}" if piece is None else f"{piece} (token {number})"

    def _pieces(self, row: int) -> Sequence[str]:
        known = self._encodings.get(row)
        return () if known is None else known.pieces

    def bears_text(self, rows: Integers, positions: Integers) -> NDArray[np.bool_]:
        """[n] False for the reference's special tokens, as far as the encodings of the open window say."""
        bears = np.ones(len(rows), dtype=bool)
        for row in np.unique(rows).tolist():
            if row not in self._encodings:
                continue
            frame = _frame(self._encodings[row])
            at = np.flatnonzero(rows == row)
            at = at[positions[at] < len(frame)]
            bears[at] = ~frame[positions[at]]
        return bears

    def pieces_of_words(self, rows: Integers, positions: Integers) -> Integers:
        """[n] the pieces of each word of the reference, 0 where they are not known."""
        known = {
            row: _words(self._encodings[row]) for row in np.unique(rows).tolist() if row in self._encodings
        }
        pairs = zip(rows.tolist(), positions.tolist(), strict=True)
        return np.array([known.get(row, {}).get(number, 0) for row, number in pairs], dtype=np.int64)

    def _add_words(self, example: Example, encodings: Pair[Encoding]) -> None:
        here, there = (set(_words(one)) if one.words is not None else None for one in encodings)
        if here is None or there is None:
            return
        self.words_alone += len(here ^ there)
        self.words_lost += len(example.words or ()) - len(here | there) if example.words else 0

    def count_of(self, kinds: Iterable[str]) -> int:
        """How many rows differ in any of these kinds."""
        wanted = set(kinds)
        return sum(times for together, times in self.kinds_together.items() if wanted.intersection(together))

    def named(self, kinds: Iterable[str]) -> list[int]:
        """The first rows that differ in any of these kinds."""
        return sorted({row for kind in kinds for row in self.kind_rows.get(kind, [])})

    def _add(self, example: Example, encodings: Pair[Encoding], aligned: RowAlignment) -> None:
        self.rows += 1
        here, there = encodings
        self._encodings[example.row] = here
        self._known_pieces.update(zip(here.input_ids, here.pieces, strict=True))
        cut = [side.untruncated > len(side.input_ids) for side in encodings]
        if any(cut):
            self.cut = Pair(self.cut.reference + cut[0], self.cut.candidate + cut[1])
        self.token_count += len(here.input_ids)
        self._add_words(example, encodings)
        if here.normalized is not None and there.normalized is not None:
            self.texts_known += 1
        if aligned.equal:
            self.rows_equal += 1
            return
        self.pairs_aligned += len(aligned.pairs)
        alone = [_alone(encodings[side], aligned.pairs[:, side]) for side in (0, 1)]
        self.unpaired = Pair(self.unpaired.reference + alone[0], self.unpaired.candidate + alone[1])
        self.unpaired_rows += any(alone)
        here_unknown, there_unknown = (
            side.pieces.count(piece) for side, piece in zip(encodings, self._unknown_pieces, strict=True)
        )
        self.unknown = Pair(
            self.unknown.reference + (here_unknown > there_unknown),
            self.unknown.candidate + (there_unknown > here_unknown),
        )
        self.kinds_together[aligned.kinds] += 1
        for kind in aligned.kinds:
            self.kinds[kind] += 1
            named = self.kind_rows.setdefault(kind, [])
            if len(named) < NAMED_ROWS:
                named.append(example.row)
        if "text" in aligned.kinds and here.normalized is not None and there.normalized is not None:
            self.text_changes[_text_change(encodings) or "other"] += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(_example(example, encodings, aligned))


def _words(encoding: Encoding) -> dict[int, int]:
    """How many pieces each word of a row has."""
    return Counter(number for number in encoding.words or () if number is not None)


def _text_change(encodings: Pair[Encoding]) -> str | None:
    """The change that only one normaliser makes, in the text or else in its pair."""
    here, there = encodings
    if here.normalized is None or there.normalized is None:
        return None
    change = text_change(here.normalized, there.normalized)
    if change is None and here.normalized_pair is not None and there.normalized_pair is not None:
        change = text_change(here.normalized_pair, there.normalized_pair)
    return change


def _example(example: Example, encodings: Pair[Encoding], aligned: RowAlignment) -> TokenExample:
    here, there = encodings
    return TokenExample(
        row=example.row,
        kinds=list(aligned.kinds),
        text=example.text,
        pair=example.pair,
        reference_pieces=list(here.pieces),
        candidate_pieces=list(there.pieces),
        reference_ids=list(here.input_ids),
        candidate_ids=list(there.input_ids),
        script=[list(step) for step in aligned.script],
    )


def _frame(encoding: Encoding) -> NDArray[np.bool_]:
    """[tokens] True for special tokens that stand for no characters, such as [CLS]."""
    pairs = zip(encoding.special, encoding.segments, strict=True)
    return np.fromiter((special and segment is None for special, segment in pairs), dtype=bool)


def _alone(encoding: Encoding, paired: Integers) -> int:
    """How many tokens of a row are in no pair, special ones excluded."""
    alone = ~_frame(encoding)
    alone[paired] = False
    return int(alone.sum())
