"""How far two distributions of a step are apart."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
import pytest

from parity.measure.drawn import drawn_from, shares
from parity.records.pair import Pair

jensenshannon: Any = importlib.import_module("scipy.spatial.distance").jensenshannon


def _random(seed: int) -> np.ndarray:
    return shares(np.random.default_rng(seed).normal(0, 2, (5, 30)))


def test_total_variation_of_two_coins_is_the_difference_of_their_shares() -> None:
    fair, biased = np.log([[0.5, 0.5]]), np.log([[0.8, 0.2]])
    found = drawn_from(Pair(shares(fair), shares(biased)))
    assert found.variation == pytest.approx([0.3])
    assert found.largest == pytest.approx([0.3])


def test_jensen_shannon_is_that_of_scipy() -> None:
    one, other = _random(0), _random(1)
    expected = jensenshannon(one, other, axis=-1) ** 2
    assert drawn_from(Pair(one, other)).jensen_shannon == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_the_two_sides_can_change_places(seed: int) -> None:
    one, other = _random(seed), _random(seed + 9)
    one[0, :7] = 0.0
    here, there = drawn_from(Pair(one, other)), drawn_from(Pair(other, one))
    assert here.variation == pytest.approx(there.variation)
    assert here.jensen_shannon == pytest.approx(there.jensen_shannon)
    assert here.only_other.tolist() == there.only_one.tolist() == [7, 0, 0, 0, 0]


def test_what_a_truncation_forbids_is_counted_on_the_side_that_can_draw_it() -> None:
    plain = np.array([[1.0, 2.0, 3.0, 4.0]])
    cut = np.array([[-np.inf, -np.inf, 3.0, 4.0]])
    found = drawn_from(Pair(shares(cut), shares(plain)))
    assert ([0], [2]) == (found.only_one.tolist(), found.only_other.tolist())


def test_a_side_that_has_ended_is_as_far_as_can_be() -> None:
    ended = np.full((1, 4), np.nan)
    for best in (False, True):
        found = drawn_from(Pair(shares(np.ones((1, 4))), shares(ended, best=best)))
        assert ([1.0], [math.log(2)]) == (found.variation.tolist(), found.jensen_shannon.tolist())


def test_a_longer_vocabulary_has_tokens_that_it_alone_can_draw() -> None:
    found = drawn_from(Pair(shares(np.zeros((1, 2))), shares(np.zeros((1, 4)))))
    assert ([0], [2]) == (found.only_one.tolist(), found.only_other.tolist())
    assert found.variation == pytest.approx([0.5])


def test_a_side_that_does_not_sample_has_all_on_its_best_token() -> None:
    assert shares(np.array([[0.1, 0.3, 0.2]]), best=True).tolist() == [[0.0, 1.0, 0.0]]
