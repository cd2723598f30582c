"""How two sets of logits may hold the same numbers: with columns in another order, or one as a sigmoid or softmax of the other.

What accumulates are sums over all rows, for each column of one side against each of the other; nothing grows with the rows.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.activation import SIGMOID, SOFTMAX, Activation

__all__ = ["Relation", "Relations"]

Floats = npt.NDArray[np.float64]
Kind = Literal["columns", "sigmoid", "softmax"]
_ACTIVATIONS: tuple[Activation, ...] = (SIGMOID, SOFTMAX)
_WIDEST = 256
_CLOSE = 1e-3
_GAIN = 0.1


class Relation(NamedTuple):
    """A relation under which the two are equal to a relative L2 of `left`, where without it they differ by `apart`.

    `columns`: the candidate's column `order[i]` fits the reference's column i. `sigmoid`, `softmax`: `side` holds these
    probabilities of the other's logits.
    """

    kind: Kind
    side: Literal["reference", "candidate"] | None
    left: float
    apart: float
    order: tuple[int, ...] = ()

    def distances(self) -> dict[str, float]:
        """The distance of the two under the relation, and without it."""
        return {"relative L2": self.left, "relative L2 as they stand": self.apart}


class Relations:
    """Sums over batches of logits [n, classes]; rows with a value that is not finite are excluded."""

    def __init__(self) -> None:
        self._across: Floats | None = None
        self._own = [np.zeros(0), np.zeros(0)]
        self._raw = np.zeros(2)
        self._apart = 0.0
        self._made = np.zeros((2, 2))

    def add(self, reference: npt.NDArray[Any], candidate: npt.NDArray[Any]) -> None:
        """Take in both sides, in the same order of classes; more than 256 classes are not examined."""
        width = reference.shape[1]
        if not 0 < width <= _WIDEST:
            return
        a, b = np.asarray(reference, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
        fine = (np.isfinite(a) & np.isfinite(b)).all(axis=1)
        a, b = a[fine], b[fine]
        if self._across is None:
            self._across = np.zeros((width, width))
            self._own = [np.zeros(width), np.zeros(width)]
        self._across += a.T @ b
        self._own[0] += (a * a).sum(axis=0)
        self._own[1] += (b * b).sum(axis=0)
        self._apart += float(((b - a) ** 2).sum())
        for place, (one, other) in enumerate(((a, b), (b, a))):
            self._raw[place] += float((one * one).sum())
            if (one < 0).any() or (one > 1).any():
                self._made[place] = math.inf
                continue
            for number, activation in enumerate(_ACTIVATIONS):
                self._made[place, number] += float(((one - activation.probabilities(other)) ** 2).sum())

    @property
    def fits_as_it_stands(self) -> bool:
        """Whether each column of the reference is nearest to the candidate's at the same place: no other order is better."""
        if self._across is None:
            return False
        return self._order(self._across) == tuple(range(len(self._across)))

    def found(self) -> Relation | None:
        """The relation that fits, if one does to a thousandth and ten times better than the two as they stand."""
        if self._across is None or not (self._raw > 0).all() or self._apart == 0:
            return None
        apart = math.sqrt(self._apart / self._raw[0])
        for place, side in ((0, "reference"), (1, "candidate")):
            for number, kind in ((0, "sigmoid"), (1, "softmax")):
                left = math.sqrt(self._made[place, number] / self._raw[place])
                if left <= _CLOSE and left <= _GAIN * apart:
                    return Relation(kind, side, left, apart)  # type: ignore[arg-type]
        return self._columns(self._across, apart)

    def _squares(self, across: Floats) -> Floats:
        """[columns of the reference, of the candidate] the squared distance of each pair."""
        return np.asarray(self._own[0][:, None] + self._own[1][None, :] - 2 * across)

    def _order(self, across: Floats) -> tuple[int, ...]:
        return tuple(int(column) for column in self._squares(across).argmin(axis=1))

    def _columns(self, across: Floats, apart: float) -> Relation | None:
        squares, order = self._squares(across), self._order(across)
        width = len(order)
        if order == tuple(range(width)) or len(set(order)) < width:
            return None
        left = math.sqrt(max(0.0, float(squares[range(width), order].sum())) / self._raw[0])
        if left > _CLOSE or left > _GAIN * apart:
            return None
        return Relation("columns", None, left, apart, order)
