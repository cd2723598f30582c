"""Which position of a padded batch here is which there: real tokens by rank, or by an alignment where rows differ.

Padding is never paired, whichever side it is on and whatever the attention mask says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pairing", "gather", "pair_positions"]

Integers = NDArray[np.int64]


class Pairing(NamedTuple):
    """Paired positions of two padded batches, all of length n.

    `reference` and `candidate` are flat indices into [rows * columns] of each side, or None when every position is real and
    in place (no copy is needed then); `rows` are batch rows, `ranks` the reference's real-token ranks within the row.
    """

    reference: Integers | None
    candidate: Integers | None
    rows: Integers
    ranks: Integers


def pair_positions(
    reference: NDArray[np.uint8], candidate: NDArray[np.uint8], pairs: Sequence[Integers | None] | None = None
) -> Pairing:
    """Pair the real positions of two batches.

    reference, candidate: [rows, columns], 1 where a real token (or word) sits; the two may be padded differently.
    pairs: for each row None (its tokens are equal: paired by rank) or an integer array [n, 2] of (reference rank, candidate
    rank). Rows paired by rank whose counts differ are paired as far as the shorter goes.

    >>> pair_positions(np.array([[1, 1, 0]], np.uint8), np.array([[0, 1, 1]], np.uint8)).candidate
    array([1, 2])
    """
    plain = pairs is None or all(item is None for item in pairs)
    if plain and reference.shape == candidate.shape and reference.all() and candidate.all():
        rows, ranks = np.indices(reference.shape).reshape(2, -1)
        return Pairing(None, None, rows, ranks)
    if plain and len(reference) == len(candidate):
        counts = np.count_nonzero(reference, axis=1)
        if np.array_equal(counts, np.count_nonzero(candidate, axis=1)):
            return _by_rank(reference, candidate, counts)
    ours, theirs = _by_row(reference), _by_row(candidate)
    flat_reference: list[Integers] = []
    flat_candidate: list[Integers] = []
    rows_of: list[Integers] = []
    ranks_of: list[Integers] = []
    for row, (here, there) in enumerate(zip(ours, theirs, strict=True)):
        chosen = None if pairs is None else pairs[row]
        if chosen is None:
            count = min(len(here), len(there))
            ranks, others = np.arange(count), np.arange(count)
        else:
            ranks, others = chosen[:, 0], chosen[:, 1]
        flat_reference.append(here[ranks])
        flat_candidate.append(there[others])
        rows_of.append(np.full(len(ranks), row))
        ranks_of.append(ranks)
    return Pairing(*(np.concatenate(part) for part in (flat_reference, flat_candidate, rows_of, ranks_of)))


def gather(values: NDArray[np.generic], index: Integers | None) -> NDArray[np.generic]:
    """The vectors [n, width] at flat positions of [rows, columns, ...]; a view when index is None."""
    flat = values.reshape(values.shape[0] * values.shape[1], -1)
    return flat if index is None else flat.take(index, axis=0)


def _by_rank(reference: NDArray[np.uint8], candidate: NDArray[np.uint8], counts: NDArray[np.intp]) -> Pairing:
    """The pairing of two batches whose rows hold equally many real positions: no row is treated by itself."""
    places = np.flatnonzero(reference)
    rows = np.repeat(np.arange(len(counts)), counts)
    ranks = np.arange(len(places)) - (np.cumsum(counts) - counts)[rows]
    return Pairing(places, np.flatnonzero(candidate), rows, ranks)


def _by_row(real: NDArray[np.uint8]) -> list[Integers]:
    width = real.shape[1]
    return [np.flatnonzero(row) + number * width for number, row in enumerate(real)]
