"""Tokens masked one at a time: which of a text can be, and a forward with some of them masked in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from parity.align.texts import mask_piece
from parity.border.runner import Batch, Reply
from parity.inputs.example import Encoding, Example
from parity.session.session import Session

__all__ = ["mask_id", "maskable", "masked_forward"]


def maskable(encoding: Encoding) -> list[int]:
    """The tokens that stand for text."""
    return [place for place, special in enumerate(encoding.special) if not special]


def masked_forward(
    side: Session, encoding: Encoding, places: Sequence[int], mask: int, output: str
) -> Reply[Batch]:
    """Copies of one text, each with the token at one of the places masked; only the stage `output` is asked for."""
    ids = np.tile(np.array(encoding.input_ids, dtype=np.int64), (len(places), 1))
    ids[np.arange(len(places)), places] = mask
    types = encoding.token_type_ids
    ones = np.ones_like(ids)
    inputs = {
        "input_ids": ids,
        "attention_mask": ones,
        "token_type_ids": None if types is None else np.tile(np.array(types), (len(places), 1)),
        "real": ones,
    }
    return side.runner.forward(inputs=inputs, stages=[output])


def mask_id(side: Session) -> int:
    """The id of a side's mask token, as its tokenizer gives it; -1 where it does not."""
    piece = mask_piece(side.described.tokenizer)
    reply = side.runner.tokenize([Example(0, piece)])
    (encoding,) = reply.wait()
    side.runner.forget(reply.window)
    if encoding is None:
        return -1
    return next(_ids_of(encoding, piece), -1)


def _ids_of(encoding: Encoding, piece: str) -> Iterator[int]:
    return (number for number, one in zip(encoding.input_ids, encoding.pieces, strict=True) if one == piece)
