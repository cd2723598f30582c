"""Flips of one token: the margin, the noise that is measured at the step, and whether it explains the flip."""

from __future__ import annotations

import math

import numpy as np
import pytest

from parity.measure.flip import flip_of
from parity.records.pair import Pair


def _scores(size: int = 500, **changed: float) -> np.ndarray:
    values = np.random.default_rng(0).normal(0, 0.1, size)
    values[0], values[1] = 5.0, 4.9999
    for name, value in changed.items():
        values[int(name[1:])] = value
    return values


def test_a_flip_within_the_rounding_of_both_sides_is_explained_by_noise() -> None:
    exact = _scores()
    chance = np.random.default_rng(1)
    ours, theirs = (exact + chance.normal(0, 1e-3, exact.size) for _ in range(2))
    ours[:2], theirs[:2] = (5.0, 4.9999), (4.9998, 5.0001)
    found = flip_of(Pair(ours, theirs), Pair(exact, exact), Pair(0, 1))
    assert found.explained
    assert found.margin == pytest.approx(1e-4)
    assert found.noise == pytest.approx(5 * math.sqrt(2) * math.hypot(1e-3, 1e-3), rel=0.1)


def test_a_flip_of_models_that_differ_is_not() -> None:
    ours, theirs = _scores(), _scores(_1=5.2)
    found = flip_of(Pair(ours, theirs), Pair(ours + 1e-7, theirs - 1e-7), Pair(0, 1))
    assert found.explained is False
    assert found.margin == pytest.approx(1e-4)


def test_where_both_prefer_the_same_token_in_float64_only_rounding_is_left() -> None:
    ours, theirs = _scores(), _scores(_1=5.5)
    exact = _scores()
    assert flip_of(Pair(ours, theirs), Pair(exact, exact), Pair(0, 1)).explained


def test_without_a_float64_run_it_is_not_known() -> None:
    assert (None, None) == flip_of(Pair(_scores(), _scores(_1=6.0)), None, Pair(0, 1))[1:]


def test_a_token_that_a_processor_forbids_has_no_margin_and_no_excuse() -> None:
    forbidden = _scores(_1=-np.inf)
    assert (None, None, False) == tuple(flip_of(Pair(forbidden, _scores()), None, Pair(0, 1)))


def test_a_token_beyond_the_vocabulary_has_no_margin() -> None:
    assert (None, None, False) == tuple(flip_of(Pair(_scores(), _scores()), None, Pair(0, 900)))
