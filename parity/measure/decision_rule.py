"""How a row of outputs decides: by its largest, each output by itself, or one output by its sign.

A rule is an object, so that a task can bring one of its own: a value that is rounded, a threshold, two values within a tolerance.
Decisions are taken from the logits: no temperature above 0 moves them, where rounding of probabilities can.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["EACH", "LARGEST", "LARGEST_OF_ROWS", "SIGN", "DecisionRule"]

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
_POWERS = 10


class DecisionRule:
    """How outputs [rows, columns] decide between options. A rule gives `chosen`; the rest has a cautious answer for any rule.

    `least` is the number of columns below which nothing is decided. `several`: a row may choose more than one option, or none.
    """

    least = 1
    several = False

    def chosen(self, outputs: npt.NDArray[Any]) -> Booleans:
        """[rows, options] what each row decides for; options need not be columns."""
        raise NotImplementedError

    def usable(self, outputs: npt.NDArray[Any]) -> Booleans:
        """[rows] whether a row decides anything at all; every output must be finite."""
        return np.asarray(np.isfinite(outputs).all(axis=1))

    def same(self, reference: npt.NDArray[Any], candidate: npt.NDArray[Any]) -> Booleans:
        """[rows] whether both decide alike, of rows that are usable on both sides."""
        return np.asarray((self.chosen(reference) == self.chosen(candidate)).all(axis=1))

    def margins(self, outputs: Floats) -> Floats:
        """[rows] how far each row is from deciding otherwise, in the outputs' units; infinite where that is not known."""
        return np.full(len(outputs), np.inf)

    def moved(self, reference: Floats, candidate: Floats) -> tuple[Floats, Floats]:
        """[rows] the largest difference of an output, and the same without what cannot change a decision."""
        size = np.abs(_apart(reference, candidate)).max(axis=1)
        return size, size

    def factors(self, reference: Floats, candidate: Floats) -> Floats:
        """[rows] how many times larger the difference of two rows that decide alike would have to be for them to decide apart.

        For any rule the power of two below which they still do not, up to 1024; infinite beyond.
        """
        apart = _apart(reference, candidate)
        found = np.full(len(reference), np.inf)
        for power in range(_POWERS, 0, -1):
            with np.errstate(over="ignore", invalid="ignore"):
                further = reference + 2.0**power * apart
            found[~(self.usable(further) & self.same(reference, further))] = 2.0 ** (power - 1)
        return found

    def near(self, outputs: Floats, step: float) -> Booleans:
        """[rows] whether rounding probabilities by up to `step` can change what a row decides."""
        return np.zeros(len(outputs), dtype=np.bool_)


class LargestLogit(DecisionRule):
    """The class of the largest logit, the first of equals. One column decides nothing: its softmax is 1 whatever the logit."""

    least = 2

    def chosen(self, outputs: npt.NDArray[Any]) -> Booleans:
        """[rows, classes] one a row."""
        picked = np.zeros(outputs.shape, dtype=bool)
        if outputs.shape[1]:
            picked[np.arange(len(outputs)), outputs.argmax(axis=1)] = True
        return picked

    def usable(self, outputs: npt.NDArray[Any]) -> Booleans:
        """[rows] no NaN, no +inf, and a finite logit: a masked class (-inf) is one that cannot be chosen."""
        # The largest is NaN where one is, +inf where one is, and -inf where no logit is finite.
        return np.asarray(np.isfinite(outputs.max(axis=1, initial=-np.inf)))

    def margins(self, outputs: Floats) -> Floats:
        """[rows] the gap between the two largest logits; infinite where there is only one class."""
        if outputs.shape[1] < 2:
            return np.full(len(outputs), np.inf)
        top = np.partition(outputs, -2, axis=1)
        return np.asarray(top[:, -1] - top[:, -2])

    def moved(self, reference: Floats, candidate: Floats) -> tuple[Floats, Floats]:
        """[rows] the largest |b - a|, and the same minus the constant that makes it smallest: a shift of a whole row decides nothing."""
        d = _apart(reference, candidate)
        return np.abs(d).max(axis=1), (d.max(axis=1) - d.min(axis=1)) / 2

    def factors(self, reference: Floats, candidate: Floats) -> Floats:
        """[rows] the smallest t at which another class overtakes in a + t (b - a): its gap in a, by how fast it closes."""
        if reference.shape[1] < self.least or not reference.size:
            return np.full(len(reference), np.inf)
        d = _apart(reference, candidate)
        leads = reference.argmax(axis=1)[:, np.newaxis]
        with np.errstate(invalid="ignore"):
            gaps = np.take_along_axis(reference, leads, axis=1) - reference
            closing = d - np.take_along_axis(d, leads, axis=1)
        return _smallest(gaps, closing)

    def near(self, outputs: Floats, step: float) -> Booleans:
        """[rows] whether the two largest probabilities lie within twice the step."""
        with np.errstate(over="ignore", invalid="ignore"):
            shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
            top = np.partition(shares / shares.sum(axis=1, keepdims=True), -2, axis=1)
            apart = (top[:, -1] - top[:, -2]) / 2
        return _within(apart, step)


