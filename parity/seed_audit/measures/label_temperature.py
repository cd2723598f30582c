"""The temperature that fits a run's logits to the labels (Guo et al., ICML 2017): one number a run, with its interval.

It is not the temperature that makes one run match another; that is in `parity.measure.temperature`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.seed_audit.measures.metric_spread import Spread, grid_spread, spread
from parity.statistics.interval import Interval
from parity.statistics.quantiles import normal_quantile
from parity.statistics.tails import chi2_quantile

__all__ = ["LabelTemperature", "fit_label_temperature", "temperature_spread"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_STEPS = 200
_LARGEST = 1e12


class LabelTemperature(NamedTuple):
    """T minimising the NLL of logits / T, convex in beta = 1/T; log T +- z SE(beta)/beta, SE by the sandwich.

    state `below`: every label is the largest logit of its row, NLL falls all the way to T = 0; `value` is None and
    `at_most` the largest T that the likelihood does not reject. `above`: the logits have no information about the labels (or the
    reverse), NLL falls all the way to T = infinity; `at_least` is then the smallest T not rejected. `constant`: all logits
    of a row alike, every T the same.
    """

    state: Literal["fitted", "below", "above", "constant"]
    value: float | None
    interval: Interval | None
    at_most: float | None
    at_least: float | None
    nll: float
    nll_fitted: float
    rows: int
    confidence: float


def fit_label_temperature(logits: Floats, labels: Integers, confidence: float = 0.95) -> LabelTemperature:
    """From logits [rows, classes], finite, and a label each (all known, one row at least)."""
    own = logits[np.arange(len(labels)), labels]
    top = logits.max(axis=1)
    scale = float((top - logits.min(axis=1)).max(initial=0.0))
    before = _nll(logits, own, 1.0)

    def found(
        state: Literal["fitted", "below", "above", "constant"],
        value: float | None,
        fitted: float,
        interval: Interval | None = None,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> LabelTemperature:
        rows = len(labels)
        return LabelTemperature(
            state, value, interval, at_most, at_least, before / rows, fitted / rows, rows, confidence
        )

    if scale == 0:
        return found("constant", None, before)
    # Two log-likelihood units below the best, halved: what a chi-squared test on one degree of freedom lets pass.
    allowed = chi2_quantile(confidence, 1) / 2
    if bool((own == top).all()):
        best = float(np.log((logits == top[:, None]).sum(axis=1)).sum())
        beta = _crossing(lambda beta: _nll(logits, own, beta) - best - allowed, scale)
        return found("below", None, best, at_most=None if beta is None else 1 / beta)
    if float((own - logits.mean(axis=1)).sum()) <= 0:
        best = _nll(logits, own, 0.0)
        beta = _crossing(lambda beta: best + allowed - _nll(logits, own, beta), scale)
        return found("above", None, best, at_least=None if beta is None else 1 / beta)
    beta, scores, information = _solve(logits, own, scale)
    error = math.sqrt(float((scores * scores).sum())) / information if information > 0 else math.inf
    half = normal_quantile((1 + confidence) / 2) * error / beta
    interval = Interval(math.exp(-half) / beta, math.exp(half) / beta) if half < 500 else None
    return found("fitted", 1 / beta, _nll(logits, own, beta), interval)


def temperature_spread(
    fits: Sequence[LabelTemperature], confidence: float = 0.95, cells: npt.NDArray[np.int64] | None = None
) -> Spread | None:
    """The spread over runs of ln T, for the runs where T is identified; None where it is in none.

    cells: [rows, columns, repeats] the runs of a full grid of two seeds. Where T is not identified in all of them, only those
    of a diagonal, which share no seed, are taken.
    """
    logs = [None if fit.value is None else math.log(fit.value) for fit in fits]
    known = np.array([math.nan if value is None else value for value in logs])
    if cells is not None:
        if np.isfinite(known).all():
            return grid_spread(known[cells].mean(axis=2), confidence)
        known = known[np.diagonal(cells[:, :, 0])]
    values = known[np.isfinite(known)]
    return spread(values, confidence) if len(values) else None


def _nll(logits: Floats, own: Floats, beta: float) -> float:
    scaled = logits * beta
    top = scaled.max(axis=1)
    return float((np.log(np.exp(scaled - top[:, None]).sum(axis=1)) + top - own * beta).sum())


def _moments(logits: Floats, own: Floats, beta: float) -> tuple[Floats, float]:
    """[rows] z_y - E_p z, and the sum of Var_p(z)."""
    scaled = logits * beta
    p = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    mean = (p * logits).sum(axis=1)
    return own - mean, float((p * (logits - mean[:, None]) ** 2).sum())


def _solve(logits: Floats, own: Floats, scale: float) -> tuple[float, Floats, float]:
    """Newton on the score, kept inside a bracket; the score falls in beta and is above 0 at 0."""
    low, high = 0.0, math.inf
    beta = 1 / scale
    scores, information = _moments(logits, own, beta)
    for _ in range(_STEPS):
        total = float(scores.sum())
        low, high = (beta, high) if total > 0 else (low, beta)
        step = beta + total / information if information > 0 else math.inf
        if not low < step < high:
            step = 2 * beta if math.isinf(high) else (low + high) / 2
        elif math.isinf(high):
            step = min(step, 4 * beta)
        if abs(step - beta) <= 1e-13 * beta:
            break
        beta = step
        scores, information = _moments(logits, own, beta)
    return beta, scores, information


def _crossing(function: Callable[[float], float], scale: float) -> float | None:
    """The beta where a function falls through 0; None where it does not."""
    low, high = 0.0, 1 / scale
    while function(high) > 0:
        low, high = high, 2 * high
        if high * scale > _LARGEST:
            return None
    if not function(low) > 0:
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return (low + high) / 2
