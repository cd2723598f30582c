"""Batch sizes: how many rows each side is given at a time, and how many are compared at a time.

A batch size that a user gives one side holds for that side alone: what a batch changes is part of what is compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from parity.border.description import Description
from parity.border.runner import Group
from parity.inputs.batches import batches
from parity.records.pair import Pair

__all__ = ["BatchSizes", "batch_sizes_of"]

_ROWS_AT_ONCE = 64
_WIDE_BYTES = 1 << 26  # of one batch of a stage with a column for each word of a vocabulary


class BatchSizes(NamedTuple):
    """`of` is how many rows each side is run with (None: all that are compared at a time); of those there are up to `most`,
    and where a side has a size of its own, a multiple of it that fits both. A batch has at most `budget` positions, or one row."""

    of: Pair[int | None] = Pair(None, None)
    most: int = _ROWS_AT_ONCE
    multiple: int | None = None
    budget: int = 1024

    def of_wide(self, columns: int) -> BatchSizes:
        """The same for a pair with a stage of so many columns: batches are small, but where a user gave a batch size."""
        if self.multiple is not None:
            return self
        return self._replace(budget=max(64, min(self.budget, _WIDE_BYTES // (4 * columns))))

    def groups(self, number: int, rows: int) -> tuple[Group, ...]:
        """How a side (0, 1) runs so many rows: in which groups; empty where it runs all together."""
        size = self.of[number]
        if size is None or size >= rows:
            return ()
        return tuple(Group(min(size, rows - start)) for start in range(0, rows, size))

    def batches(self, lengths: Sequence[int]) -> list[list[int]]:
        """Every index of `lengths` once, in batches that are compared at a time."""
        return batches(lengths, max_rows=self.most, multiple=self.multiple, token_budget=self.budget)


def batch_sizes_of(sides: Pair[Description]) -> BatchSizes:
    """The sizes of a pair. Where no user gave one, both sides run in the same batches, up to what the smaller can take."""
    limits = [side.max_rows for side in sides if side.max_rows is not None]
    if all(side.batch_size is None for side in sides):
        return BatchSizes(most=min([_ROWS_AT_ONCE, *limits]))
    own = Pair(*(side.batch_size or side.max_rows for side in sides))
    known = [size for size in own if size is not None]
    if len(known) == 2 and len(set(known)) == 1:
        return BatchSizes(own, known[0], known[0])
    multiple = math.lcm(*known)
    multiple = multiple if multiple <= _ROWS_AT_ONCE else max(known)
    return BatchSizes(own, max(_ROWS_AT_ONCE, multiple), multiple)
