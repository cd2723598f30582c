"""`python -m tools.false_passes`: runs the tests that hold a line, and writes docs/false-passes.md; ends with 1 where a line is not held."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.false_passes.page import PAGE, broken, page
from tools.false_passes.runs import read, run

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 where every line is held."""
    parser = argparse.ArgumentParser(prog="python -m tools.false_passes", description=__doc__)
    parser.add_argument(
        "--junit",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="the JUnit XML (-o junit_family=xunit1) of runs of these tests, in place of running them; of a test in several the last counts",
    )
    asked = parser.parse_args(arguments)
    held = run() if asked.junit is None else read(asked.junit)
    PAGE.write_text(page(held), encoding="utf-8")
    wrong = broken(held)
    print(*wrong, f"{len(held)} tests, {len(wrong)} broken", sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
