"""What each side would decide, where the two differ, and bounds of the flip rate."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.decision_rule import LARGEST, DecisionRule
from parity.statistics.interval import Interval, one_sided_bounds

__all__ = ["FACTORS", "DecisionCount", "DecisionMeasurement", "FlipMeasurement", "HeadroomMeasurement"]

FACTORS = (2.0, 10.0, 100.0)


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


class HeadroomMeasurement(NamedTuple):
    """How many `decisions` that agree would flip, were the difference between the two larger: `flips` at each of FACTORS.

    `first_at` is the factor at which the first of them would, `first_row` its example; infinite and -1 where none ever does.
    """

    decisions: int
    flips: tuple[int, ...]
    first_at: float
    first_row: int


class DecisionMeasurement(NamedTuple):
    """Decisions compared. `flips` are the first ones by row and position, `flips_total` counts all.

    `ties` counts rows where a side's largest logit is shared (the first class is taken) or, for multi-label, a logit is
    exactly 0. `undefined` counts rows where a side cannot decide (NaN, or no finite logit): they are in `examples`, and
    never agree; `undefined_both` counts those among them where neither can. `inputs` are the examples that the
    decisions belong to (as many, or fewer where each token is one), `inputs_flipped` those with a decision that differs.
    `flip_bounds` and `input_bounds` are one-sided, each at `confidence`. `headroom` is None where no decision agrees, or where
    a side does not hold all of its outputs.
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
    headroom: HeadroomMeasurement | None


class DecisionCount:
    """What accumulates over batches.

    noise: how far a logit may move by rounding (absolute, in logit units); a flip is explained by noise when the row's
    margin is at most twice its largest logit difference and that difference is at most `noise`. None explains none.
    keep: how many flips to keep in full.
    rounding: how far rounding moved a probability at most, where a side holds rounded ones: a flip between two that
    lie no further apart than that on both sides is explained too.
    """

    def __init__(
        self,
        *,
        rule: DecisionRule = LARGEST,
        noise: float | None = None,
        keep: int = 100,
        rounding: float = 0.0,
    ) -> None:
        self.rounding = rounding
        self.rule = rule
        self.noise = noise
        self.keep = keep
        self._examples = self._agree = self._ties = self._undefined = self._flips_total = self._explained = 0
        self._undefined_both = self._inputs = self._inputs_flipped = 0
        self._flips: list[FlipMeasurement] = []
        self._headroom = HeadroomMeasurement(0, (0,) * len(FACTORS), float("inf"), -1)
        self._whole = True  # whether both sides held all outputs of every decision
        self._last = (-1, False)  # the last example of the last call, and whether a decision of it differs

    def add(
        self,
        reference: npt.NDArray[Any],
        candidate: npt.NDArray[Any],
        rows: npt.ArrayLike,
        positions: npt.ArrayLike | None = None,
        options: npt.NDArray[np.int64] | None = None,
    ) -> npt.NDArray[np.int64]:
        """Take in raw logits [n, classes] of both sides, the example each belongs to [n], and its position there [n].

        `options` [n, classes] says which class each column of a row is, where that is not its place.

        Returns the examples in which a decision differs, or cannot be made.

        All that belongs to one example comes in one call, or in calls that follow each other.
        """
        if reference.shape != candidate.shape or reference.ndim != 2:
            raise ValueError(f"logits of shapes {reference.shape} and {candidate.shape} cannot be compared")
        a, b = np.asarray(reference, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
        at_row = np.asarray(rows, dtype=np.int64)
        at_position = np.zeros_like(at_row) if positions is None else np.asarray(positions, dtype=np.int64)
        able, other_able = (self.rule.usable(side) for side in (a, b))
        fine = able & other_able
        self._examples += len(a)
        self._undefined += int((~fine).sum())
        self._undefined_both += int((~able & ~other_able).sum())
        known = np.unique(at_row)
        self._inputs += len(known) - int(self._last[0] in known)
        latest = int(at_row[-1]) if len(at_row) else -1
        broken = at_row[~fine]
        a, b, at_row, at_position = a[fine], b[fine], at_row[fine], at_position[fine]
        named = None if options is None else options[fine]
        one, other = self.rule.chosen(a), self.rule.chosen(b)
        same = self.rule.same(a, b)
        self._agree += int(same.sum())
        self._whole &= options is None
        if self._whole:
            self._look_further(a[same], b[same], at_row[same])
        margins, other_margins = self.rule.margins(a), self.rule.margins(b)
        self._ties += int(((margins == 0) | (other_margins == 0)).sum())
        flips = np.flatnonzero(~same)
        differing = np.unique(np.concatenate([broken, at_row[flips]]))
        last, differed = self._last
        self._inputs_flipped += len(differing) - int(differed and last in differing)
        self._last = (latest, latest in differing or (differed and latest == last))
        if not len(flips):
            return differing
        size, effective = self.rule.moved(a[flips], b[flips])
        explained = np.zeros(len(flips), dtype=bool)
        if self.noise is not None:
            # A flip's margin cannot exceed twice the movement; the slack is for rounding at the boundary.
            reach = 2 * effective * (1 + 1e-9)
            explained = (margins[flips] <= reach) & (effective <= self.noise)
        if self.rounding:
            explained |= self.rule.near(a[flips], self.rounding) & self.rule.near(b[flips], self.rounding)
        self._flips_total += len(flips)
        self._explained += int(explained.sum())
        kept = np.lexsort((at_position[flips], at_row[flips]))[: self.keep]
        self._flips += [
            FlipMeasurement(
                row=int(at_row[flip]),
                position=int(at_position[flip]),
                reference=_classes(one, named, int(flip)),
                candidate=_classes(other, named, int(flip)),
                reference_margin=float(margins[flip]),
                candidate_margin=float(other_margins[flip]),
                max_abs_logit=float(size[index]),
                explained_by_noise=bool(explained[index]),
            )
            for index, flip in ((int(index), int(flips[index])) for index in kept)
        ]
        self._flips = sorted(self._flips, key=lambda flip: (flip.row, flip.position))[: self.keep]
        return differing

    def _look_further(
        self, reference: npt.NDArray[Any], candidate: npt.NDArray[Any], rows: npt.NDArray[np.int64]
    ) -> None:
        """Count what would flip of decisions that agree, were the difference larger."""
        factors = self.rule.factors(reference, candidate)
        known = self._headroom
        flips = tuple(
            count + int((factors < factor).sum()) for count, factor in zip(known.flips, FACTORS, strict=True)
        )
        nearest = (known.first_at, known.first_row)
        if len(factors) and np.isfinite(factors.min()):
            least = float(factors.min())
            here = (least, int(rows[factors == least].min()))
            nearest = here if known.first_row < 0 else min(nearest, here)
        self._headroom = HeadroomMeasurement(known.decisions + len(factors), flips, *nearest)

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
            headroom=self._headroom if self._whole and self._headroom.decisions else None,
        )


def _classes(chosen: npt.NDArray[np.bool_], named: npt.NDArray[np.int64] | None, row: int) -> tuple[int, ...]:
    """The classes that a row decides for."""
    columns = np.flatnonzero(chosen[row])
    return tuple(int(index) for index in (columns if named is None else named[row, columns]))