class LargestOfRows(LargestLogit):
    """The same where each option is a row with one logit, and what is given here are the logits of one decision's rows."""

    least = 1


class EachLogit(DecisionRule):
    """Each class by itself: those whose logit is above 0 (p > 0.5), which may be several or none."""

    several = True

    def chosen(self, outputs: npt.NDArray[Any]) -> Booleans:
        """[rows, classes] the set of each row."""
        return np.asarray(outputs > 0)

    def usable(self, outputs: npt.NDArray[Any]) -> Booleans:
        """[rows] no NaN."""
        return np.asarray(~np.isnan(outputs).any(axis=1))

    def margins(self, outputs: Floats) -> Floats:
        """[rows] the smallest |logit|."""
        return np.asarray(np.abs(outputs).min(axis=1, initial=np.inf), dtype=np.float64)

    def factors(self, reference: Floats, candidate: Floats) -> Floats:
        """[rows] the smallest t at which a logit crosses 0 in a + t (b - a)."""
        d = _apart(reference, candidate)
        return _smallest(np.abs(reference), np.where(reference > 0, -d, d))

    def near(self, outputs: Floats, step: float) -> Booleans:
        """[rows] whether a probability lies within the step of a half."""
        with np.errstate(over="ignore", invalid="ignore"):
            apart = np.abs(1.0 / (1.0 + np.exp(-outputs)) - 0.5).min(axis=1)
        return _within(apart, step)


class SignOfLogit(EachLogit):
    """One logit decides between two options: the second where it is above 0 (p > 0.5), else the first."""

    several = False

    def chosen(self, outputs: npt.NDArray[Any]) -> Booleans:
        """[rows, 2] one a row, of outputs [rows, 1]."""
        above = np.asarray(outputs[:, :1] > 0)
        return np.concatenate([~above, above], axis=1)


LARGEST = LargestLogit()
LARGEST_OF_ROWS = LargestOfRows()
EACH = EachLogit()
SIGN = SignOfLogit()


def _apart(reference: Floats, candidate: Floats) -> Floats:
    """candidate - reference, 0 where they are equal, infinities too."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(reference == candidate, 0.0, candidate - reference))


def _smallest(gaps: Floats, closing: Floats) -> Floats:
    """[rows] the smallest gap over the speed at which it closes; infinite where none does, 1 where that is not a number."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        times = np.where(closing > 0, gaps / closing, np.inf)
        times = np.where(np.isnan(closing) | np.isnan(times), 1.0, times)
    return np.asarray(times.min(axis=1, initial=np.inf))


def _within(apart: Floats, step: float) -> Booleans:
    return np.asarray(apart <= step * (1 + 1e-6) + 1e-9)
