"""What language models predict, against plain sorting and a softmax written down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.measure.activation import log_softmax
from parity.measure.language import BEST, OverlapSums, best_of, log_sums, outlook_of, two_ways

SEEDS = st.integers(0, 2**32 - 1)


def _logits(seed: int, columns: int, rows: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=3.0, size=(rows, columns))


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 60), st.integers(1, 12))
def test_the_best_are_the_largest_in_their_order(seed: int, columns: int, count: int) -> None:
    logits = np.round(_logits(seed, columns), 1)  # some are equal
    found = best_of(logits, count)
    values = np.take_along_axis(logits, found, axis=1)
    assert np.array_equal(-np.sort(-logits, axis=1)[:, :count], values)
    equal = values[:, 1:] == values[:, :-1]
    assert (found[:, 1:] > found[:, :-1])[equal].all()


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 60))
def test_the_log_probability_of_a_token_is_that_of_a_softmax(seed: int, columns: int) -> None:
    logits = _logits(seed, columns)
    targets = np.random.default_rng(seed).integers(-1, columns, len(logits))
    best = best_of(logits, BEST)
    found = outlook_of(logits, best, best, targets).target
    expected = np.where(targets < 0, np.nan, log_softmax(logits)[np.arange(len(logits)), targets])
    assert pytest.approx(expected, nan_ok=True) == found
    assert pytest.approx(np.log(np.exp(logits).sum(axis=1))) == log_sums(logits)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(12, 60), st.floats(0.0, 3.0))
def test_the_overlap_is_that_of_two_sets(seed: int, columns: int, apart: float) -> None:
    here, noise = _logits(seed, columns), _logits(seed ^ 1, columns)
    there = here + apart * noise
    best = [best_of(side, BEST) for side in (here, there)]
    none = np.full(len(here), -1)
    sums = OverlapSums()
    sums.add(outlook_of(here, best[0], best[1], none), outlook_of(there, best[1], best[0], none))
    for at, mean, least in sums.overlaps():
        shares = [
            len({*one[:at]} & {*other[:at]}) / at
            for one, other in zip(best[0].tolist(), best[1].tolist(), strict=True)
        ]
        assert pytest.approx([np.mean(shares), min(shares)]) == [mean, least]


def test_equals_are_shared_whichever_is_named() -> None:
    here = np.array([[9.0, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]])
    there = here[:, [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 10, 9]]
    best = [np.array([[*range(9), 9]]), np.array([[*range(9), 11]])]
    none = np.array([-1])
    sums = OverlapSums()
    sums.add(outlook_of(here, best[0], best[1], none), outlook_of(there, best[1], best[0], none))
    assert [(5, 1.0, 1.0), (10, 1.0, 1.0)] == sums.overlaps()


@settings(max_examples=40, deadline=None)
@given(st.floats(-700.0, -1e-12))
def test_two_logits_keep_a_log_probability(value: float) -> None:
    found = log_softmax(two_ways(np.array([value])))
    assert pytest.approx(value, rel=1e-9) == found[0, 0]
