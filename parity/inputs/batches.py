"""Batches: which rows are run together, and which rows stand for all of them.

Both subjects, and a recording and its replay, must make the same choice; so it depends only on the lengths.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["batches", "sample_rows"]


def batches(
    lengths: Sequence[int], *, token_budget: int = 1024, max_rows: int = 64, multiple: int | None = None
) -> list[list[int]]:
    """Every index of `lengths` once, longest first, so many at a time that rows times longest keeps to the budget.

    Sorting by length halves the work of padding; a row longer than the budget goes alone. Longest first, because a
    batch that does not fit in memory then fails at once. Equal lengths keep their order. With `multiple` a batch holds that many
    rows, or a multiple of them, whatever the budget is: a batch size that was requested holds.

    >>> batches([3, 900, 5, 4000, 4], max_rows=2)
    [[3], [1], [2, 4], [0]]
    >>> batches([3, 900, 5, 4000, 4], max_rows=2, multiple=2)
    [[3, 1], [2, 4], [0]]
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    found: list[list[int]] = []
    start = 0
    while start < len(order):
        longest = max(lengths[order[start]], 1)
        most = min(max_rows, token_budget // longest)
        end = start + (max(1, most) if multiple is None else max(1, most // multiple) * multiple)
        found.append(order[start:end])
        start = end
    return found


def sample_rows(count: int, size: int = 32) -> list[int]:
    """`size` rows of `count`, evenly spaced, with the first and the last; all rows when there are no more.

    >>> sample_rows(10, 4)
    [0, 3, 6, 9]
    """
    if count <= size or size < 2:
        return list(range(min(count, max(size, 0)) if count > size else count))
    return [index * (count - 1) // (size - 1) for index in range(size)]
