"""Integrity: what must hold before runs are averaged: the same rows in the same order, no run twice, every seed connected.

Two steps, for runs on other data do not fit into one array: `check_rows` on digests of the inputs, then `check_seeds` on the
population of the runs it kept. Runs are named by their index in what was given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np

from parity.seed_audit.population.population import Population
from parity.subjects.training import whole_sets

__all__ = ["FactorCheck", "Fault", "RepeatNoise", "RowCheck", "SeedCheck", "check_rows", "check_seeds"]

Kind = Literal[
    "other_data", "row_order", "duplicate_run", "same_weights", "seed_without_effect", "repeat_differs"
]


class Fault(NamedTuple):
    """A fault. `runs` are those it concerns, the first one being what the others equal
    (duplicate_run, same_weights, seed_without_effect, repeat_differs); `factors` the seeds in question. `hidden`: a seed without effect
    that only the runs' own records tell of, as other seeds moved with it and made the runs differ.
    """

    kind: Kind
    runs: tuple[int, ...]
    factors: tuple[str, ...] = ()
    hidden: bool = False


class RowCheck(NamedTuple):
    """Whether all runs saw the same rows in the same order. `keep` are the runs that saw what most did."""

    faults: tuple[Fault, ...]
    keep: tuple[int, ...]


class FactorCheck(NamedTuple):
    """One seed: how many values it took, in how many pairs of runs it alone differed, how many of those pairs differ.

    No such pair (all seeds moved together) leaves the factor untested by itself.
    """

    name: str
    values: int
    alone: int
    changed: int


class RepeatNoise(NamedTuple):
    """The noise that no seed explains: pairs of runs with the same seeds, how many are bitwise equal, the largest logit
    difference, and the mean share of examples decided otherwise (None: nothing is decided).
    """

    pairs: int
    bitwise: int
    max_abs: float
    churn: float | None


class SeedCheck(NamedTuple):
    """The effect of the seeds. `keep` are the runs that may be averaged: one of each set of seeds, of each set of bits, of each set of
    weights.
    """

    faults: tuple[Fault, ...]
    factors: tuple[FactorCheck, ...]
    repeats: RepeatNoise | None
    keep: tuple[int, ...]


def check_rows(digests: Sequence[Sequence[str]]) -> RowCheck:
    """Compare digests of the inputs, one sequence a run and one digest a row. The rows of most runs are taken as correct."""
    rows = [tuple(run) for run in digests]
    if not rows:
        return RowCheck((), ())
    usual = Counter(rows).most_common(1)[0][0]
    bag = Counter(usual)
    faults = [
        Fault("row_order" if Counter(run) == bag else "other_data", (index,))
        for index, run in enumerate(rows)
        if run != usual
    ]
    return RowCheck(tuple(faults), tuple(index for index, run in enumerate(rows) if run == usual))


def check_seeds(
    population: Population,
    weights: Sequence[str | None] | None = None,
    made: Sequence[Mapping[str, tuple[str, ...]]] | None = None,
) -> SeedCheck:
    """Compare every pair of runs with the seeds they were made with.

    Two runs are the same run when their logits are bitwise equal, whatever their weights: differences there do not reach the outputs.
    weights: a digest of each run's weights, None where unknown. Runs of equal weights and other outputs are not the same run, and
    no two runs of a recipe either: something else than a seed (a config, a tokenizer, an option) makes them differ. A run without factors is only looked at for being there twice, and runs of which
    the same seeds are known are repeats only where no other seed is unknown.
    made: for each run what it recorded that each seed made, by the seed's name (nothing: the seed had nothing to make).
    """
    digests = list(weights) if weights is not None else [None] * population.runs
    pairs = list(combinations(range(population.runs), 2))
    bits = [_bits(population, run) for run in range(population.runs)]
    same = {pair: bits[pair[0]] == bits[pair[1]] for pair in pairs}
    alike = {pair: digests[pair[0]] is not None and digests[pair[0]] == digests[pair[1]] for pair in pairs}
    unmoved = {pair: same[pair] or alike[pair] for pair in pairs}
    moved = {pair: _moved(population.factors[pair[0]], population.factors[pair[1]]) for pair in pairs}
    names = sorted({name for run in population.factors for name in run} - {"repeat"})
    checks = tuple(_factor(name, population, moved, unmoved) for name in names)
    dead = {check.name for check in checks if check.alone and not check.changed}
    together = _dead_together(moved, unmoved)
    faults: list[Fault] = []
    if together and not dead:
        dead = set(together)
    for cause in [(name,) for name in sorted(dead)] if not together else [together]:
        concerned = sorted(
            {
                run
                for pair in pairs
                if unmoved[pair] and moved[pair] and set(cause) & set(moved[pair] or ())
                for run in pair
            }
        )
        faults.append(Fault("seed_without_effect", tuple(concerned), cause))
    if made is not None:
        faults += [
            fault for name in names if name not in dead for fault in _made_nothing(name, population, made)
        ]
    for pair in pairs:
        seeds = moved[pair]
        if same[pair]:
            repeated = seeds == () and _index(population, pair[0]) != _index(population, pair[1])
            if not repeated and not (seeds and set(seeds) <= dead):
                faults.append(Fault("duplicate_run", pair, seeds or ()))
        elif seeds == ():
            faults.append(Fault("repeat_differs", pair))
        elif alike[pair] and not (seeds and set(seeds) <= dead):
            faults.append(Fault("same_weights", pair, seeds or ()))
    keep: list[int] = []
    for run in range(population.runs):
        earlier = [(kept, run) for kept in keep]
        if not any(same[pair] or alike[pair] or moved[pair] == () for pair in earlier):
            keep.append(run)
    return SeedCheck(tuple(faults), checks, _repeats(population, moved), tuple(keep))


def _bits(population: Population, run: int) -> bytes:
    return bytes(population.logits[run].tobytes())


def _index(population: Population, run: int) -> int | None:
    return population.factors[run].get("repeat")


def _moved(one: Mapping[str, int], other: Mapping[str, int]) -> tuple[str, ...] | None:
    """The seeds in which two runs differ; None where they are unknown, or where others than the known ones may differ."""
    names, others = set(one) - {"repeat"}, set(other) - {"repeat"}
    if not names or names != others:
        return None
    moved = tuple(sorted(name for name in names if one[name] != other[name]))
    if moved or frozenset(names) in whole_sets() or ("repeat" in one and "repeat" in other):
        return moved
    return None


def _made_nothing(
    name: str, population: Population, made: Sequence[Mapping[str, tuple[str, ...]]]
) -> list[Fault]:
    """The fault of a seed that took several values and made the same in all runs, or nothing in any."""
    known = [run for run, factors in enumerate(population.factors) if name in factors and name in made[run]]
    values = {population.factors[run][name] for run in known}
    if len(values) < 2 or len({made[run][name] for run in known}) > 1:
        return []
    return [Fault("seed_without_effect", tuple(known), (name,), hidden=True)]


def _factor(
    name: str,
    population: Population,
    moved: Mapping[tuple[int, int], tuple[str, ...] | None],
    same: Mapping[tuple[int, int], bool],
) -> FactorCheck:
    alone = [pair for pair, seeds in moved.items() if seeds == (name,)]
    values = {run[name] for run in population.factors if name in run}
    return FactorCheck(name, len(values), len(alone), sum(not same[pair] for pair in alone))


def _dead_together(
    moved: Mapping[tuple[int, int], tuple[str, ...] | None], same: Mapping[tuple[int, int], bool]
) -> tuple[str, ...]:
    """The seeds, where they always moved together and no pair of runs differs; else none."""
    sets = {seeds for seeds in moved.values() if seeds}
    if len(sets) != 1 or any(not same[pair] for pair, seeds in moved.items() if seeds):
        return ()
    return sets.pop()


def _repeats(
    population: Population, moved: Mapping[tuple[int, int], tuple[str, ...] | None]
) -> RepeatNoise | None:
    pairs = [pair for pair, seeds in moved.items() if seeds == ()]
    if not pairs:
        return None
    largest, churn, equal = 0.0, 0.0, 0
    for one, other in pairs:
        equal += _bits(population, one) == _bits(population, other)
        with np.errstate(invalid="ignore"):
            largest = max(
                largest,
                float(np.nanmax(np.abs(population.logits[one] - population.logits[other]), initial=0.0)),
            )
        churn += float((population.predictions[one] != population.predictions[other]).mean())
    return RepeatNoise(len(pairs), equal, largest, churn / len(pairs) if population.decides else None)
