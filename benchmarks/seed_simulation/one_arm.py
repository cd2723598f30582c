"""One arm: what is claimed of the runs of one recipe."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import numpy as np

from benchmarks.seed_simulation.claims import (
    CKA,
    CROSSED,
    EXACT,
    LEVEL,
    MACRO,
    MLS,
    RUNS,
    SKEWED,
    WIDE,
    Claim,
    Row,
    covers,
    rate,
)
from benchmarks.seed_simulation.laws import (
    EASE,
    NODES,
    WEIGHTS,
    Floats,
    Integers,
    answers,
    chance,
    eases,
    over_examples,
    sigmoid,
)
from parity.measure.activation import log_softmax
from parity.measure.distributions import distances
from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.agreement import agreement
from parity.seed_audit.measures.calibration import calibration_error
from parity.seed_audit.measures.churn import churn
from parity.seed_audit.measures.cka import similarity
from parity.seed_audit.measures.crossed import crossed_estimate, seed_effect
from parity.seed_audit.measures.difference import difference
from parity.seed_audit.measures.distances import run_distances
from parity.seed_audit.measures.label_temperature import fit_label_temperature
from parity.seed_audit.measures.metric_spread import MetricSpread, metric_spread, spread
from parity.seed_audit.measures.power import can_show
from parity.seed_audit.measures.variance import split_variance
from parity.seed_audit.population.population import Population
from parity.seed_audit.verdict.stability import OneArm, judge_stability
from parity.statistics.tails import f_tail


def metric_over_runs(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """On one fixed test set: the mean's, the SD's and the new run's interval."""
    n, seed_sd = 500, 0.3
    ease = eases(rng, n)
    by_shift = sigmoid(ease[:, None] + seed_sd * NODES)  # [examples, nodes]
    mean = float(by_shift.mean(axis=0) @ WEIGHTS)
    within = float((by_shift * (1 - by_shift)).mean(axis=0) @ WEIGHTS) / n
    sd = math.sqrt(float((by_shift.mean(axis=0) - mean) ** 2 @ WEIGHTS) + within)
    for runs in RUNS:
        found = [answers(rng, ease, runs + 1, seed_sd).mean(axis=1) for _ in range(repeats)]
        spreads = [spread(values[:runs]) for values in found]
        setting = "accuracy, 500 examples, seed SD 0.3 logit"
        yield rate(
            "mean over runs, t", setting, runs, EXACT, [covers(one.mean_interval, mean) for one in spreads]
        )
        yield rate(
            "SD over runs, chi-squared",
            setting,
            runs,
            EXACT,
            [covers(one.sd_interval, sd) for one in spreads],
        )
        new = [covers(one.new_run, float(values[runs])) for one, values in zip(spreads, found, strict=True)]
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
    right = np.array([over_examples(sigmoid(EASE - harder + 0.3 * node)) for node in NODES])[:, None]
    picked = share * right + (1 - share) * (1 - right) / 2
    return float((2 * share * right / (share + picked)).mean(axis=1) @ WEIGHTS)


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
                spreads = spread(0.8 + wide * margin / z * rng.standard_normal(runs))
                metric = MetricSpread("accuracy", spreads, None, None, runs, 2000, runs)
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
