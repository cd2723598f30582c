"""What is claimed, and a row of the table: a claim beside what was seen."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.statistics.interval import Interval

RUNS = (3, 5, 10)
SLACK = 3.0


class Claim(NamedTuple):
    """Between which two values something is claimed to lie."""

    low: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:.3f}"
        if self.low == 0:
            return f"at most {self.high:.3f}"
        if self.high == 1:
            return f"at least {self.low:.3f}"
        return f"{self.low:.3f} to {self.high:.3f}"


class Row(NamedTuple):
    """One line of the table. error: the Monte-Carlo standard error of what was seen."""

    statistic: str
    setting: str
    runs: str
    claim: Claim
    seen: float
    error: float

    @property
    def holds(self) -> bool:
        slack = SLACK * self.error + 1e-9
        return self.claim.low - slack <= self.seen <= self.claim.high + slack


EXACT = Claim(0.95, 0.95)
# What the forms that count some variance twice are claimed to cover: the nominal share, or more.
WIDE = Claim(0.96, 1.0)
MACRO = Claim(0.955, 0.98)
# Distances are squares of what differs, so that with few runs their estimate is skewed.
SKEWED = Claim(0.93, 0.965)
CROSSED = Claim(0.945, 0.975)
MLS = Claim(0.945, 0.96)
CKA = Claim(0.94, 0.955)
# Satterthwaite's degrees of freedom over a grid are estimated from few seeds.
GRID_MEAN = Claim(0.95, 0.985)
GRID_SD = Claim(0.925, 0.96)
GRID_NEW = Claim(0.94, 0.955)
# Logits that do not all move as one: their intervals are those of one.
LOGITS = Claim(0.99, 1.0)
LEVEL = Claim(0.0, 0.05)


def rate(
    statistic: str, setting: str, runs: int | str, claim: Claim, hits: list[bool] | npt.NDArray[np.bool_]
) -> Row:
    """A share of repeats, its standard error taken at the nearest value that is claimed."""
    seen = float(np.mean(hits))
    nearest = min(max(seen, claim.low), claim.high)
    spread_at = max(nearest * (1 - nearest), seen * (1 - seen))
    return Row(statistic, setting, str(runs), claim, seen, math.sqrt(spread_at / len(hits)))


def covers(interval: Interval | None, truth: float) -> bool:
    return interval is not None and interval.low <= truth <= interval.high
