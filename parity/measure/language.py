"""What two language models give at the same positions: how many of the likeliest tokens they share, and how likely each holds the token
that is there.

All in float64, position by position, from logits that are not kept.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "AT",
    "BEST",
    "Outlook",
    "OverlapSums",
    "Target",
    "best_of",
    "log_sums",
    "outlook_of",
    "two_ways",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Target = Literal["", "next", "here"]
"""Which token of a row the logits of a position are held against: that of the next position, or the one there (empty: none)."""
AT = (5, 10)
"""Of how many of the likeliest tokens the overlap is taken."""
BEST = AT[-1]


class Outlook(NamedTuple):
    """What one side gives at n positions.

    `best` [n, k] are its likeliest tokens, likeliest first, `values` [n, k] their logits, `of_other` [n, k] its logits of the other
    side's likeliest, and `target` [n] the log probability of the token that is there (NaN: there is none).
    """

    best: Integers
    values: Floats
    of_other: Floats
    target: Floats

    def chosen(self, positions: npt.NDArray[np.bool_]) -> Outlook:
        """The same at some of the positions."""
        return Outlook(
            self.best[positions], self.values[positions], self.of_other[positions], self.target[positions]
        )


def outlook_of(logits: Floats, best: Integers, other: Integers, targets: Integers) -> Outlook:
    """The outlook of a side from all its logits [n, columns]; `other` are the other side's likeliest tokens, a target below 0 is none."""
    found = np.full(len(logits), np.nan)
    there = (targets >= 0) & (targets < logits.shape[1])
    if there.any():
        some = logits if there.all() else logits[there]
        found[there] = some[np.arange(len(some)), targets[there]] - log_sums(some)
    return Outlook(
        best, np.take_along_axis(logits, best, axis=1), np.take_along_axis(logits, other, axis=1), found
    )


def best_of(logits: npt.NDArray[Any], count: int) -> Integers:
    """[n, count] the columns of the largest values, the largest first, and of equals the first column first."""
    columns = logits.shape[1]
    if count >= columns:
        return np.argsort(-logits, axis=1, kind="stable").astype(np.int64)
    found = np.sort(np.argpartition(logits, columns - count, axis=1)[:, columns - count :], axis=1)
    order = np.argsort(-np.take_along_axis(logits, found, axis=1), axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1).astype(np.int64)


def log_sums(logits: Floats) -> Floats:
    """[n] the logarithm of the sum of the exponentials of each row."""
    with np.errstate(invalid="ignore", divide="ignore"):
        top = logits.max(axis=1, initial=-np.inf)
        return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(axis=1)))


def two_ways(target: Floats) -> Floats:
    """[n, 2] logits of the token that is there and of any other, from its log probability: a softmax gives the same probability.

    >>> two_ways(np.log(np.array([0.25]))).round(4).tolist()
    [[-1.3863, -0.2877]]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        other = np.where(target > -0.5, np.log(-np.expm1(target)), np.log1p(-np.exp(target)))
    return np.stack([target, other], axis=1)


class OverlapSums:
    """The share of the k likeliest tokens that both sides have, over positions: its mean, and the least of a position.

    A token that the other side holds as likely as its own last one counts as shared: which of equals is named is decided by nothing.
    """

    def __init__(self) -> None:
        self.positions = 0
        self._sums = np.zeros(len(AT))
        self._least = np.ones(len(AT))

    def add(self, here: Outlook, there: Outlook) -> None:
        """Take in n positions."""
        if not len(here.best):
            return
        self.positions += len(here.best)
        for place, at in enumerate(AT):
            last = min(at, here.best.shape[1])
            shared = [
                (one.of_other[:, :last] >= one.values[:, last - 1 : last]).sum(axis=1)
                for one in (here, there)
            ]
            shares = np.minimum(*shared) / last
            self._sums[place] += shares.sum()
            self._least[place] = min(self._least[place], shares.min())

    def overlaps(self) -> list[tuple[int, float, float]]:
        """For each k the mean and the least share; nothing without a position."""
        if not self.positions:
            return []
        means, least = (self._sums / self.positions).tolist(), self._least.tolist()
        return list(zip(AT, means, least, strict=True))
