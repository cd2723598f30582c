"""Where the other side stands for what a side selects: the vectors of its logits for the same tokens, words and masks.

Nothing is matched by guessing: a token is where its number says, and it must be the same piece; a text whose tokens are not the same is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from parity.align.batch import word_numbers
from parity.border.runner import Batch
from parity.border.selected import Per, Selected, SelectedRow
from parity.inputs.example import Encoding, Example

__all__ = ["Place", "Unplaced", "place_row", "vectors_at"]

Floats = NDArray[np.float64]
_BLOCK_BYTES = 1 << 24
_SPACE = str.maketrans({"\u0120": " ", "\u2581": " ", "\u010a": "\n"})


class Place(NamedTuple):
    """One selection, and the place of the logits that it is held against: the row of the batch, and the position in it."""

    selected: Selected
    row: int
    position: int


class Unplaced(NamedTuple):
    """Why selections of a row are not compared."""

    reason: str


class _Row(NamedTuple):
    """One row of a batch: its number there, what was selected in it, and how the other side encoded it."""

    number: int
    selected: SelectedRow
    encoding: Encoding | None
    example: Example


def place_row(
    per: Per,
    batch: Batch,
    number: int,
    selected: SelectedRow,
    seen: tuple[Encoding | None, Example],
    mask: str,
) -> list[Place] | Unplaced:
    """The places of one row's selections; the reason where they have none. `mask` is the piece that stands for a token to predict."""
    if selected.reason:
        return Unplaced(selected.reason)
    row = _Row(number, selected, *seen)
    if per == "row":
        return [Place(one, number, 0) for one in selected.places]
    if per == "word":
        return _words(row, batch)
    if row.encoding is None or "real" not in batch.stages:
        return Unplaced("a side does not report its tokens")
    real = np.flatnonzero(batch.stages["real"].values[number])
    if len(real) != len(row.encoding.input_ids):
        return Unplaced("a side was fed other tokens than it reports")
    if per == "mask":
        return _masks(row, row.encoding, real, mask)
    return _tokens(row, row.encoding, real) if per == "token" else _next(row, row.encoding, real)


def _words(row: _Row, batch: Batch) -> list[Place] | Unplaced:
    numbers = word_numbers(batch)
    if numbers is None:
        return Unplaced("a side does not report the words of its tokens")
    there = {int(word): place for place, word in enumerate(numbers[row.number])}
    chosen = [one for one in row.selected.places if one.at in there]
    alone = len(there) + len(row.selected.places) - 2 * len(chosen)
    if alone:
        return Unplaced(f"{alone} of its words have a class on one side only")
    return [Place(one, row.number, there[one.at]) for one in chosen]


def _masks(row: _Row, encoding: Encoding, real: NDArray[np.int64], mask: str) -> list[Place] | Unplaced:
    masks = [place for place, piece in enumerate(encoding.pieces) if piece == mask]
    if not masks or len(masks) != len(row.selected.places):
        return Unplaced(f"one side has {len(masks)} masks, and {len(row.selected.places)} are filled")
    return [Place(one, row.number, int(real[masks[one.at]])) for one in row.selected.places]


def _tokens(row: _Row, encoding: Encoding, real: NDArray[np.int64]) -> list[Place] | Unplaced:
    found: list[Place] = []
    for one in row.selected.places:
        if one.at >= len(real) or not _same(one, encoding, one.at, row.example):
            return Unplaced(_unlike(one, encoding, one.at))
        found.append(Place(one, row.number, int(real[one.at])))
    decided = sum(not special for special in encoding.special)
    if len(found) != decided:
        return Unplaced(f"{len(found)} tokens have a class on one side, and {decided} on the other")
    return found


def _next(row: _Row, encoding: Encoding, real: NDArray[np.int64]) -> list[Place] | Unplaced:
    """What is selected for the token at a position follows from the logits of the position before it."""
    places = row.selected.places
    if not places:
        return []
    first = next((place for place, special in enumerate(encoding.special) if not special), 0)
    count = 1 + max(one.at for one in places)
    # A file may count from the first token of the text, without what a tokenizer puts before it.
    shifts = [shift for shift in dict.fromkeys((0, first)) if count + shift == len(real)]
    if not shifts:
        return Unplaced(f"it has {count} tokens, and the other side {len(real)}")
    reason = ""
    for shift in shifts:
        wrong = next((one for one in places if not _same(one, encoding, one.at + shift, row.example)), None)
        if wrong is None:
            return [
                Place(_of_text(one, encoding, one.at + shift), row.number, int(real[one.at + shift - 1]))
                for one in places
                if one.at + shift > 0
            ]
        reason = reason or _unlike(wrong, encoding, wrong.at + shift)
    return Unplaced(reason)


def _of_text(one: Selected, encoding: Encoding, at: int) -> Selected:
    """The token of the text by its id, which is known where the tokens are the same."""
    if one.best:
        return one
    return msgspec.structs.replace(one, names=[encoding.input_ids[at]], shown=[encoding.pieces[at]])


def _same(one: Selected, encoding: Encoding, at: int, example: Example) -> bool:
    """Whether the token that a selection is about is the one that stands there; where nothing tells it, its number counts."""
    if one.piece is None:
        return True
    if isinstance(one.piece, int):
        return one.piece == encoding.input_ids[at]
    return one.piece.strip() in {text.strip() for text in _written(encoding, at, example)}


def _written(encoding: Encoding, at: int, example: Example) -> Sequence[str]:
    """How a token may be written: as its piece, with spaces in place of markers, or as it stands in the text."""
    piece, span = encoding.pieces[at], encoding.offsets[at]
    whole = example.pair if encoding.segments[at] == 1 else example.text
    shown = [piece, piece.translate(_SPACE), piece.removeprefix("##")]
    return shown if span is None or whole is None else [*shown, whole[span[0] : span[1]]]


def _unlike(one: Selected, encoding: Encoding, at: int) -> str:
    there = encoding.pieces[at] if at < len(encoding.pieces) else "nothing"
    return f"its token {one.at} is {one.piece!r}, and the other side has {there!r} there"


def vectors_at(batch: Batch, stage: str, places: Sequence[Place]) -> Iterator[tuple[Place, Floats]]:
    """The logits of each place in float64; of a wide stage as many at a time as may cross at once."""
    tensor = batch.stages[stage]
    if tensor.wide is None:
        for place in places:
            row = tensor.values[place.row]
            yield place, np.asarray(row if row.ndim == 1 else row[place.position], dtype=np.float64)
        return
    step = max(1, _BLOCK_BYTES // tensor.wide.bytes_each)
    width = tensor.values.shape[1]
    for start in range(0, len(places), step):
        part = places[start : start + step]
        block = tensor.wide.block(
            np.array([place.row * width + place.position for place in part], dtype=np.int64)
        )
        for place, values in zip(part, block, strict=True):
            yield place, np.asarray(values, dtype=np.float64)
