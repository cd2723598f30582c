"""The statistics of one arm and what lies between two: what the runs' design leaves to each."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from parity.records.arm_statistics import Bounds, SplitRecord
from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.arm import ArmStatistics, arm_statistics
from parity.seed_audit.measures.between import two_arms
from parity.seed_audit.population.arms import ArmRuns, Member
from parity.seed_audit.population.population import Population
from parity.seed_audit.runs.requested import RequestedRun
from tests.seed_runs import population


def grid(side: int) -> Population:
    factors = tuple({"init_seed": i, "order_seed": j} for i, j in product(range(side), repeat=2))
    made = population(side * side, 60)
    return Population(made.logits, made.labels, factors)


def told(made: Population, *, stages: bool = False) -> ArmStatistics:
    """The statistics of a population, with one stage of vectors inside each run."""
    rng = np.random.default_rng(0)
    base = rng.standard_normal((60, 6))
    rows = {"layer.0": np.repeat(np.arange(20), 3)}
    members: list[Member] = []
    for name in made.names:
        seen = {"layer.0": base + rng.standard_normal((60, 6))} if stages else {}
        collected = cast("Any", SimpleNamespace(stages=seen, rows=rows))
        members.append(Member(RequestedRun(name, "outputs:x", "candidate", {}), collected, "kept"))
    arm = ArmRuns("candidate", tuple(members), tuple(range(made.runs)), made, None, None, ())
    return arm_statistics(arm, "accuracy", (1.0,), 0.95)


def test_the_interval_of_a_stage_is_a_record_like_any_other() -> None:
    (stage,) = told(population(3), stages=True).record.cka
    assert isinstance(stage.cka_interval, Bounds) and stage.cka is not None
    assert (stage.cka_interval.low or 0.0) < stage.cka < (stage.cka_interval.high or 0.0)


def test_stages_of_a_grid_are_compared_between_runs_that_share_no_seed() -> None:
    (stage,) = told(grid(3), stages=True).record.cka
    assert 18 == stage.pairs
    (small,) = told(grid(2), stages=True).record.cka
    assert 1 == small.pairs


def test_two_arms_with_grids_are_compared_over_a_diagonal_of_each() -> None:
    made = grid(3)
    found = two_arms(made, made, "accuracy", Margins(0.02, 0.1), None, paired=True)
    assert found.difference is not None and found.excess is not None
    assert ((3, 3), (3, 3), 3) == (found.difference.runs, found.record.runs, found.excess.matched)


def test_a_metric_that_is_no_mean_over_examples_is_split_too() -> None:
    made = grid(3)
    members = tuple(
        Member(RequestedRun(name, "outputs:x", "candidate", {}), None, "kept") for name in made.names
    )
    arm = ArmRuns("candidate", members, tuple(range(9)), made, None, None, ())
    variance = arm_statistics(arm, "macro_f1", (1.0,), 0.95).record.variance
    assert variance is not None and variance["macro_f1"] is not None
    logits = variance["logits"]
    assert isinstance(logits, SplitRecord) and logits.first.interval is not None
