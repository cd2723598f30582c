"""Spans: the best one against every one, and where the scores point without a mask."""

from __future__ import annotations

import numpy as np

from parity.measure.spans import LONGEST, best_span, best_spans, span_score, unmasked


def test_the_best_span_is_the_best_of_all() -> None:
    drawn = np.random.default_rng(3)
    for length in (1, 2, 7, 40, 70):
        start, end = drawn.normal(size=(2, length))
        context = drawn.random(length) < 0.7
        every = [
            (start[first] + end[last], first, last)
            for first in np.flatnonzero(context)
            for last in np.flatnonzero(context)
            if first <= last < first + LONGEST
        ]
        found = best_span(start, end, context)
        if not every:
            assert found is None
            continue
        score, first, last = max(every)
        assert found is not None
        assert [first, last, score] == [found.start, found.end, found.score]
        for other in every[:20]:
            assert other[0] == span_score(start, end, context, (int(other[1]), int(other[2])))
        expected: list[tuple[float, ...]] = [
            (float(one[0]), int(one[1]), int(one[2])) for one in sorted(every, reverse=True)[:5]
        ]
        assert expected == [(span[2], *span[:2]) for span in best_spans(start, end, context, 5)]


def test_a_context_without_tokens_or_with_nan_has_no_answer() -> None:
    scores = np.array([1.0, np.nan])
    assert best_span(scores, scores, np.array([False, False])) is None
    assert best_span(scores, scores, np.array([True, True])) is None
    assert best_span(scores, scores, np.array([True, False])) is not None


def test_a_span_that_no_side_could_choose_has_no_score() -> None:
    scores, context = np.array([1.0, 2.0, 3.0]), np.array([False, True, True])
    assert [-np.inf] * 3 == [span_score(scores, scores, context, other) for other in ((0, 1), (2, 1), (1, 9))]


def test_the_largest_of_all_positions_may_lie_in_padding() -> None:
    scores, real = np.array([1.0, 2.0, 2.5]), np.array([True, True, False])
    assert unmasked(scores, scores, real, 0.0)
    assert not unmasked(scores, scores, real, 1.0)
    assert not unmasked(scores, scores, np.array([True, True, True]), 0.0)
