"""The temperature between two sets of logits: the number that turns one into the other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.activation import SOFTMAX, Activation

__all__ = ["ImpliedTemperature", "TemperatureFit"]


_RELATED = 0.9
_FILL = 1e30


class TemperatureFit(NamedTuple):
    """The t of "candidate = reference / t", from least squares on row-centred logits.

    `r2` is the share of the candidate that it explains; below 0.9, or where t would be negative, `value` and `reverse` are
    None: unrelated logits yield temperatures such as -132. `reverse` is the same t from fitting the reference to the
    candidate; noise on both sides makes the two differ, and then the truth lies between. `left_out` counts rows with a logit that
    is not a number (or is a fill value) on either side.
    """

    value: float | None
    r2: float | None
    reverse: float | None
    rows: int
    left_out: int


class ImpliedTemperature:
    """What accumulates over batches. Logits that stand each for itself are not centred: there a shift changes probabilities."""

    def __init__(self, *, activation: Activation = SOFTMAX) -> None:
        self.activation = activation
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
        if self.activation.per_row and a.size:
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
