"""Batches: every row once, within the budget, the same for everyone."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from parity.inputs.batches import batches, sample_rows

LENGTHS = st.lists(st.integers(0, 3000), max_size=300)


@given(LENGTHS)
def test_every_row_is_in_one_batch(lengths: list[int]) -> None:
    assert list(range(len(lengths))) == sorted(row for batch in batches(lengths) for row in batch)


@given(LENGTHS, st.integers(1, 4000), st.integers(1, 70))
def test_no_batch_is_beyond_the_budget_but_a_row_alone(lengths: list[int], budget: int, most: int) -> None:
    for batch in batches(lengths, token_budget=budget, max_rows=most):
        padded = len(batch) * max(lengths[row] for row in batch)
        assert len(batch) <= most
        assert padded <= budget or len(batch) == 1


@given(LENGTHS)
def test_the_longest_come_first(lengths: list[int]) -> None:
    longest = [max(lengths[row] for row in batch) for batch in batches(lengths)]
    assert sorted(longest, reverse=True) == longest


def test_rows_without_tokens_fill_whole_batches() -> None:
    assert [64, 36] == [len(batch) for batch in batches([0] * 100)]


@given(st.integers(0, 20_000), st.integers(1, 64))
def test_the_sample_is_spread_from_the_first_row_to_the_last(count: int, size: int) -> None:
    rows = sample_rows(count, size)
    assert min(count, size) == len(rows) == len(set(rows))
    assert sorted(rows) == rows
    if size > 1 and count:
        assert (0, count - 1) == (rows[0], rows[-1])
        gaps = {later - earlier for earlier, later in pairwise(rows)}
        assert not gaps or max(gaps) - min(gaps) <= 1
