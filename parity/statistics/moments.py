"""Mean and spread of a stream of numbers, and the t interval of their mean."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from parity.statistics.interval import Interval
from parity.statistics.quantiles import t_quantile

__all__ = ["Moments"]


class Moments:
    """Mean and spread of a stream, merged batch by batch without cancellation (Chan, Golub and LeVeque, 1979)."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, values: npt.NDArray[np.float64]) -> None:
        """Take in numbers [n]."""
        if not len(values):
            return
        count, mean = len(values), float(values.mean())
        step, total = mean - self.mean, self.count + len(values)
        self.squares += float(((values - mean) ** 2).sum()) + step * step * self.count * count / total
        self.mean += step * count / total
        self.count = total

    def interval(self, confidence: float) -> Interval | None:
        """The t interval of the mean; None with fewer than two numbers, or where the mean is not finite."""
        if self.count < 2 or not math.isfinite(self.mean):
            return None
        half = t_quantile((1 + confidence) / 2, self.count - 1) * math.sqrt(
            self.squares / (self.count - 1) / self.count
        )
        return Interval(self.mean - half, self.mean + half)
