"""Grids of seeds: what is claimed of runs that share a seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import numpy as np

from benchmarks.seed_simulation.claims import (
    EXACT,
    GRID_MEAN,
    GRID_NEW,
    GRID_SD,
    LEVEL,
    LOGITS,
    RUNS,
    WIDE,
    Claim,
    Row,
    covers,
    rate,
)
from benchmarks.seed_simulation.laws import EASE, Floats, Integers, eases, ndtr, over_examples
from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.between import two_arms
from parity.seed_audit.measures.churn import churn
from parity.seed_audit.measures.metric_spread import MetricSpread, grid_spread, metric_spread, spread
from parity.seed_audit.measures.variance import split_variance
from parity.seed_audit.population.population import Population
from parity.seed_audit.verdict.stability import OneArm, judge_stability
from parity.statistics.pairing import grid_pairs

_SHARES = ((0.75, 0.11, 0.14), (0.33, 0.33, 0.34))  # of the variance: first seed, second seed, rest


def crossed_seeds(
    rng: np.random.Generator, rows: int, columns: int, shares: tuple[float, float, float], examples: int = 1
) -> Floats:
    """[rows, columns, examples] effects of variance 1 in all, drawn anew for each example."""
    first, second, rest = (math.sqrt(share) for share in shares)
    return np.asarray(
        first * rng.standard_normal((rows, 1, examples))
        + second * rng.standard_normal((1, columns, examples))
        + rest * rng.standard_normal((rows, columns, examples))
    )


def shares_text(shares: tuple[float, float, float]) -> str:
    return "variance " + " / ".join(f"{share:.0%}" for share in shares)


def grids(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """One value a run over a grid of two seeds: the mean's, the SD's and a new run's interval."""
    for side, shares in product((3, 4, 5), _SHARES):
        spreads = [
            (grid_spread(crossed_seeds(rng, side, side, shares)[:, :, 0]), rng.standard_normal())
            for _ in range(repeats)
        ]
        setting = f"{side} x {side} seeds, {shares_text(shares)}"
        for name, claim, hits in (
            ("grid: mean over new seeds", GRID_MEAN, [covers(one.mean_interval, 0.0) for one, _ in spreads]),
            ("grid: SD of a new run", GRID_SD, [covers(one.sd_interval, 1.0) for one, _ in spreads]),
            ("grid: a new run", GRID_NEW, [covers(one.new_run, new) for one, new in spreads]),
        ):
            yield rate(name, setting, side * side, claim, hits)


def on_examples(
    rng: np.random.Generator, ease: Floats, side: int, shares: tuple[float, float, float]
) -> Integers:
    """[runs, examples] yes or no over a grid: each seed moves every example by itself (SD 1) and all alike (SD 0.3)."""
    moved = crossed_seeds(rng, side, side, shares, len(ease)) + 0.3 * crossed_seeds(rng, side, side, shares)
    return (ease + moved > 0).astype(np.int64).reshape(side * side, -1)


def over_grid(predictions: Integers, labels: Integers, side: int) -> Population:
    factors = tuple({"init_seed": i, "order_seed": j} for i, j in product(range(side), range(side)))
    return Population(np.eye(2)[predictions], labels, factors)


def grids_on_examples(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """Accuracy over new seeds and examples, churn between runs that share no seed, and two arms with grids of their own."""
    right = ndtr(EASE / math.sqrt(1.09))
    truth, apart = over_examples(right), over_examples(2 * right * (1 - right))
    labels = np.ones(400, dtype=np.int64)
    for side, shares in product((3, 4), _SHARES):
        seen: dict[str, list[bool]] = {"mean": [], "churn": [], "t": [], "permutation": []}
        cells = np.arange(side * side).reshape(side, side)
        for _ in range(repeats // 4):
            ease = eases(rng, 400)
            one, two = (on_examples(rng, ease, side, shares) for _ in range(2))
            mean = metric_spread(over_grid(one, labels, side)).overall
            seen["mean"].append(mean is not None and covers(mean.interval, truth))
            seen["churn"].append(covers(churn(one, pairing=grid_pairs(cells)).estimate.interval, apart))
            # The arms' seeds are others, and so are the numbers of these.
            first, second = over_grid(one, labels, side), over_grid(two, labels, side)
            other = Population(
                second.logits, labels, tuple({k: v + 100 for k, v in run.items()} for run in second.factors)
            )
            found = two_arms(first, other, "accuracy", Margins(0.02, 0.1), None, paired=False)
            seen["t"].append(found.difference is not None and (found.difference.p or 0.0) <= 0.05)
            seen["permutation"].append(found.excess is not None and found.excess.p <= 0.05)
        setting = f"400 examples, {side} x {side} seeds, {shares_text(shares)}"
        for name, claim, hits in (
            ("grid: mean over new seeds and examples", GRID_MEAN, seen["mean"]),
            ("grid: churn, two-way jackknife over seeds", WIDE, seen["churn"]),
            ("grid: baseline retrained, t test over a diagonal", LEVEL, seen["t"]),
            ("grid: baseline retrained, permutation over a diagonal", LEVEL, seen["permutation"]),
        ):
            yield rate(name, setting, side * side, claim, hits)


def one_seed(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """Runs of one set of initial weights: the intervals are conditional on it, and "stable" is never said."""
    shares, margin, z = _SHARES[0], 0.02, 1.959964
    for runs in RUNS:
        still = churn(np.zeros((runs, 2000), dtype=np.int64))
        hits: list[bool] = []
        verdicts: list[str] = []
        for _ in range(repeats):
            weights = math.sqrt(shares[0]) * rng.standard_normal()
            values = weights + math.sqrt(1 - shares[0]) * rng.standard_normal(runs)
            hits.append(covers(spread(values).mean_interval, weights))
            spreads = spread(0.8 + 2 * margin / z * values)
            metric = MetricSpread("accuracy", spreads, None, None, runs, 2000, runs)
            found = judge_stability(
                Margins(margin, 0.05), OneArm(metric, still, runs=runs, fixed=["init_seed"])
            )
            verdicts.append(found.verdict)
        setting = f"one init seed, {shares_text(shares)}"
        yield rate("mean over runs of that seed, t", setting, runs, EXACT, hits)
        stable = [verdict == "stable" for verdict in verdicts]
        yield rate("verdict stable, spread 2 x the margin", setting, runs, Claim(0.0, 0.0), stable)


def logits_by_seed(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """The variance of many numbers a run, which move together in part."""
    truth = (0.5, 0.2, 0.1)
    mix = rng.standard_normal((6, 40))
    mix /= np.sqrt((mix**2).sum(axis=0).mean())
    for side in RUNS:
        hits: list[tuple[bool, bool, bool]] = []
        for _ in range(repeats // 2):
            found = split_variance(crossed_seeds(rng, side, side, truth, 6)[:, :, None] @ mix)
            parts = (found.first, found.second, found.rest)
            hits.append(tuple(covers(part.interval, v) for part, v in zip(parts, truth, strict=True)))  # type: ignore[arg-type]
        for k, name in enumerate(("initial weights", "data order", "rest")):
            setting = f"{side} x {side}, truth {truth[k]}, 40 logits"
            yield rate(
                f"variance of logits, {name}: interval",
                setting,
                side * side,
                LOGITS,
                [hit[k] for hit in hits],
            )
