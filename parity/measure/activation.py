"""What makes probabilities of logits: one distribution a row (softmax), or one for each class (sigmoid).

All in float64. What makes probabilities is an object, so that a task can bring one of its own.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["SIGMOID", "SOFTMAX", "Activation", "log_bernoulli", "log_softmax"]

Floats = npt.NDArray[np.float64]


class Activation(Protocol):
    """One way of making probabilities of logits.

    `per_row`: a row is one distribution, so that a constant added to all of its logits changes nothing. Where it is False each logit
    stands for itself, and its level matters.
    """

    @property
    def per_row(self) -> bool: ...

    def probabilities(self, logits: npt.NDArray[Any], temperature: float = 1.0) -> Floats:
        """[..., classes] the probabilities of logits divided by the temperature; NaN where there are none."""
        ...

    def logs(self, logits: npt.NDArray[Any], temperature: float = 1.0) -> Floats:
        """[..., options] the logarithms of each distribution: [rows, classes], or [rows, classes, 2] where each class is one."""
        ...


class Softmax:
    """One distribution over the last axis. Rows with NaN, +inf or no finite logit are NaN."""

    per_row = True

    def probabilities(self, logits: npt.NDArray[Any], temperature: float = 1.0) -> Floats:
        """[..., classes] they sum to one."""
        return np.exp(log_softmax(logits, temperature))

    def logs(self, logits: npt.NDArray[Any], temperature: float = 1.0) -> Floats:
        """[..., classes] their logarithms."""
        return log_softmax(logits, temperature)


class Sigmoid:
    """An independent yes or no for each logit."""

    per_row = False

    def probabilities(self, logits: npt.NDArray[Any], temperature: float = 1.0) -> Floats:
        """[..., classes] the probability of each yes."""
        with np.errstate(over="ignore"):
            return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(logits, dtype=np.float64) / temperature)))

    def logs(self, logits: npt.NDArray[Any], temperature: float = 1.0) -> Floats:
        """[..., classes, 2] the logarithms of yes and no."""
        return log_bernoulli(logits, temperature)


SOFTMAX = Softmax()
SIGMOID = Sigmoid()


def log_softmax(logits: npt.NDArray[Any], temperature: float = 1.0) -> Floats:
    """Log probabilities over the last axis, float64; masked logits (-inf, -1e32) have none."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    with np.errstate(invalid="ignore", divide="ignore"):
        shifted = scaled - scaled.max(axis=-1, keepdims=True, initial=-np.inf)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def log_bernoulli(logits: npt.NDArray[Any], temperature: float = 1.0) -> Floats:
    """For each logit the log probabilities of yes and no, float64 [..., 2]."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    return np.stack([-np.logaddexp(0.0, -scaled), -np.logaddexp(0.0, scaled)], axis=-1)
