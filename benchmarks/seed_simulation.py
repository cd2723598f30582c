"""Whether the seed statistics keep what they claim: coverage of intervals and error rates of tests, by simulation.

    python benchmarks/seed_simulation.py [--fast] [--repeats 2000] [--write]

Every row names what is claimed and what was seen, with its Monte-Carlo standard error; the parity functions themselves are
called, on data whose truth is known in closed form or by quadrature. Gate: exit 1 when something seen lies more than three
standard errors outside its claim. --write puts the table into docs/seed-statistics.md. --fast: few repeats, for a test.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np
import numpy.typing as npt

from parity.measure.distributions import distances, log_softmax
from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.agreement import agreement
from parity.seed_audit.measures.between import two_arms
from parity.seed_audit.measures.calibration import calibration_error
from parity.seed_audit.measures.churn import churn
from parity.seed_audit.measures.cka import similarity
from parity.seed_audit.measures.crossed import crossed_estimate, seed_effect
from parity.seed_audit.measures.difference import Difference, difference, tost, unpaired_estimate
from parity.seed_audit.measures.distances import run_distances
from parity.seed_audit.measures.excess import excess_churn
from parity.seed_audit.measures.label_temperature import fit_label_temperature
from parity.seed_audit.measures.metric_spread import MetricSpread, grid_spread, metric_spread, spread
from parity.seed_audit.measures.power import can_show, difference_power, tost_power
from parity.seed_audit.measures.variance import split_variance
from parity.seed_audit.population.population import Population
from parity.seed_audit.verdict.equivalence import BothArms, compare_arms
from parity.seed_audit.verdict.stability import OneArm, judge_stability
from parity.statistics.estimate import Estimate, p_beyond
from parity.statistics.interval import Interval
from parity.statistics.pairing import grid_pairs
from parity.statistics.tails import f_tail

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

RUNS = (3, 5, 10)
SLACK = 3.0
PAGE = Path(__file__).parent.parent / "docs" / "seed-statistics.md"


class Claim(NamedTuple):
    """Between which two values something is claimed to lie."""

    low: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:.3f}"
        if self.low == 0:
            return f"at most {self.high:.3f}"
        if self.high == 1:
            return f"at least {self.low:.3f}"
        return f"{self.low:.3f} to {self.high:.3f}"


class Row(NamedTuple):
    """One line of the table. error: the Monte-Carlo standard error of what was seen."""

    statistic: str
    setting: str
    runs: str
    claim: Claim
    seen: float
    error: float

    @property
    def holds(self) -> bool:
        slack = SLACK * self.error + 1e-9
        return self.claim.low - slack <= self.seen <= self.claim.high + slack


EXACT = Claim(0.95, 0.95)
# What the forms that count some variance twice are claimed to cover: the nominal share, or more.
WIDE = Claim(0.96, 1.0)
MACRO = Claim(0.955, 0.98)
# Distances are squares of what differs, so that with few runs their estimate is skewed.
SKEWED = Claim(0.93, 0.965)
CROSSED = Claim(0.945, 0.975)
MLS = Claim(0.945, 0.96)
CKA = Claim(0.94, 0.955)
# Satterthwaite's degrees of freedom over a grid are estimated from few seeds.
GRID_MEAN = Claim(0.95, 0.985)
GRID_SD = Claim(0.925, 0.96)
GRID_NEW = Claim(0.94, 0.955)
# Logits that do not all move as one: their intervals are those of one.
LOGITS = Claim(0.99, 1.0)
LEVEL = Claim(0.0, 0.05)


def rate(
    statistic: str, setting: str, runs: int | str, claim: Claim, hits: list[bool] | npt.NDArray[np.bool_]
) -> Row:
    """A share of repeats, its standard error taken at the nearest value that is claimed."""
    seen = float(np.mean(hits))
    nearest = min(max(seen, claim.low), claim.high)
    spread_at = max(nearest * (1 - nearest), seen * (1 - seen))
    return Row(statistic, setting, str(runs), claim, seen, math.sqrt(spread_at / len(hits)))


def covers(interval: Interval | None, truth: float) -> bool:
    return interval is not None and interval.low <= truth <= interval.high


# --- laws -----------------------------------------------------------------------------------------------------------------

_NODES, _RAW = np.polynomial.hermite_e.hermegauss(100)
_WEIGHTS = _RAW / _RAW.sum()
CENTRE, WIDTH = 1.5, 2.0  # of an example's ease, on the logit scale


def sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def chance(ease: Floats, seed_sd: float) -> Floats:
    """The chance of "yes" on examples of this ease, over seeds."""
    return np.asarray(sigmoid(ease[..., None] + seed_sd * _NODES) @ _WEIGHTS)


def ndtr(x: Floats) -> Floats:
    """The standard normal's share below x."""
    return np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in x.ravel()]).reshape(x.shape)


