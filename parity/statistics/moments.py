"""Mean and spread of numbers that come one by one, and the t interval of their mean."""

from __future__ import annotations

import math

from parity.statistics.interval import Interval
from parity.statistics.quantiles import t_quantile

__all__ = ["Moments"]


class Moments:
    """Mean and sum of squared distances from it, without cancellation (Welford, 1962)."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        """Take in a number."""
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self.squares += step * (value - self.mean)

    def interval(self, confidence: float) -> Interval | None:
        """None with fewer than two numbers."""
        if self.count < 2:
            return None
        error = math.sqrt(self.squares / (self.count - 1) / self.count)
        half = t_quantile((1 + confidence) / 2, self.count - 1) * error
        return Interval(self.mean - half, self.mean + half)
