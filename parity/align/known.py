"""What is known of logits: everything, or only the probabilities that follow from them.

A file may hold probabilities or log-probabilities. Their logarithms are logits up to a constant in each row, and only as
fine as the file was rounded. Both sides of a comparison are then brought into that form, log-probabilities, where neither
a constant nor a probability below what the file can show makes a difference. A sigmoid's probabilities near one have lost
what their logits were: there, and where a file was rounded to a few digits, the probabilities themselves decide.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from parity.border.description import Description
from parity.measure.activation import Activation, log_softmax
from parity.records.pair import Pair
from parity.records.stage import StageRecord

__all__ = ["Known", "known_of", "within_rounding"]

Array = NDArray[np.generic]
_SLACK = 1e-7  # of a probability: what float32 arithmetic adds
_LEAST = 2.0**-126  # the smallest that float32 distinguishes from 0 without losing digits


class Known(NamedTuple):
    """What the two sides have in common where one of them holds no logits.

    `sides` are those that hold probabilities, by name; `step` how far rounding moved one of them at most, both sides' taken
    together (0: no more than a float32 is rounded); `words` names what was found, for a sentence.
    """

    sides: tuple[str, ...]
    activation: Activation
    step: float
    words: str

    @property
    def only_probabilities(self) -> bool:
        """Whether only the probabilities can be compared, and not the logits."""
        return not self.activation.per_row or self.step > 0

    def as_known(self, logits: Array) -> Array:
        """[n, classes] the log-probabilities that these logits make, none below the smallest that float32 distinguishes from 0."""
        if not self.activation.per_row:
            return logits
        with np.errstate(invalid="ignore"):
            return np.maximum(log_softmax(logits), math.log(max(self.step, _LEAST)))

    def shares(self, logits: Array, side: str, temperature: float) -> Array:
        """[n, classes] a side's probabilities; as they stand in its file where that is known."""
        if side in self.sides and temperature == 1.0 and self.activation.per_row:
            return np.exp(np.asarray(logits, dtype=np.float64))
        return self.activation.probabilities(logits, temperature)


def known_of(sides: Pair[Description], activation: Activation) -> Known | None:
    """What is known of the logits of a pair; None where both hold logits."""
    found = [(name, side) for name, side in zip(Pair._fields, sides, strict=True) if side.values != "logits"]
    if not found:
        return None
    what = [f"the {name} holds {side.values.replace('_', '-')}{_digits(side)}" for name, side in found]
    return Known(
        tuple(name for name, _ in found),
        activation,
        sum(_step(side) for _, side in found),
        " and ".join(what),
    )


def within_rounding(record: StageRecord, known: Known) -> StageRecord:
    """The record of the probabilities; one whose every difference may come from a file's rounding is neither a divergence nor a pass."""
    largest = record.max_abs.value
    if record.status != "divergent" or not known.step or largest is None:
        return record
    if (
        record.non_finite_reference
        or record.non_finite_candidate
        or largest > known.step * (1 + 1e-6) + _SLACK
    ):
        return record
    why = f"{known.words}: every difference lies within that ({largest:.1e}, up to {known.step:.1e}), and what is smaller cannot be seen"
    return msgspec.structs.replace(record, status="not_comparable", reason=why)


def _step(side: Description) -> float:
    """In probability: a logarithm moved by s moves a probability by no more than e^s - 1 of itself."""
    return math.expm1(side.rounded) if side.values == "log_probabilities" else side.rounded


def _digits(side: Description) -> str:
    if side.decimals is not None:
        return f" rounded to {side.decimals} decimals"
    return " in float16" if side.rounded else ""
