"""How far the probabilities of two runs are apart, on average over pairs of runs, at any temperature."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.activation import log_softmax
from parity.measure.distributions import distances
from parity.statistics.estimate import Estimate, pairwise_estimate
from parity.statistics.interval import Interval
from parity.statistics.pairing import Pairing

__all__ = ["RunDistances", "run_distances"]

Floats = npt.NDArray[np.float64]


class RunDistances(NamedTuple):
    """Mean distances over pairs of runs and examples at one temperature, each run's logits divided by it.

    js, kl in nats (JS at most ln 2), tv a share; kl is the mean of both directions (Jeffreys over two), infinite where a
    class has no probability on one side only. Intervals by the two-way jackknife over runs and examples, on the scale of
    logarithms: distances are squares of what differs, and skewed. `over` says what they hold for: new runs and new examples, or
    new examples for this pair of runs (two runs). `*_most` is the pair of runs furthest apart.
    """

    temperature: float
    js: Estimate
    tv: Estimate
    kl: Estimate
    js_most: float
    tv_most: float
    kl_most: float
    over: str


def run_distances(
    logits: Floats,
    temperatures: Sequence[float] = (1.0,),
    confidence: float = 0.95,
    pairing: Pairing | None = None,
) -> tuple[RunDistances, ...]:
    """Of logits [runs, examples, classes] without NaN, two runs at least; one record a temperature.

    pairing: the pairs of runs that share no seed, where not all do not; the means are of these, `*_most` of all.
    """
    return tuple(_at(logits, temperature, confidence, pairing) for temperature in temperatures)


def _at(logits: Floats, temperature: float, confidence: float, pairing: Pairing | None) -> RunDistances:
    runs, examples, _ = logits.shape
    logs = log_softmax(logits, temperature)
    matrices = np.zeros((3, runs, runs))
    by_example = np.zeros((3, examples))
    for one, other in combinations(range(runs), 2):
        there, back = distances(logs[one], logs[other]), distances(logs[other], logs[one])
        for kind, values in enumerate((there.js, there.tv, (there.kl + back.kl) / 2)):
            matrices[kind, one, other] = matrices[kind, other, one] = values.mean()
            if pairing is None or pairing.used[one, other]:
                by_example[kind] += values
    by_example /= (runs * (runs - 1) if pairing is None else int(pairing.used.sum())) / 2
    tops = (Interval(0.0, float(np.log(2.0))), Interval(0.0, 1.0), Interval(0.0, float("inf")))
    js, tv, kl = (
        pairwise_estimate(matrix, part, confidence, within=top, pairing=pairing, ratio=True)
        for matrix, part, top in zip(matrices, by_example, tops, strict=True)
    )
    most = matrices.max(axis=(1, 2))
    over = "runs and examples" if runs > 2 else "examples, for this pair of runs"
    return RunDistances(temperature, js, tv, kl, float(most[0]), float(most[1]), float(most[2]), over)
