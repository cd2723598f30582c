"""Intervals of shares: what a count of hits in a number of trials shows about the true share."""

from __future__ import annotations

import math
from typing import NamedTuple

from parity.statistics.quantiles import beta_quantile, normal_quantile

__all__ = ["Interval", "clopper_pearson", "one_sided_bounds", "paired_proportion_interval", "rows_needed"]

_MOST_ROWS = 10**9


class Interval(NamedTuple):
    """A value's lower and upper bound at some confidence."""

    low: float
    high: float


def clopper_pearson(count: int, trials: int, confidence: float = 0.95) -> Interval:
    """The exact two-sided interval of a share, from `count` of `trials` (Clopper and Pearson, Biometrika 1934).

    Without trials: (0, 1). For a one-sided bound at confidence c use 2c - 1.

    >>> round(clopper_pearson(0, 59, 0.90).high, 4)
    0.0495
    """
    if not 0 <= count <= trials:
        raise ValueError(f"{count} of {trials} is not a share")
    tail = (1 - confidence) / 2
    low = beta_quantile(tail, count, trials - count + 1) if count else 0.0
    high = beta_quantile(1 - tail, count + 1, trials - count) if count < trials else 1.0
    return Interval(low, high)


def one_sided_bounds(count: int, trials: int, confidence: float = 0.95) -> Interval:
    """Two exact bounds of a share, each of which holds at `confidence` by itself: at least `low`, at most `high`.

    >>> round(one_sided_bounds(0, 80).high, 4)
    0.0368
    """
    return clopper_pearson(count, trials, 2 * confidence - 1)


def rows_needed(count: int, trials: int, limit: float, confidence: float = 0.95) -> int | None:
    """How many trials would bound a share by `limit`, if they hit as often as these `count` of `trials` do.

    None where no number would: they hit at least as often as the limit. Hits are rounded up, so that the bound holds.

    >>> rows_needed(0, 80, 0.01), rows_needed(4, 80, 0.01)
    (299, None)
    """
    rate = count / trials if trials else 0.0
    if rate >= limit:
        return None

    def shown(rows: int) -> bool:
        return one_sided_bounds(math.ceil(rate * rows), rows, confidence).high <= limit

    enough = max(trials, 1)
    while not shown(enough):
        enough *= 2
        if enough > _MOST_ROWS:
            return None
    few = enough // 2
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if shown(middle) else (middle, enough)
    return enough


def paired_proportion_interval(won: int, lost: int, n: int, confidence: float = 0.95) -> Interval:
    """The score interval of the difference of two paired shares, (won - lost) / n (Tango, Stat. Med. 1998).

    won: pairs only the second side has right; lost: only the first. All differences that a score test at this confidence
    does not reject; found by bisection. With nothing discordant it is still -z²/(n + z²) to z²/(n + z²).

    >>> low, high = paired_proportion_interval(0, 0, 100)
    >>> round(low, 4), round(high, 4)
    (-0.037, 0.037)
    """
    z = normal_quantile((1 + confidence) / 2)
    seen = (won - lost) / n

    def statistic(delta: float) -> float:
        # q: the likeliest share of `lost` pairs if the difference were delta.
        b = -won - lost + (2 * n - won + lost) * delta
        q = (math.sqrt(max(0.0, b * b + 8 * n * lost * delta * (1 - delta))) - b) / (4 * n)
        variance = n * (2 * q + delta * (1 - delta))
        gap = won - lost - n * delta
        return gap / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap) if gap else 0.0

    def bound(low: float, high: float, target: float) -> float:
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if statistic(middle) > target else (low, middle)
        return (low + high) / 2

    return Interval(bound(-1.0, seen, z), bound(seen, 1.0, -z))
