"""The temperature between two sets of logits, and both sides against labels with the interval of their difference."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.distributions import log_softmax
from parity.statistics.interval import Interval, paired_proportion_interval
from parity.statistics.quantiles import t_quantile

__all__ = [
    "ImpliedTemperature",
    "LabelledMeasurement",
    "LabelledSums",
    "TemperatureFit",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Metric = Literal["accuracy", "macro_f1", "nll", "brier"]

_RELATED = 0.9
_FILL = 1e30


class TemperatureFit(NamedTuple):
    """The t of "candidate = reference / t", from least squares on row-centred logits.

    `r2` is the share of the candidate that it explains; below 0.9, or where t would be negative, `value` and `reverse` are
    None: unrelated logits yield temperatures such as -132. `reverse` is the same t from fitting the reference to the
    candidate; noise on both sides parts the two, and then the truth lies between. `left_out` counts rows with a logit that
    is no number (or a fill value) on either side.
    """

    value: float | None
    r2: float | None
    reverse: float | None
    rows: int
    left_out: int


class ImpliedTemperature:
    """What accumulates over batches. Multi-label logits are not centred: for sigmoids a shift is no constant to drop."""

    def __init__(self, *, multi_label: bool = False) -> None:
        self.multi_label = multi_label
        self._aa = self._bb = self._ab = 0.0
        self._rows = self._left_out = 0

    def add(self, reference: npt.NDArray[Any], candidate: npt.NDArray[Any]) -> None:
        """Take in logits [n, classes], each side's divided by that side's own temperature if it has one."""
        a, b = np.asarray(reference, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
        with np.errstate(invalid="ignore"):
            fine = ((np.abs(a) < _FILL) & (np.abs(b) < _FILL)).all(axis=1)
        self._left_out += int((~fine).sum())
        a, b = a[fine], b[fine]
        self._rows += len(a)
        if not self.multi_label and a.size:
            a, b = (side - side.mean(axis=1, keepdims=True) for side in (a, b))
        self._aa += float((a * a).sum())
        self._bb += float((b * b).sum())
        self._ab += float((a * b).sum())

    def fit(self) -> TemperatureFit:
        """The fit over everything added."""
        if not (self._aa > 0 and self._bb > 0):
            return TemperatureFit(None, None, None, self._rows, self._left_out)
        r2 = min(1.0, (self._ab / self._aa) * (self._ab / self._bb))
        if self._ab <= 0 or r2 < _RELATED:
            return TemperatureFit(None, r2, None, self._rows, self._left_out)
        return TemperatureFit(self._aa / self._ab, r2, self._ab / self._bb, self._rows, self._left_out)


class LabelledMeasurement(NamedTuple):
    """One metric against the labels: both sides, candidate minus reference, and the interval of that difference.

    NLL in nats, Brier the sum over classes in [0, 2]. `interval` is None where nothing tells it; `undefined` counts labelled
    rows left out because a side has no distribution there.
    """

    metric: Metric
    reference: float
    candidate: float
    difference: float
    interval: Interval | None
    confidence: float
    labelled: int
    undefined: int


class _Moments:
    """Mean and spread of a stream, merged batch by batch without cancellation (Chan, Golub and LeVeque, 1979)."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, values: Floats) -> None:
        if not len(values):
            return
        count, mean = len(values), float(values.mean())
        step, total = mean - self.mean, self.count + len(values)
        self.squares += float(((values - mean) ** 2).sum()) + step * step * self.count * count / total
        self.mean += step * count / total
        self.count = total

    def interval(self, confidence: float) -> Interval | None:
        if self.count < 2 or not math.isfinite(self.mean):
            return None
        half = t_quantile((1 + confidence) / 2, self.count - 1) * math.sqrt(
            self.squares / (self.count - 1) / self.count
        )
        return Interval(self.mean - half, self.mean + half)


