"""Populations made up for the tests of the seed statistics."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parity.measure.activation import SOFTMAX
from parity.seed_audit.population.population import Population

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def population(
    runs: int = 5,
    examples: int = 60,
    classes: int = 4,
    *,
    seed: int = 0,
    noise: float = 1.0,
    known: float = 1.0,
) -> Population:
    """Runs that share two thirds of what they say, with labels that follow what they share; known: the labelled share."""
    rng = np.random.default_rng(seed)
    shared = 2 * rng.standard_normal((examples, classes))
    labels = (shared + rng.standard_normal(shared.shape)).argmax(axis=1).astype(np.int64)
    labels[rng.random(examples) >= known] = -1
    return Population(shared + noise * rng.standard_normal((runs, examples, classes)), labels)


def labels_of(made: Population) -> Integers:
    """The labels, which are known to be there."""
    assert made.labels is not None
    return made.labels


def two_arms(runs: int = 5, other: int | None = None, worse: float = 0.5) -> tuple[Population, Population]:
    """A baseline, and a candidate on the same examples whose logits are noisier."""
    whole = population(runs + (other or runs), 80)
    noise = worse * np.random.default_rng(9).standard_normal((other or runs, 80, 4))
    second = whole.of_runs(range(runs, whole.runs))
    return whole.of_runs(range(runs)), Population(second.logits + noise, second.labels)


def drawn(rows: int, classes: int, temperature: float, seed: int = 0) -> tuple[Floats, Integers]:
    """Logits, and labels drawn at that temperature."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((rows, classes))
    p = SOFTMAX.probabilities(logits, temperature)
    return logits, (p.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(max=classes - 1).astype(
        np.int64
    )
