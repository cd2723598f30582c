"""A whole comparison against two plain forwards of the same rows: what looking inside and comparing cost together.

    python -m benchmarks.whole [--rows 4000] [--rounds 3] [--model FOLDER] [--texts FILE]

Counted is the CPU time of both runners in the sweep, with every stage written, and of the host, without the passes after it, which run where
something differs. What plain forwards cost is measured at the same place: each time a batch was compared, either side runs the same rows once more with no stage
requested, so that nothing is watched or written; and again, the second of them against the first is the control. The host's time is taken from
a comparison of its own, without these. Gate: exit 1 when the whole is more than 1.03 of two plain forwards, by the median.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import parity
from benchmarks.comparison import arguments, choose, compare
from parity.border.runner import written
from parity.pair_audit.sweep import Sweep

LIMIT = 1.03


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"{asked.rows} rows; CPU seconds")
    print("round   plain  watched  comparer   whole / plain   control: plain / plain")
    shares: list[float] = []
    for number in range(asked.rounds):
        comparer = compare(asked, asked.rows).comparer
        watched, plain, again = _forwards(asked, asked.rows)
        shares.append((watched + comparer) / plain)
        print(
            f"{number + 1:5} {plain:7.2f} {watched:8.2f} {comparer:9.2f} {shares[-1]:15.3f} {again / plain:15.3f}"
        )
    share = statistics.median(shares)
    print(f"median {share:.3f} of two plain forwards (up to {LIMIT} is asked)")
    return int(share > LIMIT)


def _forwards(asked: Any, rows: int) -> tuple[float, float, float]:
    """CPU seconds of both sides: of the sweep's forwards, of plain ones of the same batches, and of these once more."""
    spent = [0.0, 0.0]
    one_batch = getattr(Sweep, "_one_batch")  # noqa: B009

    def counted(self: Any, context: Any, runs: Any) -> None:
        one_batch(self, context, runs)
        for turn in range(2):
            for number, side in enumerate(context.sides):
                window = context.batch.windows[number]
                batch = written(side.runner.forward(context.batch.rows, window=window, stages=[]))
                spent[turn] += batch.cpu_seconds

    setattr(Sweep, "_one_batch", counted)  # noqa: B010 - for the time of one comparison
    try:
        with tempfile.TemporaryDirectory() as folder:
            inputs = Path(folder, "texts.csv")
            choose(asked.texts, rows, inputs)
            audit = parity.compare(f"hf:{asked.model}?attn=sdpa", f"hf:{asked.model}?attn=eager", inputs)
    finally:
        setattr(Sweep, "_one_batch", one_batch)  # noqa: B010
    seconds = audit.provenance.cpu_seconds
    assert seconds is not None, "this comparison measured its time"
    return seconds["reference forwards"] + seconds["candidate forwards"], spent[0], spent[1]


if __name__ == "__main__":
    sys.exit(main())
