"""The command line of the proof; see the package's docstring."""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import os
import random
import sys
from collections.abc import Sequence

import proof
from proof.kept import Kept
from proof.page import page, page_path
from proof.table import Case, Row, Table, load_table, table_names
from proof.workers import run_cases


def main() -> int:
    """Run what was requested; the exit code."""
    asked = _arguments()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # the cases are what runs in parallel; and sums are the same on any machine
    passed, failed = 0, 0
    for name in asked.tables or table_names():
        table = load_table(name)
        rows = _run_table(table, asked)
        broken = [(case, row) for case, row in rows if row.broken]
        for case, row in broken:
            print(f"BROKEN {name}: {case.name}: {row.broken}  [{' | '.join(row.cells)}]")
        if not asked.tenth and asked.case is None:
            page_path(name).write_text(page(table, asked.seed, rows), encoding="utf-8")
        passed += len(rows) - len(broken)
        failed += len(broken)
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0 or passed == 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m proof",
        description=proof.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(table_names())}  [all]")
    parser.add_argument("--tenth", action="store_true", help="a drawn tenth of each table")
    parser.add_argument("--seed", type=int, default=0, help="of the draw with --tenth, else of the cases")
    parser.add_argument("--case", metavar="PATTERN", help="only the cases of these names")
    parser.add_argument("--jobs", type=int, default=2, help="cases at once  [2]")
    parser.add_argument("--fresh", action="store_true", help="forget what is kept of earlier runs")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.tables) - set(table_names())):
        parser.error(f"there is no table {', '.join(unknown)}; there are {', '.join(table_names())}")
    return asked


def _run_table(table: Table, asked: argparse.Namespace) -> list[tuple[Case, Row]]:
    seed = 0 if asked.tenth else asked.seed
    cases = table.cases(seed)
    whole = len(cases)
    if asked.case is not None:
        cases = [case for case in cases if fnmatch.fnmatchcase(case.name, asked.case)]
    if asked.tenth:
        cases = _tenth(table.name, cases, asked.seed)
    kept = Kept(table, seed)
    if asked.fresh:
        kept.forget()
    known = {case.name: row for case in cases if (row := kept.row(case)) is not None}
    print(f"{table.name}: {len(cases)} of {whole} cases, {len(known)} known from an earlier run", flush=True)
    for done in run_cases(table, [case for case in cases if case.name not in known], asked.jobs):
        known[done.case.name] = done.row
        if done.lasting:
            kept.keep(done.case, done.row)
        state = "BROKEN" if done.row.broken else "ok"
        print(f"  {len(known)}/{len(cases)} {done.case.name}: {state}", flush=True)
    return [(case, known[case.name]) for case in cases]


def _tenth(name: str, cases: Sequence[Case], seed: int) -> list[Case]:
    """A tenth, rounded up, drawn by the seed, in the order of the table."""
    draw = random.Random(hashlib.sha256(f"{seed} {name}".encode()).digest())
    chosen = set(draw.sample(range(len(cases)), -(-len(cases) // 10)))
    return [case for index, case in enumerate(cases) if index in chosen]


if __name__ == "__main__":
    sys.exit(main())
