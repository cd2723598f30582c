"""Selections held against logits: the best spans, the scores of names, and what rounding explains."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax  # type: ignore[import-untyped]

from parity.measure.noise import StageNoise
from parity.measure.selection import explained, held, noise_of_scores, shares, spans_of

logits = st.lists(st.floats(-20, 20), min_size=2, max_size=9).map(np.array)


@given(logits)
def test_shares_are_the_softmax(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    np.testing.assert_allclose(softmax(values), shares(values), rtol=1e-12)


@given(logits, st.data())
def test_the_best_that_was_not_named_is_the_largest_of_the_others(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.integers(0, len(values) - 1), min_size=1, unique=True))
    powers = shares(values)
    found = held(powers, names)
    others = [powers[place] for place in range(len(values)) if place not in names]
    assert tuple(powers[names]) == found.scores
    assert (max(others) if others else None) == found.unnamed
    assert powers.max() == found.top
    assert 0 <= found.common <= len(names)


@given(st.integers(2, 7), st.integers(1, 4), st.integers(1, 6), st.data())
def test_the_best_spans_are_those_of_all_spans_in_the_context(
    length: int, longest: int, most: int, data: st.DataObject
) -> None:
    side = st.lists(st.integers(-5, 5), min_size=length, max_size=length, unique=length < 10)
    start, end = (np.array(data.draw(side), dtype=np.float64) for _ in range(2))
    context = np.array([False, *data.draw(st.lists(st.booleans(), min_size=length - 1, max_size=length - 1))])
    if not context.any():
        return
    scored = context.copy()
    scored[0] = True
    begins, ends = np.zeros(length), np.zeros(length)
    begins[scored], ends[scored] = softmax(start[scored]), softmax(end[scored])
    all_of_them = {
        (first, last): begins[first] * ends[last]
        for first, last in itertools.product(range(length), repeat=2)
        if first <= last < first + longest and context[first] and context[last]
    }
    found = spans_of(start, end, context, scored, longest, most)
    expected = sorted(all_of_them.values(), reverse=True)[:most]
    np.testing.assert_allclose(expected, found.scores, rtol=1e-12)
    for place, score in zip(found.places, found.scores, strict=True):
        assert score == pytest.approx(all_of_them[place])


@given(logits, st.floats(1e-9, 1e-3), st.data())
def test_logits_moved_by_rounding_move_a_score_by_no_more_than_its_noise(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], moved: float, data: st.DataObject
) -> None:
    steps = data.draw(st.lists(st.floats(-moved, moved), min_size=len(values), max_size=len(values)))
    noise = noise_of_scores([StageNoise(0.0, moved)], "float32", 1.0)
    ratio = shares(values + np.array(steps)) / shares(values)
    assert np.abs(ratio - 1).max() <= noise.relative_l2 * 1.01


def test_what_was_not_measured_is_taken_from_the_size_of_the_logits_and_their_dtype() -> None:
    fine, coarse = (noise_of_scores([None], dtype, 10.0).relative_l2 for dtype in ("float32", "bfloat16"))
    assert 1e-6 < fine < 1e-3 < coarse


@pytest.mark.parametrize(("higher", "expected"), [(0.5, True), (0.500001, True), (0.51, False)])
def test_rounding_explains_a_small_lead(higher: float, expected: bool) -> None:
    assert expected == explained(higher, 0.5, StageNoise(1e-6, 1e-6))