def over_examples(values: Floats) -> float:
    """The mean over examples of a function of ease, given at the nodes."""
    return float(values @ _WEIGHTS)


EASE = CENTRE + WIDTH * _NODES
_CENTRED = 3 * _NODES


def answers(rng: np.random.Generator, ease: Floats, runs: int, seed_sd: float) -> Integers:
    """[runs, examples] yes (1) or no (0): a run shifts all of them, and each flips by itself."""
    shift = seed_sd * rng.standard_normal((runs, 1))
    return (rng.random((runs, len(ease))) < sigmoid(ease + shift)).astype(np.int64)


def eases(rng: np.random.Generator, examples: int) -> Floats:
    return CENTRE + WIDTH * rng.standard_normal(examples)


# --- one arm --------------------------------------------------------------------------------------------------------------


def metric_over_runs(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """On one fixed test set: the mean's, the SD's and the new run's interval."""
    n, seed_sd = 500, 0.3
    ease = eases(rng, n)
    by_shift = sigmoid(ease[:, None] + seed_sd * _NODES)  # [examples, nodes]
    mean = float(by_shift.mean(axis=0) @ _WEIGHTS)
    within = float((by_shift * (1 - by_shift)).mean(axis=0) @ _WEIGHTS) / n
    sd = math.sqrt(float((by_shift.mean(axis=0) - mean) ** 2 @ _WEIGHTS) + within)
    for runs in RUNS:
        found = [answers(rng, ease, runs + 1, seed_sd).mean(axis=1) for _ in range(repeats)]
        told = [spread(values[:runs]) for values in found]
        setting = "accuracy, 500 examples, seed SD 0.3 logit"
        yield rate(
            "mean over runs, t", setting, runs, EXACT, [covers(one.mean_interval, mean) for one in told]
        )
        yield rate(
            "SD over runs, chi-squared", setting, runs, EXACT, [covers(one.sd_interval, sd) for one in told]
        )
        new = [covers(one.new_run, float(values[runs])) for one, values in zip(told, found, strict=True)]
        yield rate("a new run", setting, runs, EXACT, new)


def crossed_one_arm(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    for runs, seed_sd in product(RUNS, (0.0, 0.05, 0.3)):
        truth = over_examples(chance(EASE, seed_sd))
        data = [answers(rng, eases(rng, 500), runs, seed_sd).astype(np.float64) for _ in range(repeats)]
        setting = f"accuracy, 500 examples, seed SD {seed_sd} logit"
        hits = [covers(crossed_estimate(values, 0.95).interval, truth) for values in data]
        yield rate("mean over new runs and examples, crossed t", setting, runs, CROSSED, hits)
        if seed_sd == 0:
            ps = [effect.p for values in data if (effect := seed_effect(values)) is not None]
            yield rate("seed effect, F test: false alarm", setting, runs, LEVEL, [p <= 0.05 for p in ps])


def pairwise(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """Churn and Fleiss' kappa."""
    for runs, seed_sd in product(RUNS, (0.0, 0.3)):
        q = chance(EASE, seed_sd)
        truth, share = over_examples(2 * q * (1 - q)), over_examples(q)
        kappa = 1 - truth / (2 * share * (1 - share))
        shares: list[bool] = []
        kappas: list[bool] = []
        for _ in range(repeats):
            predictions = answers(rng, eases(rng, 500), runs, seed_sd)
            shares.append(covers(churn(predictions).estimate.interval, truth))
            found = agreement(predictions, keep=0).kappa
            kappas.append(found is not None and covers(found.interval, kappa))
        setting = f"500 examples, seed SD {seed_sd} logit"
        yield rate("churn, two-way jackknife", setting, runs, WIDE, shares)
        yield rate("Fleiss' kappa, two-way jackknife", setting, runs, WIDE, kappas)


def run_logits(rng: np.random.Generator, runs: int, examples: int) -> Floats:
    """[runs, examples, 3]: what all share, what a run adds to every row, and what it adds to each."""
    return np.asarray(
        2 * rng.standard_normal((examples, 3))
        + 0.3 * rng.standard_normal((runs, 1, 3))
        + 0.5 * rng.standard_normal((runs, examples, 3))
    )


def distributions(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    base = 2 * rng.standard_normal((400_000, 3))
    one, other = (
        log_softmax(base + 0.3 * rng.standard_normal(base.shape) + 0.5 * rng.standard_normal(base.shape))
        for _ in range(2)
    )
    there = distances(one, other)
    for runs in RUNS:
        found = [run_distances(run_logits(rng, runs, 300))[0] for _ in range(repeats // 2)]
        setting = "300 examples, 3 classes"
        for name, part, truth in (("JS", "js", there.js), ("TV", "tv", there.tv), ("KL", "kl", there.kl)):
            hits = [covers(getattr(record, part).interval, float(truth.mean())) for record in found]
            yield rate(f"{name} between runs, two-way jackknife", setting, runs, SKEWED, hits)


def macro_f1_data(
    rng: np.random.Generator, ease: Floats, labels: Integers, runs: int, harder: float
) -> Population:
    right = answers(rng, ease - harder, runs, 0.3).astype(bool)
    wrong = (labels + rng.integers(1, 3, right.shape)) % 3
    return Population(np.eye(3)[np.where(right, labels, wrong)], labels)


def macro_f1_truth(harder: float) -> float:
    """Over seeds, the macro-F1 of endless examples of three classes that are mistaken for each other alike."""
    share = np.array(PRIORS)
    right = np.array([over_examples(sigmoid(EASE - harder + 0.3 * node)) for node in _NODES])[:, None]
    picked = share * right + (1 - share) * (1 - right) / 2
    return float((2 * share * right / (share + picked)).mean(axis=1) @ _WEIGHTS)


PRIORS = (0.5, 0.3, 0.2)


def macro_f1(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    truth, worse = macro_f1_truth(0.0), macro_f1_truth(0.3)
    for runs in RUNS:
        alone: list[bool] = []
        apart: list[bool] = []
        for _ in range(repeats // 2):
            ease, labels = eases(rng, 500), rng.choice(3, 500, p=PRIORS).astype(np.int64)
            one, other = (macro_f1_data(rng, ease, labels, runs, harder) for harder in (0.0, 0.3))
            overall = metric_spread(one, "macro_f1").overall
            alone.append(overall is not None and covers(overall.interval, truth))
            apart.append(covers(difference(one, other, "macro_f1").estimate.interval, worse - truth))
        setting = "500 examples, 3 classes, seed SD 0.3 logit"
        yield rate("macro-F1, two-way jackknife", setting, runs, MACRO, alone)
        yield rate("macro-F1 difference, two-way jackknife", setting, runs, MACRO, apart)


def calibration(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    for examples in (200, 500, 2000):
        hits: list[bool] = []
        alarms: list[bool] = []
        for _ in range(repeats):
            logits = 2 * rng.standard_normal((examples, 5))
            p = np.exp(log_softmax(logits, 1.7))
            labels = (p.cumsum(axis=1) < rng.random((examples, 1))).sum(axis=1).clip(max=4)
            hits.append(covers(fit_label_temperature(logits, labels).interval, 1.7))
            if len(alarms) < repeats // 2:
                right = p.argmax(axis=1) == labels
                alarms.append(calibration_error(p.max(axis=1), right, simulations=199).p <= 0.05)
        setting = f"{examples} examples, 5 classes, T 1.7"
        yield rate("temperature from labels, sandwich", setting, "1", EXACT, hits)
        yield rate("ECE against a calibrated model: false alarm", setting, "1", Claim(0.05, 0.05), alarms)


def variance(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    truth = (0.5, 0.2, 0.1)
    for side in RUNS:
        raw: list[tuple[float, float, float]] = []
        hits: list[tuple[bool, bool, bool]] = []
        for _ in range(2 * repeats):
            grid = (
                math.sqrt(truth[0]) * rng.standard_normal((side, 1, 1))
                + math.sqrt(truth[1]) * rng.standard_normal((1, side, 1))
                + math.sqrt(truth[2]) * rng.standard_normal((side, side, 1))
            )
            found = split_variance(grid)
            parts = (found.first, found.second, found.rest)
            raw.append((parts[0].raw, parts[1].raw, parts[2].raw))
            hits.append(tuple(covers(part.interval, v) for part, v in zip(parts, truth, strict=True)))  # type: ignore[arg-type]
        values = np.array(raw)
        for k, name in enumerate(("initial weights", "data order", "rest")):
            setting = f"{side} x {side}, truth {truth[k]}"
            error = float(values[:, k].std() / math.sqrt(len(values)))
            mean = float(values[:, k].mean())
            yield Row(
                f"variance, {name}: mean estimate",
                setting,
                str(side * side),
                Claim(truth[k], truth[k]),
                mean,
                error,
            )
            claim = EXACT if name == "rest" else MLS
            yield rate(f"variance, {name}: interval", setting, side * side, claim, [hit[k] for hit in hits])


def representation(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """Vectors of the tokens of examples, three to an example with much in common."""
    width = 8
    mix = rng.standard_normal((width, width)) / 3
    scale = np.linspace(0.3, 2.0, width)
    cxx, cyy = np.diag(scale**2), mix.T @ np.diag(scale**2) @ mix + 0.25 * np.eye(width)
    cxy = np.diag(scale**2) @ mix
    truth = float((cxy**2).sum() / math.sqrt((cxx**2).sum() * (cyy**2).sum()))
    for examples in (50, 200):
        hits: list[bool] = []
        values: list[float] = []
        for _ in range(repeats // 2):
            example = np.repeat(np.arange(examples), 3)
            x = scale * (
                math.sqrt(0.6) * rng.standard_normal((examples, width))[example]
                + math.sqrt(0.4) * rng.standard_normal((3 * examples, width))
            )
            y = x @ mix + 0.5 * rng.standard_normal((3 * examples, width))
            found = similarity(x, y, example)
            hits.append(covers(found.cka_interval, truth))
            values.append(found.cka if found.cka is not None else math.nan)
        setting = f"{examples} examples of 3 vectors"
        yield rate("debiased CKA, jackknife over examples", setting, "2", CKA, hits)


def stability(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """The verdict over one arm whose predictions agree and whose metric is normal over runs: only the spread decides.

    With 95 % of runs truly within +- the margin, "unstable" comes in alpha/2 of the audits; with a spread twice as wide,
    "stable" comes as often as s falls so low.
    """
    margin, z = 0.02, 1.959964
    for runs in RUNS:
        still = churn(np.zeros((runs, 2000), dtype=np.int64))
        for wide in (1.0, 2.0):
            verdicts: list[str] = []
            for _ in range(repeats):
                told = spread(0.8 + wide * margin / z * rng.standard_normal(runs))
                metric = MetricSpread("accuracy", told, None, None, runs, 2000, runs)
                verdicts.append(
                    judge_stability(Margins(margin, 0.05), OneArm(metric, still, runs=runs)).verdict
                )
            factor = z / (wide * can_show(runs).new_run_half_width)
            low = 1 - f_tail(factor**2, runs - 1, 1e9)
            setting = f"95 % of runs within {wide:.0f} x the margin"
            yield rate(
                "verdict stable",
                setting,
                runs,
                Claim(low, low),
                [verdict == "stable" for verdict in verdicts],
            )
            if wide == 1.0:
                hits = [verdict == "unstable" for verdict in verdicts]
                yield rate("verdict unstable", setting, runs, Claim(0.025, 0.025), hits)


# --- grids of seeds -------------------------------------------------------------------------------------------------------

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


def said(shares: tuple[float, float, float]) -> str:
    return "variance " + " / ".join(f"{share:.0%}" for share in shares)


def grids(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """One value a run over a grid of two seeds: the mean's, the SD's and a new run's interval."""
    for side, shares in product((3, 4, 5), _SHARES):
        told = [
            (grid_spread(crossed_seeds(rng, side, side, shares)[:, :, 0]), rng.standard_normal())
            for _ in range(repeats)
        ]
        setting = f"{side} x {side} seeds, {said(shares)}"
        for name, claim, hits in (
            ("grid: mean over new seeds", GRID_MEAN, [covers(one.mean_interval, 0.0) for one, _ in told]),
            ("grid: SD of a new run", GRID_SD, [covers(one.sd_interval, 1.0) for one, _ in told]),
            ("grid: a new run", GRID_NEW, [covers(one.new_run, new) for one, new in told]),
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
        setting = f"400 examples, {side} x {side} seeds, {said(shares)}"
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
            told = spread(0.8 + 2 * margin / z * values)
            metric = MetricSpread("accuracy", told, None, None, runs, 2000, runs)
            found = judge_stability(
                Margins(margin, 0.05), OneArm(metric, still, runs=runs, fixed=["init_seed"])
            )
            verdicts.append(found.verdict)
        setting = f"one init seed, {said(shares)}"
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


# --- two arms -------------------------------------------------------------------------------------------------------------


def crossed_two_arms(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """The candidate finds other examples hard: the difference differs from example to example."""
    shift = 0.5
    wider = CENTRE + math.hypot(WIDTH, shift) * _NODES
    for runs, seed_sd in product(RUNS, (0.0, 0.05, 0.3)):
        truth = over_examples(chance(wider, seed_sd)) - over_examples(chance(EASE, seed_sd))
        paired: list[bool] = []
        unpaired: list[bool] = []
        for _ in range(repeats):
            ease = eases(rng, 500)
            other = ease + shift * rng.standard_normal(500)
            one, two = (answers(rng, side, runs, seed_sd).astype(np.float64) for side in (ease, other))
            paired.append(covers(crossed_estimate(two - one, 0.95).interval, truth))
            unpaired.append(covers(unpaired_estimate(one, two, 0.95).interval, truth))
        setting = f"500 examples, seed SD {seed_sd} logit"
        yield rate("difference, paired runs, crossed t", setting, runs, CROSSED, paired)
        yield rate("difference, unpaired runs, crossed t", setting, runs, CROSSED, unpaired)


_EASY, _HARD, _HARD_SHARE = 0.97, 0.03, 0.25


def arm(
    rng: np.random.Generator, hard: npt.NDArray[np.bool_], runs: int, seed_sd: float, worse: float
) -> Integers:
    """[runs, examples] right or not: on the scale of accuracy, so that margins in points are exact."""
    p = np.where(hard, _HARD, _EASY) - worse + seed_sd * rng.standard_normal((runs, 1))
    return (rng.random((runs, len(hard))) < p).astype(np.int64)


def standard_error(runs: int, examples: int, seed_sd: float, worse: float) -> float:
    """The true one of the difference of two such arms."""
    flips = sum(
        share * (p - shift) * (1 - p + shift)
        for share, p in ((_HARD_SHARE, _HARD), (1 - _HARD_SHARE, _EASY))
        for shift in (0.0, worse)
    )
    return math.sqrt((2 * seed_sd**2 + flips / examples) / runs)


def record(found: Estimate) -> Difference:
    p = p_beyond(found, abs(found.value))
    return Difference("accuracy", 0.0, found.value, found, p, False, (0, 0), 0)


def candidates(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """The baseline retrained, and recipes truly worse: what the difference, TOST and the verdict say of them."""
    n, margin = 2000, 0.01
    for runs in RUNS:
        for seed_sd, worse in ((0.004, 0.0), (0.004, 0.01), (0.01, 0.0), (0.01, 0.02)):
            different: list[bool] = []
            equivalent: list[bool] = []
            for _ in range(repeats):
                hard = rng.random(n) < _HARD_SHARE
                one, two = (arm(rng, hard, runs, seed_sd, shift).astype(np.float64) for shift in (0.0, worse))
                found = record(unpaired_estimate(one, two, 0.95))
                different.append(found.p is not None and found.p <= 0.05)
                shown = tost(found, margin)
                equivalent.append(shown is not None and shown.equivalent)
            error = standard_error(runs, n, seed_sd, worse)
            setting = f"2000 examples, seed SD {100 * seed_sd:.1f} points, truly {100 * worse:.0f} worse"
            stated = difference_power(worse, error, runs)
            claim = LEVEL if worse == 0 else Claim(stated, stated)
            name = "difference: false alarm" if worse == 0 else "difference: power"
            yield rate(name, setting, runs, claim, different)
            stated = tost_power(margin, 0.0, error, runs)
            shows = Claim(stated, stated) if worse == 0 else LEVEL
            name = "TOST, margin 1 point: power" if worse == 0 else "TOST, margin 1 point: false equivalence"
            yield rate(name, setting, runs, shows, equivalent)


def excess(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    seed_sd, shift = 0.3, 0.7
    inner = chance(EASE[:, None] + shift * _NODES, seed_sd)  # [ease, what the candidate changed]
    truth = over_examples(((inner - chance(EASE, seed_sd)[:, None]) ** 2) @ _WEIGHTS)
    for runs in (3, 4, 5, 10):
        seen: dict[str, list[bool]] = {"alarm": [], "power": [], "null": [], "alternative": [], "verdict": []}
        for _ in range(repeats // (2 if runs < 10 else 4)):
            ease = eases(rng, 400)
            other = ease + shift * rng.standard_normal(400)
            one, two, three = (answers(rng, side, runs, seed_sd) for side in (ease, ease, other))
            same, apart = (excess_churn(one, side, most=2000) for side in (two, three))
            seen["alarm"].append(same.p <= 0.05)
            seen["power"].append(apart.p <= 0.05)
            seen["null"].append(covers(same.estimate.interval, 0.0))
            seen["alternative"].append(covers(apart.estimate.interval, truth))
            t = record(unpaired_estimate(one.astype(np.float64), two.astype(np.float64), 0.95))
            verdict = compare_arms(Margins(0.01, 0.1), BothArms(t, same, runs=(runs, runs))).verdict
            seen["verdict"].append(verdict == "different")
        setting = "400 examples, seed SD 0.3 logit"
        least = Claim(0.0, 0.0) if runs == 3 else LEVEL
        yield rate("excess churn, permutation: false alarm", setting, runs, least, seen["alarm"])
        wanted = {3: Claim(0.0, 0.0), 4: Claim(0.3, 1.0), 5: Claim(0.5, 1.0), 10: Claim(0.9, 1.0)}[runs]
        yield rate(f"excess churn, permutation: power at {truth:.3f}", setting, runs, wanted, seen["power"])
        yield rate("excess churn 0, jackknife", setting, runs, WIDE, seen["null"])
        yield rate(f"excess churn {truth:.3f}, jackknife", setting, runs, WIDE, seen["alternative"])
        yield rate("verdict on the baseline retrained: different", setting, runs, LEVEL, seen["verdict"])


def paired_excess(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """Two arms whose runs share seeds pair by pair: a run and its partner are more alike than two runs of one arm."""
    n, shared, own = 500, 1.0, 0.3
    for shift, runs in product((1.2, 0.0), RUNS):
        sd = math.hypot(shared, own)
        inner = ndtr((_CENTRED[:, None] + shift * _NODES) / sd)
        truth = over_examples(((inner - ndtr(_CENTRED / sd)[:, None]) ** 2) @ _WEIGHTS)
        values: list[float] = []
        seen: dict[str, list[bool]] = {"covers": [], "below": [], "rejects": []}
        for _ in range(max(100, repeats // (4 if runs < 10 else 8))):
            ease = 3 * rng.standard_normal(n)
            other = ease + shift * rng.standard_normal(n)
            seeds = shared * rng.standard_normal((runs, n))
            one, two = (
                (side + seeds + own * rng.standard_normal((runs, n)) > 0).astype(np.int64)
                for side in (ease, other)
            )
            found = excess_churn(one, two, matched=np.eye(runs, dtype=bool), most=2000)
            interval = found.estimate.interval
            values.append(found.estimate.value)
            seen["covers"].append(covers(interval, truth))
            seen["below"].append(interval is not None and interval.high < truth)
            seen["rejects"].append(found.p <= 0.05)
        setting = f"500 examples, paired seeds, truly {truth:.3f}"
        error = float(np.std(values) / math.sqrt(len(values)))
        mean = float(np.mean(values))
        yield Row("paired excess churn: mean estimate", setting, str(runs), Claim(truth, truth), mean, error)
        yield rate("paired excess churn, jackknife", setting, runs, WIDE, seen["covers"])
        below = Claim(0.0, 0.03)
        yield rate("paired excess churn: upper bound below the truth", setting, runs, below, seen["below"])
        if shift == 0:
            least = Claim(0.0, 0.0) if runs == 3 else LEVEL
            yield rate("paired excess churn, permutation: false alarm", setting, runs, least, seen["rejects"])


PARTS: tuple[Callable[[np.random.Generator, int], Iterator[Row]], ...] = (
    metric_over_runs,
    crossed_one_arm,
    macro_f1,
    pairwise,
    distributions,
    calibration,
    variance,
    representation,
    stability,
    crossed_two_arms,
    candidates,
    excess,
    grids,
    grids_on_examples,
    one_seed,
    logits_by_seed,
    paired_excess,
)


def simulate(repeats: int, seed: int = 20) -> list[Row]:
    """All rows; each part has a stream of its own, so that one can be changed without moving the others."""
    streams = np.random.SeedSequence(seed).spawn(len(PARTS))
    rows: list[Row] = []
    for part, stream in zip(PARTS, streams, strict=True):
        began = time.process_time()
        rows += part(np.random.default_rng(stream), repeats)
        print(f"{part.__name__}: {time.process_time() - began:.1f} s", file=sys.stderr)
    return rows


def table(rows: list[Row]) -> str:
    lines = [
        "| statistic | setting | runs | claimed | seen | +- | holds |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.statistic} | {row.setting} | {row.runs} | {row.claim} | {row.seen:.3f} | {row.error:.3f} | "
        f"{'yes' if row.holds else '**no**'} |"
        for row in rows
    ]
    return "\n".join(lines)


def limits() -> str:
    """The table of what S runs can show."""
    lines = [
        "| S | mean's half-width | SD's interval | new run's half-width | detectable | by t alone | SD of paired differences for TOST | least p |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for runs in (3, 5, 10, 20, 30):
        told = can_show(runs)
        lines.append(
            f"| {runs} | {told.mean_half_width:.2f} | {told.sd_low:.2f} to {told.sd_high:.2f} | "
            f"{told.new_run_half_width:.2f} | {told.detectable:.2f} | {told.detectable_alone:.2f} | {told.tost_sd:.2f} | {told.least_p:.2g} |"
        )
    return "\n".join(lines)


def between(page: str, mark: str, text: str) -> str:
    """The page with a text between two marks, in place of what was there."""
    start, end = f"<!-- {mark}: start -->", f"<!-- {mark}: end -->"
    return f"{page[: page.index(start) + len(start)]}\n\n{text}\n\n{page[page.index(end) :]}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Coverage and error rates of the seed statistics, by simulation."
    )
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--fast", action="store_true", help="40 repeats")
    parser.add_argument("--write", action="store_true", help="into docs/seed-statistics.md")
    given = parser.parse_args()
    repeats = 40 if given.fast else given.repeats
    rows = simulate(repeats)
    told = table(rows)
    print(told)
    if given.write:
        lead = f"{repeats} repeats (fewer where a repeat is slow; the error says), seed 20."
        page = between(PAGE.read_text(encoding="utf-8"), "simulation", f"{lead}\n\n{told}")
        PAGE.write_text(between(page, "can show", limits()), encoding="utf-8")
    broken = [row for row in rows if not row.holds]
    for row in broken:
        print(f"not as claimed: {row}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
