"""What a number of runs can show and what it cannot, in closed form; and how many runs would settle a question.

The multiples are of the runs' SD (or of the margin), for values near normal over runs and endless examples: with few examples
even less can be shown.
"""

# scipy ships no types; every value is turned into a float where it comes in.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from parity.seed_audit.measures.excess import least_p
from parity.seed_audit.measures.spending import spend_on_runs
from parity.statistics.quantiles import beta_quantile, t_quantile
from parity.statistics.tails import beyond_noncentral_t, chi2_quantile

__all__ = ["CanShow", "can_show", "detectable", "difference_power", "tost_power", "tost_sd"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)
_SHARE_NODES, _SHARE_WEIGHTS = np.polynomial.legendre.leggauss(32)


class CanShow(NamedTuple):
    """What S runs (per arm) can show. In multiples of the SD over runs: the half-width of the mean's interval, the interval of
    the SD, the half-width for a new run, and the difference of two arms that the t test finds with this power at `level`, its part
    of alpha; `detectable_alone` at all of alpha, were it the only test: the difference between the two is the cost of two
    tests with one alpha. In multiples of the margin: the largest SD of paired differences at which equivalence is shown with
    this power when there is no difference. And the smallest p of a permutation test of S against S runs.
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
    level: float
    detectable_alone: float


@cache
def can_show(runs: int, alpha: float = 0.05, power: float = 0.8) -> CanShow:
    """For two runs or more."""
    t = t_quantile(1 - alpha / 2, runs - 1)
    low, high = (
        math.sqrt((runs - 1) / chi2_quantile(share, runs - 1)) for share in (1 - alpha / 2, alpha / 2)
    )
    level = spend_on_runs(alpha, runs).difference
    return CanShow(
        runs,
        t / math.sqrt(runs),
        low,
        high,
        t * math.sqrt(1 + 1 / runs),
        detectable(runs, level, power),
        tost_sd(runs, alpha, power),
        least_p(runs, runs),
        alpha,
        power,
        level,
        detectable(runs, alpha, power),
    )


def difference_power(shift: float, standard_error: float, runs: int, alpha: float = 0.05) -> float:
    """The chance that the t test of two arms of so many runs finds a difference of this size, its standard error truly this.

    For Welch's test of arms that spread alike, as `difference` does it unpaired: the arms' share u of the variance found is
    Beta((S-1)/2, (S-1)/2) and independent of its sum, so that given u the statistic is noncentral t on 2 (S-1) degrees of
    freedom and its critical value that of (S-1)/(u^2 + (1-u)^2); then the mean over u.
    """
    chances = [
        beyond_noncentral_t(t_quantile(1 - alpha / 2, degrees), abs(shift) / standard_error, 2 * (runs - 1))
        for degrees in _welch_degrees(runs)
    ]
    return float(np.asarray(chances) @ _SHARE_WEIGHTS) / 2


def detectable(runs: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The difference of two arms of so many runs, over the SD of runs, that the t test finds with this power."""
    return _where(lambda size: difference_power(size, math.sqrt(2 / runs), runs, alpha), power)


def tost_power(
    margin: float,
    shift: float,
    standard_error: float,
    runs: int,
    alpha: float = 0.05,
    *,
    paired: bool = False,
) -> float:
    """The chance that TOST shows equivalence when the difference is truly `shift`, its standard error truly this.

    The interval's half-width t s is random too: the normal chance of |d| + t s < margin given s, over the chi law of s, by
    Gauss and Legendre's quadrature up to the s where t s reaches the margin; unpaired over Welch's degrees as well.
    """
    if paired:
        t = t_quantile(1 - alpha, runs - 1)
        return _inside(margin / standard_error, shift / standard_error, t, runs - 1)
    chances = [
        _inside(
            margin / standard_error, shift / standard_error, t_quantile(1 - alpha, degrees), 2 * (runs - 1)
        )
        for degrees in _welch_degrees(runs)
    ]
    return float(np.asarray(chances) @ _SHARE_WEIGHTS) / 2


def _welch_degrees(runs: int) -> list[float]:
    """At the nodes of the arms' share of the variance, the degrees of freedom of Welch and Satterthwaite."""
    shares = [beta_quantile((float(node) + 1) / 2, (runs - 1) / 2, (runs - 1) / 2) for node in _SHARE_NODES]
    return [(runs - 1) / (u * u + (1 - u) ** 2) for u in shares]


def _inside(margin: float, shift: float, t: float, degrees: int) -> float:
    """The chance of |d| + t s < margin for d normal around the shift with SD 1, and s^2 its estimate on these degrees."""
    from scipy.special import gammaln, ndtr  # type: ignore[import-untyped]

    top = min(margin / t, 1 + 12 / math.sqrt(2 * degrees))  # of s; beyond it no interval fits, or no s comes
    s = (_NODES + 1) / 2 * top
    log_density = (
        math.log(2.0)
        + degrees / 2 * math.log(degrees / 2)
        - float(gammaln(degrees / 2))
        + (degrees - 1) * np.log(s)
        - degrees * s * s / 2
    )
    room = margin - t * s
    chance = ndtr(room - shift) - ndtr(-room - shift)
    return float((np.exp(log_density) * np.maximum(chance, 0.0) * _WEIGHTS).sum() * top / 2)


def tost_sd(runs: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The largest SD of paired differences, over the margin, at which TOST has this power when there is no difference."""
    inverse = _where(
        lambda scale: tost_power(scale, 0.0, 1 / math.sqrt(runs), runs, alpha, paired=True), power
    )
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
