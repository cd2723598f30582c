"""Two arms: what is claimed of a candidate's runs beside a baseline's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt

from benchmarks.seed_simulation.claims import CROSSED, LEVEL, RUNS, WIDE, Claim, Row, covers, rate
from benchmarks.seed_simulation.laws import (
    CENTRE,
    CENTRED,
    EASE,
    NODES,
    WEIGHTS,
    WIDTH,
    Integers,
    answers,
    chance,
    eases,
    ndtr,
    over_examples,
)
from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.crossed import crossed_estimate
from parity.seed_audit.measures.difference import Difference, tost, unpaired_estimate
from parity.seed_audit.measures.excess import excess_churn
from parity.seed_audit.measures.power import difference_power, tost_power
from parity.seed_audit.verdict.equivalence import BothArms, compare_arms
from parity.statistics.estimate import Estimate, p_beyond


def crossed_two_arms(rng: np.random.Generator, repeats: int) -> Iterator[Row]:
    """The candidate finds other examples hard: the difference differs from example to example."""
    shift = 0.5
    wider = CENTRE + math.hypot(WIDTH, shift) * NODES
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
    inner = chance(EASE[:, None] + shift * NODES, seed_sd)  # [ease, what the candidate changed]
    truth = over_examples(((inner - chance(EASE, seed_sd)[:, None]) ** 2) @ WEIGHTS)
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
        inner = ndtr((CENTRED[:, None] + shift * NODES) / sd)
        truth = over_examples(((inner - ndtr(CENTRED / sd)[:, None]) ** 2) @ WEIGHTS)
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
