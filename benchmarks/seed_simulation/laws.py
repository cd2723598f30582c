"""The laws that the simulated runs follow, and their truths by quadrature over a normal variable."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NODES, _RAW = np.polynomial.hermite_e.hermegauss(100)
WEIGHTS = _RAW / _RAW.sum()
CENTRE, WIDTH = 1.5, 2.0  # of an example's ease, on the logit scale


def sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def chance(ease: Floats, seed_sd: float) -> Floats:
    """The chance of "yes" on examples of this ease, over seeds."""
    return np.asarray(sigmoid(ease[..., None] + seed_sd * NODES) @ WEIGHTS)


def ndtr(x: Floats) -> Floats:
    """The standard normal's share below x."""
    return np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in x.ravel()]).reshape(x.shape)


def over_examples(values: Floats) -> float:
    """The mean over examples of a function of ease, given at the nodes."""
    return float(values @ WEIGHTS)


EASE = CENTRE + WIDTH * NODES
CENTRED = 3 * NODES


def answers(rng: np.random.Generator, ease: Floats, runs: int, seed_sd: float) -> Integers:
    """[runs, examples] yes (1) or no (0): a run shifts all of them, and each flips by itself."""
    shift = seed_sd * rng.standard_normal((runs, 1))
    return (rng.random((runs, len(ease))) < sigmoid(ease + shift)).astype(np.int64)


def eases(rng: np.random.Generator, examples: int) -> Floats:
    return CENTRE + WIDTH * rng.standard_normal(examples)
