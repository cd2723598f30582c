"""What so many runs can show and what they cannot, in closed form; and how many would settle a question.

The multiples are of the runs' SD (or of the margin), for values near normal over runs and endless examples: with few examples
there is less to see still.
"""

# scipy ships no types; every value is turned into a float where it comes in.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from parity.measure.quantiles import t_quantile
from parity.seeds.excess import least_p
from parity.seeds.tails import chi2_quantile, noncentral_t_power

__all__ = ["CanShow", "can_show", "detectable", "difference_power", "tost_power", "tost_sd"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)


class CanShow(NamedTuple):
    """What S runs (an arm) can show. In multiples of the SD over runs: the half-width of the mean's interval, the interval of
    the SD, the half-width for a new run, and the difference of two arms found with this power. In multiples of the margin:
    the largest SD of paired differences at which equivalence is shown with this power when there is no difference. And the
    smallest p of a permutation test of S against S runs.
    """

    runs: int
    mean_half_width: float
    sd_low: float
    sd_high: float
    new_run_half_width: float
    detectable: float
    tost_sd: float
    least_p: float
    alpha: float
    power: float


def can_show(runs: int, alpha: float = 0.05, power: float = 0.8) -> CanShow:
    """For two runs or more."""
    t = t_quantile(1 - alpha / 2, runs - 1)
    low, high = (
        math.sqrt((runs - 1) / chi2_quantile(share, runs - 1)) for share in (1 - alpha / 2, alpha / 2)
    )
    return CanShow(
        runs,
        t / math.sqrt(runs),
        low,
        high,
        t * math.sqrt(1 + 1 / runs),
        detectable(runs, alpha, power),
        tost_sd(runs, alpha, power),
        least_p(runs, runs),
        alpha,
        power,
    )


def difference_power(shift: float, standard_error: float, degrees: float, alpha: float = 0.05) -> float:
    """The chance that a two-sided t test finds a difference of this size, its standard error being truly this."""
    return noncentral_t_power(abs(shift) / standard_error, degrees, alpha)


def detectable(runs: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The difference of two arms of so many runs, over the SD of runs, that a t test finds with this power."""
    return _where(lambda size: difference_power(size, math.sqrt(2 / runs), 2 * runs - 2, alpha), power)


def tost_power(
    margin: float, shift: float, standard_error: float, degrees: float, alpha: float = 0.05
) -> float:
    """The chance that TOST shows equivalence when the difference is truly `shift`, its standard error truly this.

    The interval's half-width t s is random too: the normal chance of |d| + t s < margin given s, over the chi law of s by
    Gauss and Legendre's quadrature up to the s where t s reaches the margin.
    """
    from scipy.special import gammaln, ndtr  # type: ignore[import-untyped]

    t = t_quantile(1 - alpha, degrees)
    top = margin / (t * standard_error)  # of s / sigma; beyond it no interval fits
    top = min(top, 1 + 12 / math.sqrt(2 * degrees))
    u = (_NODES + 1) / 2 * top
    log_density = (
        math.log(2.0)
        + degrees / 2 * math.log(degrees / 2)
        - float(gammaln(degrees / 2))
        + (degrees - 1) * np.log(u)
        - degrees * u * u / 2
    )
    room = margin / standard_error - t * u
    chance = ndtr(room - shift / standard_error) - ndtr(-room - shift / standard_error)
    return float((np.exp(log_density) * np.maximum(chance, 0.0) * _WEIGHTS).sum() * top / 2)


def tost_sd(runs: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The largest SD of paired differences, over the margin, at which TOST has this power when there is no difference."""
    inverse = _where(lambda scale: tost_power(scale, 0.0, 1 / math.sqrt(runs), runs - 1, alpha), power)
    return 1 / inverse


def _where(function: Callable[[float], float], target: float) -> float:
    """Where a rising function of a positive number reaches a target, by bisection."""
    high = 1.0
    while function(high) < target:
        high *= 2
    low = 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < target else (low, middle)
    return (low + high) / 2
