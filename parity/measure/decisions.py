"""What each side would decide, where the two differ, and bounds of the flip rate."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.statistics.interval import Interval, one_sided_bounds

__all__ = [
    "DecisionCount",
    "DecisionMeasurement",
    "FlipMeasurement",
    "chosen",
    "usable",
]

Floats = npt.NDArray[np.float64]


class FlipMeasurement(NamedTuple):
    """One decision that differs.

    `reference` and `candidate` are class indices: the one chosen, or the whole set for multi-label. A margin is the gap
    between a side's two largest logits, or for multi-label the smallest |logit|; in logit units, at temperature 1.
    `max_abs_logit` is the row's largest logit difference as it stands; `explained_by_noise` judges it minus the constant
    that fits best, since a shift of the whole row decides nothing.
    """

    row: int
    position: int
    reference: tuple[int, ...]
    candidate: tuple[int, ...]
    reference_margin: float
    candidate_margin: float
    max_abs_logit: float
    explained_by_noise: bool


class DecisionMeasurement(NamedTuple):
    """Decisions compared. `flips` are the first ones by row and position, `flips_total` counts all.

    `ties` counts rows where a side's largest logit is shared (the first class is taken) or, for multi-label, a logit is
    exactly 0. `undefined` counts rows where a side cannot decide (NaN, or no finite logit): they are in `examples`, and
    never agree; `undefined_both` counts those among them where neither can. `inputs` are the examples that the
    decisions belong to (as many, or fewer where each token is one), `inputs_flipped` those with a decision that differs.
    `flip_bounds` and `input_bounds` are one-sided, each at `confidence`.
    """

    examples: int
    agree: int
    flips: tuple[FlipMeasurement, ...]
    flips_total: int
    flips_explained: int
    ties: int
    undefined: int
    undefined_both: int
    flip_rate: float
    flip_bounds: Interval
    confidence: float
    inputs: int
    inputs_flipped: int
    input_bounds: Interval


def usable(logits: npt.NDArray[Any], *, multi_label: bool = False) -> npt.NDArray[np.bool_]:
    """[rows] whether a row decides anything: no NaN, no +inf, and a finite logit (for multi-label no NaN)."""
    broken = np.isnan(logits)
    if multi_label:
        return np.asarray(~broken.any(axis=1))
    return np.asarray(~(broken | np.isposinf(logits)).any(axis=1) & np.isfinite(logits).any(axis=1))


def chosen(logits: npt.NDArray[Any], *, multi_label: bool = False) -> npt.NDArray[np.bool_]:
    """[rows, classes] what a row decides: its largest logit, the first of equals; for multi-label those above 0 (p > 0.5).

    Taken from the logits: no temperature above 0 moves it, where rounding of probabilities can.
    """
    if multi_label:
        return np.asarray(logits > 0)
    picked = np.zeros(logits.shape, dtype=bool)
    if logits.shape[1]:
        picked[np.arange(len(logits)), logits.argmax(axis=1)] = True
    return picked


class DecisionCount:
    """What accumulates over batches.

    noise: how far a logit may move by rounding (absolute, in logit units); a flip is explained by noise when the row's
    margin is at most twice its largest logit difference and that difference is at most `noise`. None explains none.
    keep: how many flips to keep in full.
    rounding: how far rounding moved a probability at most, where a side holds rounded ones: a flip between two that
    lie no further apart than that on both sides is explained too.
    """

    def __init__(
        self, *, multi_label: bool = False, noise: float | None = None, keep: int = 100, rounding: float = 0.0
    ) -> None:
        self.rounding = rounding
        self.multi_label = multi_label
        self.noise = noise
        self.keep = keep
        self._examples = self._agree = self._ties = self._undefined = self._flips_total = self._explained = 0
        self._undefined_both = self._inputs = self._inputs_flipped = 0
        self._flips: list[FlipMeasurement] = []

    def add(
        self,
        reference: npt.NDArray[Any],
        candidate: npt.NDArray[Any],
        rows: npt.ArrayLike,
        positions: npt.ArrayLike | None = None,
    ) -> npt.NDArray[np.int64]:
        """Take in raw logits [n, classes] of both sides, the example each belongs to [n], and its position there [n].

        Returns the examples in which a decision differs, or cannot be made.

        All that belongs to one example comes in one call: examples are counted by the call.
        """
        if reference.shape != candidate.shape or reference.ndim != 2:
            raise ValueError(f"logits of shapes {reference.shape} and {candidate.shape} cannot be compared")
        a, b = np.asarray(reference, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
        at_row = np.asarray(rows, dtype=np.int64)
        at_position = np.zeros_like(at_row) if positions is None else np.asarray(positions, dtype=np.int64)
        able, other_able = (usable(side, multi_label=self.multi_label) for side in (a, b))
        fine = able & other_able
        self._examples += len(a)
        self._undefined += int((~fine).sum())
        self._undefined_both += int((~able & ~other_able).sum())
        self._inputs += len(np.unique(at_row))
        broken = at_row[~fine]
        a, b, at_row, at_position = a[fine], b[fine], at_row[fine], at_position[fine]
        one, other = chosen(a, multi_label=self.multi_label), chosen(b, multi_label=self.multi_label)
        same = (one == other).all(axis=1)
        self._agree += int(same.sum())
        margins, other_margins = self._margins(a), self._margins(b)
        self._ties += int(((margins == 0) | (other_margins == 0)).sum())
        flips = np.flatnonzero(~same)
        differing = np.unique(np.concatenate([broken, at_row[flips]]))
        self._inputs_flipped += len(differing)
        if not len(flips):
            return differing
        size, effective = self._moved(a[flips], b[flips])
        explained = np.zeros(len(flips), dtype=bool)
        if self.noise is not None:
            # A flip's margin cannot exceed twice the movement; the slack is for rounding at the boundary.
            reach = 2 * effective * (1 + 1e-9)
            explained = (margins[flips] <= reach) & (effective <= self.noise)
        if self.rounding:
            explained |= self._near(a[flips]) & self._near(b[flips])
        self._flips_total += len(flips)
        self._explained += int(explained.sum())
        kept = np.lexsort((at_position[flips], at_row[flips]))[: self.keep]
        self._flips += [
            FlipMeasurement(
                row=int(at_row[flip]),
                position=int(at_position[flip]),
                reference=tuple(int(index) for index in np.flatnonzero(one[flip])),
                candidate=tuple(int(index) for index in np.flatnonzero(other[flip])),
                reference_margin=float(margins[flip]),
                candidate_margin=float(other_margins[flip]),
                max_abs_logit=float(size[index]),
                explained_by_noise=bool(explained[index]),
            )
            for index, flip in ((int(index), int(flips[index])) for index in kept)
        ]
        self._flips = sorted(self._flips, key=lambda flip: (flip.row, flip.position))[: self.keep]
        return differing

    def kept(self) -> tuple[FlipMeasurement, ...]:
        """The first flips by row and position, as far as seen; a later batch may replace some of them."""
        return tuple(self._flips)

    def measurement(self, confidence: float = 0.95) -> DecisionMeasurement:
        """What was counted so far; rows that cannot decide count as flips in the rate."""
        differ = self._examples - self._agree
        return DecisionMeasurement(
            examples=self._examples,
            agree=self._agree,
            flips=self.kept(),
            flips_total=self._flips_total,
            flips_explained=self._explained,
            ties=self._ties,
            undefined=self._undefined,
            undefined_both=self._undefined_both,
            flip_rate=differ / self._examples if self._examples else 0.0,
            flip_bounds=one_sided_bounds(differ, self._examples, confidence),
            confidence=confidence,
            inputs=self._inputs,
            inputs_flipped=self._inputs_flipped,
            input_bounds=one_sided_bounds(self._inputs_flipped, self._inputs, confidence),
        )

    def _margins(self, logits: Floats) -> Floats:
        """[rows] how far each row is from deciding otherwise; infinite where there is only one class."""
        if self.multi_label:
            return np.asarray(np.abs(logits).min(axis=1, initial=np.inf), dtype=np.float64)
        if logits.shape[1] < 2:
            return np.full(len(logits), np.inf)
        top = np.partition(logits, -2, axis=1)
        return np.asarray(top[:, -1] - top[:, -2])

    def _near(self, logits: Floats) -> npt.NDArray[np.bool_]:
        """[rows] whether the probabilities that decide lie within twice the rounding of each other (or of a half)."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self.multi_label:
                apart = np.abs(1.0 / (1.0 + np.exp(-logits)) - 0.5).min(axis=1)
            else:
                shares = np.exp(logits - logits.max(axis=1, keepdims=True))
                top = np.partition(shares / shares.sum(axis=1, keepdims=True), -2, axis=1)
                apart = (top[:, -1] - top[:, -2]) / 2
        return np.asarray(apart <= self.rounding * (1 + 1e-6) + 1e-9)

    def _moved(self, a: Floats, b: Floats) -> tuple[Floats, Floats]:
        """[rows] the largest |b - a|, and the same minus the constant that makes it smallest (no shift for multi-label)."""
        with np.errstate(invalid="ignore"):
            d = np.where(a == b, 0.0, b - a)
        size = np.abs(d).max(axis=1)
        return size, size if self.multi_label else (d.max(axis=1) - d.min(axis=1)) / 2
