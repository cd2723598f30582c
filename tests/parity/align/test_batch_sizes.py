"""Batch sizes: each side's own holds, and what is compared at a time fits both."""

from __future__ import annotations

from typing import Any

import pytest

from parity.align.batch_sizes import BatchSizes, batch_sizes_of
from parity.border.description import Abilities, Description
from parity.border.runner import Group
from parity.records.pair import Pair


def side(size: int | None = None, most: int | None = None) -> Description:
    values: dict[str, Any] = {"framework": "toy", "versions": {}, "stages": [], "can": Abilities()}
    return Description(**values, batch_size=size, max_rows=most)


def sizes(here: Description, there: Description) -> BatchSizes:
    return batch_sizes_of(Pair(here, there))


def test_without_a_requested_size_both_run_in_the_same_batches() -> None:
    assert BatchSizes() == sizes(side(), side())
    assert BatchSizes(most=8) == sizes(side(most=8), side(most=32))
    assert () == sizes(side(most=1), side()).groups(1, 1)


def test_equal_sizes_are_the_batches_that_are_compared() -> None:
    found = sizes(side(4), side(4))
    assert [4, 4, 2] == [len(batch) for batch in found.batches([900] * 10)]
    assert () == found.groups(0, 4) == found.groups(1, 2)


@pytest.mark.parametrize(
    ("here", "there", "of", "multiple"), [(1, None, (1, None), 1), (6, 4, (6, 4), 12), (50, 16, (50, 16), 50)]
)
def test_a_size_of_one_side_holds_for_it_alone(
    here: int | None, there: int | None, of: tuple[int | None, int | None], multiple: int
) -> None:
    found = sizes(side(here), side(there))
    assert Pair(*of) == found.of
    assert {0} == {len(batch) % multiple for batch in found.batches([5] * 150)[:-1]}


def test_the_rows_of_a_side_are_cut_into_groups_of_its_size() -> None:
    found = sizes(side(6), side(4))
    assert (Group(6), Group(6)) == found.groups(0, 12)
    assert (Group(4), Group(4), Group(4)) == found.groups(1, 12)
    assert (Group(4), Group(3)) == found.groups(1, 7)


def test_a_side_that_takes_one_row_at_a_time_leaves_the_size_of_the_other_as_it_is() -> None:
    found = sizes(side(most=1), side(16))
    assert Pair(1, 16) == found.of
    assert [16, 4] == [len(batch) for batch in found.batches([500] * 20)]
