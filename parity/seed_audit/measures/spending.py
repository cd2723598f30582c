"""How alpha is divided between the two tests that can make the verdict "different", so that together they keep it.

The t test of the metric and the permutation test of excess churn look at different things, and are nearly independent when the
arms are alike: each at alpha, one of them rejects in almost 2 alpha of such audits. Each therefore has a part of alpha, and the
parts add up to alpha at most (Bonferroni, valid whatever the tests have in common). Once one rejects, the other may use all of
alpha (Holm, Scand. J. Stat. 1979): that says which of the two is shown, and never changes the verdict.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from parity.seed_audit.measures.excess import least_p

__all__ = ["Levels", "applied", "spend", "spend_on_runs"]

_MOST_OF_ALPHA = 2 / 3
_SLACK = 1e-9


class Levels(NamedTuple):
    """The level of each test: it rejects at a p of this or less. 0: the test takes no part."""

    difference: float
    permutation: float

    @property
    def together(self) -> float:
        """The largest possible chance of "different" when the arms are alike."""
        return self.difference + self.permutation


def spend(alpha: float, *, difference: bool, least: float | None) -> Levels:
    """The parts of alpha. difference: there is a t test. least: the smallest p of the permutation test, None without one.

    p of the permutation test is a multiple of its smallest one, so that only whole multiples are spent on it, up to alpha / 2, and
    the t test has the rest. Where already the smallest is above alpha / 2 (4 against 4 runs: 0.029) it is spent as long as a
    third of alpha is left; where it is above that (3 against 3: 0.1) the permutation test takes no part.

    >>> spend(0.05, difference=True, least=2 / 252), spend(0.05, difference=True, least=0.1)
    (Levels(difference=0.026190476190476195, permutation=0.023809523809523808), Levels(difference=0.05, permutation=0.0))
    """
    if least is None or least > alpha + _SLACK:
        return Levels(alpha if difference else 0.0, 0.0)
    if not difference:
        return Levels(0.0, alpha)
    half = alpha / 2
    reached = math.floor(half / least + _SLACK) * least if least > _SLACK else half
    if not reached and least <= _MOST_OF_ALPHA * alpha:
        reached = least
    return Levels(alpha - reached, reached)


def spend_on_runs(alpha: float, runs: int) -> Levels:
    """The parts of alpha for two arms of so many runs each, none of which share a seed.

    >>> [round(spend_on_runs(0.05, runs).difference, 4) for runs in (3, 4, 5, 10)]
    [0.05, 0.0214, 0.0262, 0.025]
    """
    return spend(alpha, difference=True, least=least_p(runs, runs))


def applied(levels: Levels, alpha: float, difference: float | None, permutation: float | None) -> Levels:
    """The levels after Holm's step, given both p (None: not tested): a test whose partner rejected has all of alpha."""
    t = difference is not None and difference <= levels.difference
    churn = permutation is not None and permutation <= levels.permutation + _SLACK
    return Levels(alpha if churn else levels.difference, alpha if t else levels.permutation)
