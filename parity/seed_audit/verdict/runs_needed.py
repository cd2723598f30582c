"""How many runs would settle a question, if what was estimated stays as it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from parity.seed_audit.measures.excess import least_p
from parity.seed_audit.measures.spending import spend
from parity.statistics.estimate import Estimate, half_width
from parity.statistics.quantiles import normal_quantile, t_quantile
from parity.statistics.tails import chi2_quantile

__all__ = ["RunsNeeded", "half_width_at", "runs_for_difference", "runs_for_stability"]

MOST = 1000
_POWER = 0.8


class RunsNeeded(NamedTuple):
    """Runs (an arm) that would settle it.

    kind: "enough" (it is settled, `runs` is what there are), "estimate", "at_least" (too few runs to estimate from), "none"
    (no number up to 1000 does: it is too close to the limit, or depends on the number of examples; `runs` is None), "examples" (no
    seed effect is seen: the spread is what so many examples produce, and more seeds would not change the choice of a release;
    `runs` is None), "every_seed" (a seed did not move, or too few runs share none: so many runs at least, in which every seed
    moves), "not_measured" (the figures are within their limits, and something that was requested was not measured), "dead_seed"
    (they are, and a seed changed nothing): of these two no number of runs settles anything, `runs` is None.
    """

    runs: int | None
    kind: Literal[
        "enough", "estimate", "at_least", "none", "examples", "every_seed", "not_measured", "dead_seed"
    ]


def at_runs(found: Estimate, now: int, runs: int) -> Estimate:
    """The estimate as another number of runs would give it: the runs' part shrinks, the examples' stays."""
    part = found.run_variance * now / runs
    variance = part + found.example_variance
    if found.run_degrees is not None:
        own = found.run_degrees * (runs - 1) / max(now - 1, 1)
        return found._replace(standard_error=math.sqrt(variance), run_variance=part, run_degrees=own)
    scale = 1.0
    if found.degrees is not None and found.run_variance > 0:
        had = found.run_variance + found.example_variance
        # Degrees per run beyond the first as the Satterthwaite form has them, for the mix of parts that there is now.
        scale = found.degrees / ((had / found.run_variance) ** 2 * max(now - 1, 1))
    degrees = max(scale, 1e-9) * (variance / part) ** 2 * (runs - 1) if part > 0 else math.inf
    return found._replace(
        standard_error=math.sqrt(variance), run_variance=part, degrees=min(max(degrees, runs - 1), 1e9)
    )


def half_width_at(found: Estimate, now: int, runs: int, confidence: float) -> float:
    """The half-width that an interval would have with another number of runs."""
    half = half_width(at_runs(found, now, runs), confidence)
    assert half is not None
    return half


def runs_for_stability(
    sd: float | None, metric_margin: float, churn: Estimate | None, budget: float, now: int, alpha: float
) -> RunsNeeded:
    """Runs at which one arm is stable or unstable for sure: the new-run half-width and the churn's upper bound inside their
    limits, or a lower bound beyond one. sd: over the runs there are, of the metric; None where there are no labels. churn: None where
    nothing is decided.
    """
    unknown = sd is None if churn is None else churn.standard_error is None
    if now < 3 or unknown:
        return RunsNeeded(max(3, now + 1), "at_least")
    z = normal_quantile(1 - alpha / 2)

    def settled(runs: int) -> bool:
        inside, beyond = True, False
        if churn is not None:
            half = half_width_at(churn, now, runs, 1 - alpha)
            inside = churn.value + half <= budget
            beyond = churn.value - half > budget
        if sd is not None:
            t = t_quantile(1 - alpha / 2, runs - 1)
            inside &= t * sd * math.sqrt(1 + 1 / runs) <= metric_margin
            low = sd * math.sqrt((runs - 1) / chi2_quantile(1 - alpha / 2, runs - 1))
            beyond |= z * low > metric_margin
        return inside or beyond

    return _first(settled, now)


def runs_for_difference(
    difference: Estimate | None,
    margin: float,
    excess: Estimate | None,
    budget: float,
    now: tuple[int, int],
    alpha: float,
) -> RunsNeeded:
    """Runs an arm at which, with 80 % power, the arms are found different or shown equivalent; three at least.

    Planned as (distance to the limit) / (standard error) >= t_(1-alpha) + t_0.8, for equivalence from the margin's side and
    for a difference from 0 (with 1 - level/2, the level being the test's part of alpha with so many runs).
    """
    least = min(now)
    known = [part for part in (difference, excess) if part is not None]
    if least < 3 or not known or any(part.standard_error is None for part in known):
        return RunsNeeded(max(3, least + 1), "at_least")

    def reaches(found: Estimate, room: float, level: float, runs: int) -> bool:
        # Half-widths of two-sided intervals are one-sided quantiles.
        halves = (half_width_at(found, least, runs, 2 * share - 1) for share in (level, _POWER))
        return room > 0 and room >= sum(halves)

    def settled(runs: int) -> bool:
        levels = spend(alpha, difference=difference is not None, least=least_p(runs, runs))
        apart = difference is not None and reaches(
            difference, abs(difference.value), 1 - levels.difference / 2, runs
        )
        alike = difference is None or reaches(difference, margin - abs(difference.value), 1 - alpha, runs)
        if excess is not None:
            apart |= levels.permutation > 0 and reaches(
                excess, excess.value, 1 - levels.permutation / 2, runs
            )
            alike &= reaches(excess, budget - excess.value, 1 - alpha / 2, runs)
        return apart or alike

    return _first(settled, least)


def _first(settled: Callable[[int], bool], now: int) -> RunsNeeded:
    """The least number above what there is; doubling first, since what settles stays settled with more."""
    high = now + 1
    while not settled(high):
        if high >= MOST:
            return RunsNeeded(None, "none")
        high = min(MOST, 2 * high)
    low = now
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if settled(middle) else (middle, high)
    return RunsNeeded(high, "estimate")
