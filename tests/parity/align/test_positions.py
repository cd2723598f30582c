"""Pairing the real positions of two padded batches."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from parity.align.positions import gather, pair_positions

Lengths = st.lists(st.integers(1, 6), min_size=1, max_size=5)


def _padded(lengths: list[int], side: str, extra: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The real mask and, at every real place, a value that names row and rank."""
    width = max(lengths) + extra
    real = np.zeros((len(lengths), width), np.uint8)
    values = np.full((len(lengths), width, 1), -1, np.int64)
    for row, length in enumerate(lengths):
        start = width - length if side == "left" else 0
        real[row, start : start + length] = 1
        values[row, start : start + length, 0] = 100 * row + np.arange(length)
    return real, values


@given(Lengths, st.sampled_from(["left", "right"]), st.integers(0, 3), st.integers(0, 3))
def test_equal_rows_are_paired_by_rank_whatever_the_padding(
    lengths: list[int], side: str, one: int, other: int
) -> None:
    real, values = _padded(lengths, "right", one)
    theirs, candidate = _padded(lengths, side, other)
    pairing = pair_positions(real, theirs)
    left, right = gather(values, pairing.reference), gather(candidate, pairing.candidate)
    np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(left[:, 0], 100 * pairing.rows + pairing.ranks)
    assert sum(lengths) == len(left)


def test_batches_without_padding_are_compared_without_a_copy() -> None:
    values = np.arange(12.0).reshape(2, 3, 2)
    pairing = pair_positions(np.ones((2, 3), np.uint8), np.ones((2, 3), np.uint8))
    assert pairing.reference is None
    assert np.shares_memory(values, gather(values, pairing.reference))


def test_rows_with_an_alignment_are_paired_by_it() -> None:
    real = np.array([[1, 1, 1], [1, 1, 0]], np.uint8)
    pairing = pair_positions(real, real, [np.array([[0, 0], [2, 1]]), None])
    assert pairing.reference is not None and pairing.candidate is not None
    assert [0, 2, 3, 4] == pairing.reference.tolist()
    assert [0, 1, 3, 4] == pairing.candidate.tolist()
    assert [0, 2, 0, 1] == pairing.ranks.tolist()
