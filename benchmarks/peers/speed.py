"""Process CPU time of the streaming kernel against Polygraphy's simple comparison, interleaved in one run, with a control.

    python -m benchmarks.peers.speed [--positions 1024] [--width 384] [--rounds 7]

Ratios are medians over rounds, of arrays that differ everywhere by rounding. The control is Polygraphy against itself: its spread is the
resolution of the other. Gate: exit 1 when the kernel is less than 100 times as fast, 2 where Polygraphy is not installed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt

from benchmarks.kernel import seconds
from parity.measure.stage_difference import Difference

Floats = npt.NDArray[np.float32]
FLOOR = 100.0


def peer(reference: Floats, candidate: Floats) -> Callable[[], object]:
    """Polygraphy's simple comparison with its defaults; its log is silenced."""
    comparator: Any = importlib.import_module("polygraphy.comparator")
    logger: Any = importlib.import_module("polygraphy.logger").G_LOGGER
    logger.module_severity = logger.CRITICAL
    sides = [
        comparator.IterationResult(outputs={"layer": values}, runner_name=name)
        for values, name in ((reference, "a"), (candidate, "b"))
    ]
    compare = comparator.SimpleCompareFunc()
    return lambda: compare(*sides)


def kernel(reference: Floats, candidate: Floats) -> Callable[[], object]:
    """What parity measures of a stage, position by position."""
    place = np.arange(len(reference), dtype=np.int64)
    rows, positions = place // 32, place % 32
    stage = Difference(1e-5, vector_floor=1.0)
    return lambda: stage.add(reference, candidate, rows, positions)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--positions", type=int, default=1024)
    options.add_argument("--width", type=int, default=384)
    options.add_argument("--rounds", type=int, default=7)
    asked = options.parse_args()
    if find_spec("polygraphy") is None:
        print("polygraphy is not installed: pip install polygraphy")
        return 2
    generator = np.random.default_rng(0)
    shape = (asked.positions, asked.width)
    reference = generator.standard_normal(shape, dtype=np.float32)
    noise: Floats = np.multiply(generator.standard_normal(shape, dtype=np.float32), 1e-6, dtype=np.float32)
    candidate: Floats = np.add(reference, noise, dtype=np.float32)
    theirs, ours = peer(reference, candidate), kernel(reference, candidate)
    theirs()  # what is loaded on first use is loaded now
    ours()
    ratios: list[float] = []
    controls: list[float] = []
    for _ in range(asked.rounds):
        base = seconds(theirs, 2)
        ratios.append(base / seconds(ours, 60))
        controls.append(base / seconds(theirs, 2))
    gigabytes = reference.nbytes / 1e9
    print(
        f"[{asked.positions}, {asked.width}] float32; Polygraphy simple {seconds(theirs, 2) / gigabytes:.1f} CPU s, the kernel {seconds(ours, 60) / gigabytes:.2f} CPU s for a GB of each side"
    )
    for name, values in (("the kernel", ratios), ("control: Polygraphy again", controls)):
        print(f"{name:26} x{statistics.median(values):7.2f}  [{min(values):.2f} - {max(values):.2f}]")
    return int(statistics.median(ratios) < FLOOR)


if __name__ == "__main__":
    sys.exit(main())
