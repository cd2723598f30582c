"""What two float64 runs of one side amount to."""

from __future__ import annotations

import pytest

from parity.records.float64_status import coarser_status


@pytest.mark.parametrize(
    ("known", "new", "expected"),
    [
        ("", "pure", "pure"),
        ("pure", "kept: to", "kept: to"),
        ("kept: to", "pure", "kept: to"),
        ("mixed: bmm", "kept: to", "mixed: bmm"),
        ("kept: to", "unchecked", "unchecked"),
    ],
)
def test_two_float64_runs_are_as_good_as_the_coarser(known: str, new: str, expected: str) -> None:
    assert expected == coarser_status(known, new)
