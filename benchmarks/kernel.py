"""Process CPU time of the streaming kernel against ten-pass naive numpy, interleaved in one run, with a control.

    python benchmarks/kernel.py [--positions 1024] [--width 384] [--rounds 9]

Ratios are medians over rounds. The control is naive numpy against itself: its spread is the resolution of the others.
Gates: exit 1 when the kernel is less than 5 times as fast as naive numpy on data that differs everywhere.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt

from parity.measure.stage_difference import Difference

Floats = npt.NDArray[np.float32]
FLOOR = 5.0


def naive(reference: Floats, candidate: Floats) -> list[float]:
    """Ten numbers, each by its own passes over the data in float64, as one would first write them."""
    a, b = reference.astype(np.float64), candidate.astype(np.float64)
    return [
        float(np.abs(b - a).max()),
        float(np.abs(b - a).mean()),
        float(np.sqrt(((b - a) ** 2).mean())),
        float(np.linalg.norm(b - a) / np.linalg.norm(a)),
        float(1 - (a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b))),
        float(10 * np.log10((a**2).sum() / ((b - a) ** 2).sum())),
        float(np.linalg.norm(b) / np.linalg.norm(a)),
        float((~np.isfinite(a)).sum()),
        float((~np.isfinite(b)).sum()),
        float((np.linalg.norm(b - a, axis=1) > 1e-5 * np.linalg.norm(a, axis=1)).sum()),
    ]


def seconds(work: Callable[[], object], repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--positions", type=int, default=1024)
    options.add_argument("--width", type=int, default=384)
    options.add_argument("--rounds", type=int, default=9)
    asked = options.parse_args()
    generator = np.random.default_rng(0)
    shape = (asked.positions, asked.width)
    reference = generator.standard_normal(shape, dtype=np.float32)
    noise: Floats = np.multiply(generator.standard_normal(shape, dtype=np.float32), 1e-6, dtype=np.float32)
    noisy: Floats = np.add(reference, noise, dtype=np.float32)
    place = np.arange(asked.positions, dtype=np.int64)
    rows, positions = place // 32, place % 32
    real = positions < 26

    def kernel(
        candidate: Floats, limit: float, padding: npt.NDArray[np.bool_] | None = None
    ) -> Callable[[], object]:
        stage = Difference(limit, vector_floor=1.0)
        return lambda: stage.add(reference, candidate, rows, positions, real=padding)

    works = {
        "control: naive again": lambda: naive(reference, noisy),
        "kernel, rounding noise": kernel(noisy, 1e-5),
        "kernel, a fifth padding": kernel(noisy, 1e-5, real),
        "kernel, every position beyond": kernel(noisy, 1e-9),
        "kernel, the same bits": kernel(reference.copy(), 1e-5),
    }
    ratios: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(asked.rounds):
        plain = seconds(lambda: naive(reference, noisy), 3)
        for name, work in works.items():
            ratios[name].append(plain / seconds(work, 3 if name.startswith("control") else 20))
    gigabytes = 2 * reference.nbytes / 1e9
    plain = seconds(lambda: naive(reference, noisy), 3)
    print(f"[{asked.positions}, {asked.width}] float32; naive {gigabytes / plain:.2f} GB per CPU second")
    for name, values in ratios.items():
        middle = statistics.median(values)
        print(
            f"{name:32} x{middle:6.2f}  [{min(values):.2f} - {max(values):.2f}]  {gigabytes / plain * middle:6.2f} GB/s"
        )
    return int(statistics.median(ratios["kernel, rounding noise"]) < FLOOR)


if __name__ == "__main__":
    sys.exit(main())
