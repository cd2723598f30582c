"""What two sides draw a token from, at each of several steps: how far the two distributions are apart.

A step at which one side has ended has no scores (not a number): nothing that the other draws there can be drawn, so that the two are as
far apart as can be.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.records.pair import Pair

__all__ = ["Drawn", "drawn_from", "shares"]

_Floats = NDArray[np.float64]


class Drawn(NamedTuple):
    """For each step: total variation, Jensen-Shannon divergence in nats, the largest difference of one token's probability with the
    token, and how many tokens the one side alone and the other alone can draw."""

    variation: _Floats
    jensen_shannon: _Floats
    largest: _Floats
    token: NDArray[np.int64]
    only_one: NDArray[np.int64]
    only_other: NDArray[np.int64]


def drawn_from(sides: Pair[_Floats]) -> Drawn:
    """How far apart two sides' probabilities [steps, vocabulary] are; a vocabulary that is longer on one side has tokens that only it draws.

    >>> found = drawn_from(Pair(shares(np.array([[0.0, 0.0]])), shares(np.array([[0.0, -np.inf]]))))
    >>> found.variation, found.largest, found.only_one, found.only_other
    (array([0.5]), array([0.5]), array([1]), array([0]))
    """
    width = max(side.shape[-1] for side in sides)
    one, other = (np.pad(side, ((0, 0), (0, width - side.shape[-1]))) for side in sides)
    ended = np.isnan(one).any(axis=-1) | np.isnan(other).any(axis=-1)
    one, other = np.nan_to_num(one), np.nan_to_num(other)
    difference = np.abs(one - other)
    middle = 0.5 * (one + other)
    divergence = 0.5 * (_relative(one, middle) + _relative(other, middle))
    return Drawn(
        np.where(ended, 1.0, 0.5 * difference.sum(axis=-1)),
        np.where(ended, math.log(2.0), np.maximum(divergence, 0.0)),
        np.where(ended, 1.0, difference.max(axis=-1)),
        difference.argmax(axis=-1),
        ((one > 0) & (other == 0)).sum(axis=-1),
        ((other > 0) & (one == 0)).sum(axis=-1),
    )


def shares(scores: NDArray[np.floating], *, best: bool = False) -> _Floats:
    """The probabilities that scores [steps, vocabulary] stand for; with `best` all is on the largest, as a side without sampling chooses.

    >>> shares(np.array([[0.0, 0.0]])), shares(np.array([[0.0, 1.0]]), best=True)
    (array([[0.5, 0.5]]), array([[0., 1.]]))
    """
    values = scores.astype(np.float64)
    if best:
        ended = np.isnan(values).any(axis=-1, keepdims=True)
        chosen: _Floats = np.zeros_like(values)
        np.put_along_axis(chosen, np.nan_to_num(values, nan=0.0).argmax(axis=-1)[..., None], 1.0, axis=-1)
        return np.where(ended, np.nan, chosen)
    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float64)


def _relative(one: _Floats, middle: _Floats) -> _Floats:
    """The relative entropy of each step; a token of probability 0 adds nothing."""
    ratio = np.divide(one, middle, out=np.ones_like(one), where=one > 0)
    return np.asarray((one * np.log(ratio)).sum(axis=-1), np.float64)
