"""All parts of the simulation, run one after the other."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.seed_simulation.claims import Row
from benchmarks.seed_simulation.grids import grids, grids_on_examples, logits_by_seed, one_seed
from benchmarks.seed_simulation.one_arm import (
    calibration,
    crossed_one_arm,
    distributions,
    macro_f1,
    metric_over_runs,
    pairwise,
    representation,
    stability,
    variance,
)
from benchmarks.seed_simulation.two_arms import candidates, crossed_two_arms, excess, paired_excess

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
