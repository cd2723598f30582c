"""The command line of the simulation; see the package's docstring."""

from __future__ import annotations

import argparse
import sys

from benchmarks.seed_simulation.page import PAGE, between, limits, table
from benchmarks.seed_simulation.simulation import simulate


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
    shown = table(rows)
    print(shown)
    if given.write:
        lead = f"{repeats} repeats (fewer where a repeat is slow; the error says), seed 20."
        page = between(PAGE.read_text(encoding="utf-8"), "simulation", f"{lead}\n\n{shown}")
        PAGE.write_text(between(page, "can show", limits()), encoding="utf-8")
    broken = [row for row in rows if not row.holds]
    for row in broken:
        print(f"not as claimed: {row}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
