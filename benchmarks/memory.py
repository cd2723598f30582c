"""The host's peak memory over ten times as many inputs: it holds batches, never what has gone by.

    python -m benchmarks.memory [--rows 10000] [--model FOLDER] [--texts FILE]

Two whole `parity compare` runs over the same texts, a tenth of them and all; the peak resident memory of the process that
compares, as its record says it. Gate: exit 1 when the larger run's peak is more than 5 % above the smaller one's.
"""

from __future__ import annotations

import sys

from benchmarks.comparison import arguments, compare

LIMIT = 0.05


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    asked = parser.parse_args()
    peaks: list[int] = []
    print("  rows   peak of the host   seconds   CPU share of the forwards")
    for rows in (asked.rows // 10, asked.rows):
        cost = compare(asked, rows)
        peaks.append(cost.peak_kib)
        print(
            f"{rows:6}   {cost.peak_kib / 1024:12.1f} MiB   {cost.seconds:7.1f}   {cost.share:.2%}",
            flush=True,
        )
    growth = peaks[1] / peaks[0] - 1
    print(f"growth {growth:+.2%} (up to {LIMIT:.0%} is asked)")
    return int(growth > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
