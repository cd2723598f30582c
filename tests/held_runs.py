"""Populations that are made up and not decided by classes: the tokens of texts, scores, vectors, choices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.language import two_ways
from parity.metrics.metric import Counted
from parity.seed_audit.population.decided import Truth
from parity.seed_audit.population.population import Population

__all__ = ["Made", "choices", "held", "scores", "texts", "vectors"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Made(NamedTuple):
    """A population, and the metric and the churn of new runs on new examples (NaN: not known)."""

    population: Population
    metric: float
    churn: float = np.nan


def held(
    counted: Counted,
    logits: Floats,
    predictions: Integers | None = None,
    **truth: npt.NDArray[np.generic] | int,
) -> Population:
    """Runs [runs, units, columns] held against what the inputs say."""
    told = Truth(counted, **truth)  # type: ignore[arg-type]  # fields of a named tuple
    return Population(logits, told.codes(()), decided=told.of_held(logits, predictions))


def texts(rng: np.random.Generator, runs: int, count: int, seed_sd: float) -> Made:
    """Texts of 3 to 17 tokens. -ln p is a text's part, a token's, a run's, and the rest; a text's tokens are decided otherwise than usual as often
    as that text has it."""
    rows = np.repeat(np.arange(count), rng.integers(3, 18, count))
    tokens = len(rows)
    common = 3.0 + 0.5 * rng.standard_normal(count)[rows] + 0.8 * rng.standard_normal(tokens)
    seeds = seed_sd * rng.standard_normal((runs, 1))
    surprise = np.maximum(common + seeds + 0.2 * rng.standard_normal((runs, tokens)), 1e-6)
    often = rng.beta(2, 8, count)
    picked = np.where(rng.random((runs, tokens)) < often[rows], rng.integers(10, 1 << 40, (runs, tokens)), 1)
    made = held(
        "tokens",
        two_ways(-surprise.ravel()).reshape(runs, tokens, 2),
        picked,
        rows=rows,
        targets=np.ones(tokens, dtype=np.int64),
        texts=count,
    )
    # E[1 - (1 - q)^2] for q of Beta(2, 8).
    return Made(made, float(np.exp(3.0 + seed_sd**2 / 2)), 2 * 0.2 - (2 * 3) / (10 * 11))


def scores(rng: np.random.Generator, runs: int, count: int, seed_sd: float, r: float = 0.8) -> Made:
    """Normal numbers, and scores that follow them; a run mixes in noise of its own, more or less of it."""
    gold = rng.standard_normal(count)
    shared = r * gold + np.sqrt(1 - r * r) * rng.standard_normal(count)
    noise = np.abs(0.3 + seed_sd * rng.standard_normal((runs, 1)))
    values = shared + noise * rng.standard_normal((runs, count))
    many = np.abs(0.3 + seed_sd * np.random.default_rng(1).standard_normal(200_000))
    pearson = r / np.sqrt(1 + many**2)
    return Made(
        held("scores", values[..., None], gold=gold), float((6 / np.pi * np.arcsin(pearson / 2)).mean())
    )


def vectors(rng: np.random.Generator, runs: int, count: int, noise: float = 1.6) -> Population:
    """Texts of 20 labels, each with a direction; a run moves each text a little."""
    labels = rng.integers(0, 20, count)
    centres = np.random.default_rng(5).standard_normal((20, 6))
    shared = centres[labels] + noise * rng.standard_normal((count, 6))
    return held("vectors", shared + 0.4 * rng.standard_normal((runs, count, 6)), targets=labels)


def choices(rng: np.random.Generator, runs: int, count: int) -> Population:
    """Inputs of two to four choices, the right one mostly chosen."""
    of = rng.integers(2, 5, count)
    right = (rng.random(count) * of).astype(np.int64)
    logits = rng.standard_normal((runs, count, 4))
    logits[:, np.arange(count), right] += 2.5
    logits[:, np.arange(4) >= of[:, None]] = -np.inf
    return held("choices", logits, targets=right)