class LabelledSums:
    """What accumulates over batches of single-label examples: accuracy, macro-F1, NLL and Brier of both sides.

    Intervals of the difference, candidate minus reference, over examples taken as independent:

    * accuracy: Tango's score interval for paired proportions (see paired_proportion_interval), which does not collapse when
      the two agree everywhere.
    * NLL, Brier: t interval of the mean per-example difference.
    * macro-F1 (over the classes that occur among the labels): the delta method on each example's influence on the
      difference, from counts of (label, reference, candidate); None when no prediction differs, where it knows nothing.
    """

    def __init__(self, *, reference_temperature: float = 1.0, candidate_temperature: float = 1.0) -> None:
        self.own = (reference_temperature, candidate_temperature)
        self._triples: Counter[tuple[int, int, int]] = Counter()
        self._sides = {name: (_Moments(), _Moments(), _Moments()) for name in ("nll", "brier")}
        self._undefined = 0

    def add(self, reference: npt.NDArray[Any], candidate: npt.NDArray[Any], labels: npt.ArrayLike) -> None:
        """Take in raw logits [n, classes] of both sides and the label's class [n], -1 for an example without one."""
        truth = np.asarray(labels, dtype=np.int64)
        if reference.shape != candidate.shape or truth.shape != reference.shape[:1]:
            raise ValueError(
                f"{truth.shape} labels for logits of shapes {reference.shape} and {candidate.shape}"
            )
        if truth.size and not -1 <= truth.min() <= truth.max() < reference.shape[1]:
            raise ValueError(f"a label outside the {reference.shape[1]} classes")
        with np.errstate(invalid="ignore"):
            logs = [
                log_softmax(side, own) for side, own in zip((reference, candidate), self.own, strict=True)
            ]
        broken = np.isnan(logs[0]).any(axis=1) | np.isnan(logs[1]).any(axis=1)
        self._undefined += int((broken & (truth >= 0)).sum())
        known = (truth >= 0) & ~broken
        truth = truth[known]
        logs = [side[known] for side in logs]
        picks = [side[known].argmax(axis=1) for side in (reference, candidate)]
        self._triples.update(zip(truth.tolist(), picks[0].tolist(), picks[1].tolist(), strict=True))
        here = np.arange(len(truth))
        nll = [-side[here, truth] for side in logs]
        brier = [_brier(np.exp(side), truth) for side in logs]
        for name, (one, other) in (("nll", nll), ("brier", brier)):
            moments = self._sides[name]
            with np.errstate(invalid="ignore"):
                for moment, values in zip(moments, (one, other, other - one), strict=True):
                    moment.add(values)

    def measurements(self, confidence: float = 0.95) -> tuple[LabelledMeasurement, ...]:
        """One for each metric; none when no example had a label. A metric can be infinite (a label given no chance)."""
        n = sum(self._triples.values())
        if not n:
            return ()
        table = np.array(
            [[*triple, count] for triple, count in sorted(self._triples.items())], dtype=np.int64
        )
        truth, one, other, count = table.T
        right, other_right = one == truth, other == truth
        lost, won = (int(count[which].sum()) for which in (right & ~other_right, ~right & other_right))
        accuracies = float(count[right].sum() / n), float(count[other_right].sum() / n)
        score, influence = zip(*(_macro_f1(truth, side, count) for side in (one, other)), strict=True)
        found: list[tuple[Metric, float, float, Interval | None]] = [
            ("accuracy", *accuracies, paired_proportion_interval(won, lost, n, confidence)),
            (
                "macro_f1",
                *score,
                _delta_interval(score[1] - score[0], influence[1] - influence[0], count, confidence),
            ),
        ]
        names: tuple[Metric, Metric] = ("nll", "brier")
        for name in names:
            here, there, between = self._sides[name]
            found.append((name, here.mean, there.mean, between.interval(confidence)))
        return tuple(
            LabelledMeasurement(metric, a, b, b - a, interval, confidence, n, self._undefined)
            for metric, a, b, interval in found
        )


def _brier(p: Floats, truth: Integers) -> Floats:
    """[rows] the sum over classes of (p - y)^2."""
    missed = p.copy()
    missed[np.arange(len(truth)), truth] -= 1
    return np.asarray((missed * missed).sum(axis=1))


def _macro_f1(truth: Integers, picked: Integers, count: Integers) -> tuple[float, Floats]:
    """Macro-F1 over the classes among the labels, and every entry's influence on it (n times its derivative).

    F1 = 2 TP / (P + T), so one more example moves it by (2 [hit] - F1 ([picked] + [true])) / (P + T).
    """
    classes = np.unique(truth)
    influence = np.zeros(len(truth))
    total = 0.0
    for k in classes:
        true, guess = truth == k, picked == k
        size = int(count[true].sum() + count[guess].sum())
        f1 = 2 * int(count[true & guess].sum()) / size
        total += f1
        influence += (2.0 * (true & guess) - f1 * (1.0 * true + 1.0 * guess)) / size
    return total / len(classes), influence * (int(count.sum()) / len(classes))


def _delta_interval(
    difference: float, influence: Floats, count: Integers, confidence: float
) -> Interval | None:
    n = int(count.sum())
    if n < 2 or not influence.any():
        return None
    mean = float((influence * count).sum() / n)
    variance = float((count * (influence - mean) ** 2).sum() / (n - 1))
    half = t_quantile((1 + confidence) / 2, n - 1) * math.sqrt(variance / n)
    return Interval(max(-1.0, difference - half), min(1.0, difference + half))
