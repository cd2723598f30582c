"""Excess churn: how much more two arms disagree than two runs of one arm do, and the exact test that it is more."""

from __future__ import annotations

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.decisions import Interval, clopper_pearson
from parity.seeds.churn import churn_matrix, disagreement
from parity.seeds.estimate import Estimate, deleted_part, estimate, spread_part

__all__ = ["ExcessChurn", "excess_churn", "least_p"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_MOST = 200_000
_TIE = 1e-12


class ExcessChurn(NamedTuple):
    """Churn between the arms less the mean churn within them, b - (w_baseline + w_candidate)/2.

    In expectation half the mean squared distance between the arms' vote laws: at least 0, and 0 only if they are the same
    (the estimate itself can be below). `p` is from permuting which runs belong to which arm, for runs that would be
    exchangeable if the arms were one: the share of labellings with an excess as large. `exact` when all were enumerated.
    `least_p` is the smallest p that so many runs can give: above alpha the test cannot reject whatever was seen.
    """

    between: float
    within: tuple[float, float]
    estimate: Estimate
    p: float
    exact: bool
    labellings: int
    least_p: float
    runs: tuple[int, int]
    examples: int


def least_p(baseline: int, candidate: int) -> float:
    """The smallest p of the permutation test with so many runs an arm; equal arms give every split twice.

    >>> [round(least_p(s, s), 3) for s in (3, 4, 5)]
    [0.1, 0.029, 0.008]
    """
    return (2 if baseline == candidate else 1) / math.comb(baseline + candidate, baseline)


def excess_churn(
    baseline: Integers, candidate: Integers, *, confidence: float = 0.95, seed: int = 0, most: int = _MOST
) -> ExcessChurn:
    """From predictions [runs, examples] of two arms on the same examples, two runs an arm at least.

    most: enumerate up to so many labellings, else draw so many (seeded); p is then (1 + as large) / (1 + drawn). The interval
    is the two-way jackknife, each arm's runs left out in turn, from three runs an arm; its upper end is never below what
    zero flips in N examples allow.
    """
    sizes = (len(baseline), len(candidate))
    if min(sizes) < 2:
        raise ValueError("excess churn needs two runs an arm")
    together = np.concatenate([baseline, candidate])
    matrix = churn_matrix(together, together)
    arm = np.arange(len(together)) >= sizes[0]
    excess, between, within = _of(matrix, arm)
    p, exact, labellings = _permuted(matrix, sizes, excess, seed, most)
    found = _estimate(matrix, arm, excess, _by_example(baseline, candidate), confidence)
    return ExcessChurn(
        between, within, found, p, exact, labellings, least_p(*sizes), sizes, together.shape[1]
    )


def _of(matrix: Floats, arm: npt.NDArray[np.bool_]) -> tuple[float, float, tuple[float, float]]:
    """The excess, the churn between, and the churn within each arm."""
    between = float(matrix[~arm][:, arm].mean())
    within: list[float] = []
    for side in (~arm, arm):
        block, size = matrix[side][:, side], int(side.sum())
        within.append(float(block.sum()) / (size * (size - 1)))
    return between - (within[0] + within[1]) / 2, between, (within[0], within[1])


def _permuted(
    matrix: Floats, sizes: tuple[int, int], seen: float, seed: int, most: int
) -> tuple[float, bool, int]:
    a, b = sizes
    runs = a + b
    count = math.comb(runs, a)
    exact = count <= most
    if exact:
        # With equal arms a split and its mirror give the same: keep the first run in the first arm.
        fixed = 1 if a == b else 0
        picks = np.array(list(combinations(range(fixed, runs), a - fixed)), dtype=np.int64)
        first = np.zeros((len(picks), runs))
        if fixed:
            first[:, 0] = 1
        np.put_along_axis(first, picks, 1.0, axis=1)
        count = len(picks) * (2 if fixed else 1)
    else:
        rng = np.random.default_rng(seed)
        first = (rng.random((most, runs)).argsort(axis=1) < a).astype(np.float64)
        count = most
    total = float(matrix.sum())
    to = first @ matrix
    in_first = (to * first).sum(axis=1)
    across = to.sum(axis=1) - in_first
    in_second = total - in_first - 2 * across
    values = across / (a * b) - (in_first / (a * (a - 1)) + in_second / (b * (b - 1))) / 2
    large = int((values >= seen - _TIE).sum())
    return (large / len(values), True, count) if exact else ((1 + large) / (1 + most), False, count)


def _by_example(baseline: Integers, candidate: Integers) -> Floats:
    """[examples] the excess on each example."""
    between = np.mean([(candidate != run).mean(axis=0) for run in baseline], axis=0)
    return np.asarray(between - (disagreement(baseline) + disagreement(candidate)) / 2)


def _estimate(
    matrix: Floats, arm: npt.NDArray[np.bool_], value: float, by_example: Floats, confidence: float
) -> Estimate:
    if min(int(arm.sum()), int((~arm).sum())) < 3 or len(by_example) < 2:
        return Estimate(value, None, None, None, 0.0, 0.0, confidence)
    parts = [
        deleted_part(
            np.array(
                [_of(np.delete(np.delete(matrix, run, 0), run, 1), np.delete(arm, run))[0] for run in runs]
            )
        )
        for runs in (np.flatnonzero(~arm), np.flatnonzero(arm))
    ]
    found = estimate(value, parts, spread_part(by_example), confidence, within=Interval(-1.0, 1.0))
    assert found.interval is not None
    least = clopper_pearson(0, len(by_example), confidence).high
    return found._replace(interval=Interval(found.interval.low, max(found.interval.high, least)))
