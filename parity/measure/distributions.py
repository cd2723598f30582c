"""How far two probability distributions are apart, row by row, at any temperature.

Everything is in float64: KL of nearly equal distributions in float32 is a hundred times too large, and negative in some rows.
All sums have terms that cannot be negative, p (e^x - 1 - x) with x the difference of log probabilities: equal to KL since
both sides sum to one, without cancellation for distributions that differ by 1e-12.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.activation import SOFTMAX, Activation
from parity.measure.decision_rule import LARGEST, DecisionRule
from parity.measure.dots import dots

__all__ = [
    "Distances",
    "TemperatureMeasurement",
    "TemperatureSums",
    "distances",
]

Floats = npt.NDArray[np.float64]

_SMALL = 1e-3  # below, the fourth order of a series is all that float64 holds
_CHUNK = (
    1 << 16
)  # elements at a time, so that what is computed from them stays in the cache: a row or two of a large vocabulary


class Distances(NamedTuple):
    """One entry a row. KL(reference || candidate) and JS in nats (JS at most ln 2), TV a share, the largest |dp|."""

    kl: Floats
    js: Floats
    tv: Floats
    max_abs: Floats


class TemperatureMeasurement(NamedTuple):
    """Distances between the two sides' probabilities at one temperature, over `rows` distributions.

    `undefined` counts rows that are excluded because a side has NaN, +inf, or no finite logit there: never a pass. Every distance is
    NaN where no row was left. `agree` counts rows that decide the same; `kl_at` is the place of the row with the largest KL, where places were given.
    """

    temperature: float
    rows: int
    undefined: int
    js_mean: float
    js_max: float
    tv_mean: float
    tv_max: float
    kl_mean: float
    kl_max: float
    max_abs_probability: float
    agree: int
    kl_at: tuple[int, int] | None = None


def distances(reference: Floats, candidate: Floats) -> Distances:
    """Distances between distributions given as log probabilities, over the last axis."""
    with np.errstate(invalid="ignore"):
        apart = candidate - reference
    apart[reference == candidate] = 0.0  # two that are -inf too
    near = np.abs(apart).max(axis=-1, initial=0.0) < 1.0
    if near.all():
        return _near(reference, apart)
    if not near.any():
        return _far(reference, candidate, apart)
    found = Distances(*(np.empty(near.shape) for _ in Distances._fields))
    parts = (near, _near(reference[near], apart[near])), (~near, _far(reference[~near], candidate[~near], apart[~near]))  # fmt: skip
    for rows, part in parts:
        for whole, values in zip(found, part, strict=True):
            whole[rows] = values
    return found


def _near(reference: Floats, apart: Floats) -> Distances:
    """Where no log probability is moved by as much as 1: each of the three sums from one e^x - 1 and one logarithm.

    With m the middle, log(m / p) = log(1 + (e^x - 1) / 2), log(m / q) is less by x, and m / q - 1 = -(1 - e^-x) / 2.
    """
    p = np.exp(reference)
    moved = np.expm1(apart)
    up = np.log1p(moved / 2)
    down = up - apart
    small = np.abs(apart) < _SMALL
    kl = dots(p, _curved(apart, moved, small))
    towards = p * _curved(up, moved / 2, small)
    change = p * moved
    back = (p + change) * _curved(down, moved / (-2 * (1 + moved)), small)
    size = np.abs(change)
    return Distances(
        kl=kl,
        js=(towards + back).sum(axis=-1) / 2,
        tv=np.minimum(size.sum(axis=-1) / 2, 1.0),
        max_abs=size.max(axis=-1, initial=0.0),
    )


def _curved(x: Floats, moved: Floats, small: npt.NDArray[np.bool_]) -> Floats:
    """e^x - 1 - x, given e^x - 1: where x is `small` by its series, since the difference has lost its digits there."""
    if not small.any():
        return moved - x
    series = x / 120
    for factor in (1 / 24, 1 / 6, 1 / 2):
        series += factor
        series *= x
    series *= x
    return series if small.all() else np.where(small, series, moved - x)


def _far(reference: Floats, candidate: Floats, apart: Floats) -> Distances:
    """Where some are further apart, or infinitely."""
    p, q = np.exp(reference), np.exp(candidate)
    with np.errstate(invalid="ignore", over="ignore"):
        middle = np.logaddexp(reference, candidate) - math.log(2.0)
        # For nearly equal values the distance to the middle comes from the difference itself, since `middle` has lost its small digits.
        near = np.abs(apart) < 1.0
        up = np.where(near, np.log1p(np.expm1(np.where(near, apart, 0.0)) / 2), middle - reference)
        down = np.where(near, np.log1p(np.expm1(np.where(near, -apart, 0.0)) / 2), middle - candidate)
    m = (p + q) / 2
    js = (_terms(p, m, up) + _terms(q, m, down)).sum(axis=-1) / 2
    moved = np.abs(q - p)
    return Distances(
        kl=_terms(p, q, apart).sum(axis=-1),
        js=np.minimum(js, math.log(2.0)),
        tv=np.minimum(moved.sum(axis=-1) / 2, 1.0),
        max_abs=moved.max(axis=-1, initial=0.0),
    )


def _terms(p: Floats, q: Floats, x: Floats) -> Floats:
    """p (e^x - 1 - x) for q = p e^x, elementwise, never negative; where p is 0 that is q, where only q is, infinite."""
    small = np.abs(x) < 1e-4
    middling = ~small & (np.abs(x) < 1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        far = np.where(p == 0, q, q - p - np.where(p == 0, 0.0, p * x))
        near = np.where(middling, x, 0.0)
        tiny = np.where(small, x, 0.0)
        terms = np.where(middling, p * (np.expm1(near) - near), far)
        terms = np.where(small, p * tiny * tiny / 2 * (1 + tiny / 3 * (1 + tiny / 4)), terms)
    return np.where(terms < 0, 0.0, terms)


class TemperatureSums:
    """What accumulates over batches, for several temperatures at once.

    Each side's logits are first divided by that side's own temperature, then by the temperature requested. Where each class is a
    distribution of its own (yes, no) a row's distances are their mean over classes, its |dp| their largest.
    """

    def __init__(
        self,
        temperatures: Sequence[float],
        *,
        activation: Activation = SOFTMAX,
        rule: DecisionRule = LARGEST,
        reference_temperature: float = 1.0,
        candidate_temperature: float = 1.0,
    ) -> None:
        self.temperatures = tuple(temperatures)
        self.activation = activation
        self.rule = rule
        self.own = (reference_temperature, candidate_temperature)
        if any(not t > 0 for t in (*self.temperatures, *self.own)):
            raise ValueError("a temperature is above 0")
        self._rows = self._undefined = self._agree = 0
        self._sums = np.zeros((len(self.temperatures), 3))
        self._largest = np.zeros((len(self.temperatures), 4))
        self._kl_at: list[tuple[int, int] | None] = [None] * len(self.temperatures)

    def add(
        self,
        reference: npt.NDArray[Any],
        candidate: npt.NDArray[Any],
        places: npt.NDArray[np.int64] | None = None,
    ) -> None:
        """Take in raw logits [n, classes] of both sides, in the same order of classes; `places` [n, 2] names each row of them."""
        if reference.shape != candidate.shape or reference.ndim != 2:
            raise ValueError(f"logits of shapes {reference.shape} and {candidate.shape} cannot be compared")
        step = max(1, _CHUNK // max(1, reference.shape[1]))
        for start in range(0, len(reference), step):
            part = slice(start, start + step)
            self._add(reference[part], candidate[part], None if places is None else places[part])

    def _add(
        self,
        reference: npt.NDArray[Any],
        candidate: npt.NDArray[Any],
        places: npt.NDArray[np.int64] | None,
    ) -> None:
        fine = self.rule.usable(reference) & self.rule.usable(candidate)
        self._undefined += int((~fine).sum())
        reference, candidate = reference[fine], candidate[fine]
        if not len(reference):
            return
        self._rows += len(reference)
        if self.own[0] == self.own[1] and np.array_equal(reference, candidate):
            self._agree += len(reference)
            return  # every distance is 0
        self._agree += int(self.rule.same(reference, candidate).sum())
        for index, temperature in enumerate(self.temperatures):
            here, there = (
                self.activation.logs(side, own * temperature)
                for side, own in zip((reference, candidate), self.own, strict=True)
            )
            seen = distances(here, there)
            by_row = [
                values if values.ndim == 1 else values.mean(axis=1) for values in (seen.js, seen.tv, seen.kl)
            ]
            self._sums[index] += [values.sum() for values in by_row]
            new = [*(values.max() for values in by_row), seen.max_abs.max()]
            if places is not None and new[2] > self._largest[index, 2]:
                row, position = places[fine][int(by_row[2].argmax())].tolist()
                self._kl_at[index] = (row, position)
            self._largest[index] = np.maximum(self._largest[index], new)

    def measurements(self) -> tuple[TemperatureMeasurement, ...]:
        """One for each temperature, in the order requested."""
        rows = self._rows
        with np.errstate(invalid="ignore"):
            means = self._sums / rows if rows else np.full_like(self._sums, math.nan)
        largest = self._largest if rows else np.full_like(self._largest, math.nan)
        return tuple(
            TemperatureMeasurement(
                temperature=temperature,
                rows=rows,
                undefined=self._undefined,
                js_mean=float(means[index, 0]),
                js_max=float(largest[index, 0]),
                tv_mean=float(means[index, 1]),
                tv_max=float(largest[index, 1]),
                kl_mean=float(means[index, 2]),
                kl_max=float(largest[index, 2]),
                max_abs_probability=float(largest[index, 3]),
                agree=self._agree,
                kl_at=self._kl_at[index],
            )
            for index, temperature in enumerate(self.temperatures)
        )
