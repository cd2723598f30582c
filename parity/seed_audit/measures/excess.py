"""Excess churn: how much more two arms disagree than two runs of one arm do, and the permutation test that it is more.

A run of one arm and a run of the other that were made with the same seeds are more alike than two runs of two seeds, which is
what churn within an arm is of. Such pairs are excluded from the estimate and from the test: included, they lower the excess
by a share 1/S of the difference.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.seed_audit.measures.churn import by_text, churn_matrix, disagreement
from parity.statistics.estimate import Estimate, deleted_part, estimate, spread_part
from parity.statistics.interval import Interval, clopper_pearson

__all__ = ["ExcessChurn", "excess_churn", "least_p"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_MOST = 200_000
_TIE = 1e-12
_SEED = 0


class ExcessChurn(NamedTuple):
    """Churn between the arms minus the mean churn within them, b - (w_baseline + w_candidate)/2, over pairs that share no seed.

    In expectation half the mean squared distance between the arms' vote laws: at least 0, and 0 only if they are the same
    (the estimate itself can be below). `p` is from permuting which runs belong to which arm: the share of labellings with an
    excess as large. With no pair matched the runs are exchangeable if the arms are one, and the test keeps its level exactly;
    `matched` runs of the arms share seeds, which other labellings separate: the test then rejects less often than its level
    (it is conservative). `exact` when all labellings were enumerated. `least_p` is the smallest p that so many runs can give:
    above alpha the test cannot reject whatever was seen.
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
    matched: int = 0


def least_p(baseline: int, candidate: int) -> float:
    """The smallest p of the permutation test with so many runs an arm; equal arms give every split twice.

    >>> [round(least_p(s, s), 3) for s in (3, 4, 5)]
    [0.1, 0.029, 0.008]
    """
    return (2 if baseline == candidate else 1) / math.comb(baseline + candidate, baseline)


def excess_churn(
    baseline: Integers,
    candidate: Integers,
    *,
    confidence: float = 0.95,
    matched: Booleans | None = None,
    texts: Integers | None = None,
    most: int = _MOST,
) -> ExcessChurn:
    """From predictions [runs, examples] of two arms on the same examples, two runs an arm at least.

    matched: [runs of the baseline, runs of the candidate] whether two runs share a seed; None where none do. most: enumerate
    up to so many labellings, else draw so many (seeded); p is then (1 + as large) / (1 + drawn). The interval is the two-way
    jackknife, from three runs an arm: each arm's runs are left out in turn, or, where each run has one partner, each pair of
    partners out of both arms. Its upper end is never below what zero flips in N examples allow. texts: [tokens] the text of each, where
    predictions are [runs, tokens]; N is then that of the texts.
    """
    sizes = (len(baseline), len(candidate))
    if min(sizes) < 2:
        raise ValueError("excess churn needs two runs an arm")
    pairs = np.zeros(sizes, dtype=bool) if matched is None else matched
    if pairs.all():
        raise ValueError("every run of one arm shares a seed with every run of the other")
    together = np.concatenate([baseline, candidate])
    counts = np.ones((len(together), len(together))) - np.eye(len(together))
    counts[: sizes[0], sizes[0] :] -= pairs
    counts[sizes[0] :, : sizes[0]] -= pairs.T
    churns = _Churns(churn_matrix(together, together) * counts, counts)
    arm = np.arange(len(together)) >= sizes[0]
    excess, between, within = _of(churns, arm)
    p, exact, labellings = _permuted(churns, sizes, excess, most)
    by_example = by_text(_by_example(baseline, candidate, ~pairs), texts)
    found = _estimate(churns, arm, pairs, by_example, confidence)
    return ExcessChurn(
        between,
        within,
        found,
        p,
        exact,
        labellings,
        least_p(*sizes),
        sizes,
        len(by_example),
        int(pairs.sum()),
    )


class _Churns(NamedTuple):
    """[runs, runs] over both arms: the churn of each pair, 0 where the pair is excluded; and 1 where it counts."""

    values: Floats
    counts: Floats

    def without(self, runs: Integers) -> _Churns:
        return _Churns(*(np.delete(np.delete(part, runs, 0), runs, 1) for part in self))


