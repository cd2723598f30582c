"""Distances by row, as the passes that isolate layers and modules measure them."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as draw

from parity.passes.distance import Distance

VALUES = draw.floats(-1e6, 1e6, width=32)
PAIRS = draw.lists(
    draw.tuples(draw.integers(0, 4), *[draw.tuples(VALUES, VALUES)] * 2), min_size=1, max_size=12
)


@given(PAIRS)
def test_a_distance_is_the_norm_of_the_difference_by_that_of_the_reference(
    seen: list[tuple[int, tuple[float, float], tuple[float, float]]],
) -> None:
    rows, here, there = (list(part) for part in zip(*seen, strict=True))
    found = Distance()
    for row, one, two in seen:  # any split into batches gives the same
        found.add([row], np.array([one]), np.array([two]))
    apart = float(np.linalg.norm(np.array(there) - np.array(here)))
    size = float(np.linalg.norm(np.array(here)))
    expected = 0.0 if apart == 0 else apart / size if size else math.inf
    assert found.relative is not None and math.isclose(expected, found.relative, rel_tol=1e-9)
    differing = {row for row, one, two in seen if one != two}
    assert differing == set(found.rows(0.0))
    assert set(rows) >= differing


def test_a_value_that_is_a_number_on_one_side_only_is_infinitely_far() -> None:
    found = Distance()
    found.add([3], np.array([[1.0, np.nan]]), np.array([[1.0, 2.0]]))
    assert (math.inf, [3], True) == (found.relative, found.rows(1e9), found.beyond(1e9))


def test_what_is_not_a_number_on_both_sides_is_no_difference_of_a_stage() -> None:
    found = Distance()
    found.add([0], np.array([[1.0, np.nan, np.inf]]), np.array([[1.0, np.nan, np.inf]]))
    assert (0.0, []) == (found.relative, found.rows(0.0))


def test_a_row_alone_is_beyond_where_all_rows_together_hide_it() -> None:
    found = Distance()
    for row in range(2000):
        found.add([row], np.array([[1.0]]), np.array([[1.0 + (row == 7) * 1e-3]]))
    assert (found.relative or 0.0) < 5e-5
    assert found.beyond(5e-5) and [7] == found.rows(5e-5)


def test_nothing_is_known_of_what_was_not_seen() -> None:
    assert (None, False) == (Distance().relative, Distance().beyond(0.0))