def _of(churns: _Churns, arm: Booleans) -> tuple[float, float, tuple[float, float]]:
    """The excess, the churn between, and the churn within each arm."""

    def mean(rows: Booleans, columns: Booleans) -> float:
        total = float(churns.counts[rows][:, columns].sum())
        return float(churns.values[rows][:, columns].sum()) / total if total else math.nan

    between, within = mean(~arm, arm), (mean(~arm, ~arm), mean(arm, arm))
    return between - (within[0] + within[1]) / 2, between, within


def _permuted(churns: _Churns, sizes: tuple[int, int], seen: float, most: int) -> tuple[float, bool, int]:
    a, b = sizes
    runs = a + b
    count = math.comb(runs, a)
    exact = count <= most
    if exact:
        first = _labellings(a, b)
        count = len(first) * (2 if a == b else 1)
    else:
        rng = np.random.default_rng(_SEED)
        first = (rng.random((most, runs)).argsort(axis=1) < a).astype(np.float64)
        count = most
    values = _sums(first, churns.values)
    if (churns.counts.sum(axis=1) < runs - 1).any():
        counts: tuple[Floats | float, ...] = _sums(first, churns.counts)
    else:
        counts = (a * b, a * (a - 1) / 2, b * (b - 1) / 2)  # the same in every labelling
    with np.errstate(invalid="ignore"):
        across, in_first, in_second = (one / many for one, many in zip(values, counts, strict=True))
    excess = across - (in_first + in_second) / 2
    # A labelling in which an arm has no pair left (NaN) counts as large.
    large = int((~(excess < seen - _TIE)).sum())
    return (large / len(excess), True, count) if exact else ((1 + large) / (1 + most), False, count)


@lru_cache(maxsize=1)
def _labellings(a: int, b: int) -> Floats:
    """[labellings, runs] 1 for the runs of the first arm, every way to choose them."""
    runs = a + b
    # With equal arms a split and its mirror give the same: keep the first run in the first arm.
    fixed = 1 if a == b else 0
    picks = np.array(list(combinations(range(fixed, runs), a - fixed)), dtype=np.int64)
    first = np.zeros((len(picks), runs))
    if fixed:
        first[:, 0] = 1
    np.put_along_axis(first, picks, 1.0, axis=1)
    first.flags.writeable = False
    return first


def _sums(first: Floats, matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """[labellings] the sum of a matrix over the pairs across the arms, and over the ordered pairs within each, halved."""
    in_first = np.vecdot(first @ matrix, first)
    across = first @ matrix.sum(axis=1) - in_first
    in_second = float(matrix.sum()) - in_first - 2 * across
    return across, in_first / 2, in_second / 2


def _by_example(baseline: Integers, candidate: Integers, used: Booleans) -> Floats:
    """[examples] the excess on each example."""
    apart = np.zeros(baseline.shape[1])
    for run, others in zip(baseline, used, strict=True):
        apart += (candidate[others] != run).sum(axis=0)
    return np.asarray(apart / used.sum() - (disagreement(baseline) + disagreement(candidate)) / 2)


def _estimate(
    churns: _Churns, arm: Booleans, matched: Booleans, by_example: Floats, confidence: float
) -> Estimate:
    value = _of(churns, arm)[0]
    bare = Estimate(value, None, None, None, 0.0, 0.0, confidence)
    if min(int(arm.sum()), int((~arm).sum())) < 3 or len(by_example) < 2:
        return bare
    one, other = np.flatnonzero(~arm), np.flatnonzero(arm)
    partners = bool((matched.sum(axis=0) == 1).all() and (matched.sum(axis=1) == 1).all())
    axes = (
        [np.stack([one, other[matched.argmax(axis=1)]], axis=1)]
        if partners
        else [one[:, None], other[:, None]]
    )
    deleted = [
        np.array([_of(churns.without(runs), np.delete(arm, runs))[0] for runs in axis]) for axis in axes
    ]
    if not all(np.isfinite(values).all() for values in deleted):
        return bare
    parts = [deleted_part(values) for values in deleted]
    found = estimate(value, parts, spread_part(by_example), confidence, within=Interval(-1.0, 1.0))
    assert found.interval is not None
    least = clopper_pearson(0, len(by_example), confidence).high
    return found._replace(interval=Interval(found.interval.low, max(found.interval.high, least)))
