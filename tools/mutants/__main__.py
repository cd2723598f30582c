"""`python -m tools.mutants`: each mutant of the product in a copy of a tree, and whether its tests notice it.

A mutant that survives is a check that was lost: the command then ends with status 1. Run it on the tree before a change to the
tests and on the tree after it.
"""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from tools.mutants.mutant import Mutant, MutantError
from tools.mutants.mutants import MUTANTS
from tools.mutants.trial import Copy, Outcome

__all__ = ["main"]

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 where every mutant was noticed."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("--tree", type=Path, default=ROOT, help="the tree to try (default: this one)")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="these mutants alone")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time, each in a copy of its own")
    parser.add_argument("--verify", action="store_true", help="first run the tests without any mutant")
    asked = parser.parse_args(arguments)
    try:
        outcomes = _try(asked.tree.resolve(), _chosen(asked.only), max(1, asked.jobs), verify=asked.verify)
    except MutantError as error:
        print(error, file=sys.stderr)
        return 2
    killed = sum(outcome.killed_by is not None for outcome in outcomes)
    print(f"{killed} of {len(outcomes)} mutants killed")
    return 0 if killed == len(outcomes) else 1


def _chosen(names: Sequence[str]) -> list[Mutant]:
    known = {mutant.name: mutant for mutant in MUTANTS}
    for name in names:
        if name not in known:
            raise MutantError(f"there is no mutant {name!r}; there are {', '.join(known)}")
    return [known[name] for name in names] or list(MUTANTS)


def _try(tree: Path, mutants: Sequence[Mutant], jobs: int, *, verify: bool) -> list[Outcome]:
    """Try the mutants in `jobs` copies of the tree; raises the first MutantError met, after all were tried."""
    waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)
    outcomes: list[Outcome] = []
    errors: list[MutantError] = []

    def work(copy: Copy) -> None:
        while True:
            try:
                mutant = waiting.get_nowait()
                if verify:
                    copy.verify([mutant])
                outcome = copy.run(mutant)
            except queue.Empty:
                return
            except MutantError as error:
                print(error, file=sys.stderr, flush=True)
                errors.append(error)
                continue
            outcomes.append(outcome)
            what = f"killed by {outcome.killed_by}" if outcome.killed_by else "SURVIVED"
            print(f"{mutant.name}: {what}", flush=True)

    with tempfile.TemporaryDirectory(prefix="parity-mutants-") as folder:
        copies = [Copy(tree, Path(folder) / str(number)) for number in range(min(jobs, len(mutants)))]
        workers = [threading.Thread(target=work, args=(copy,)) for copy in copies]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    if errors:
        raise errors[0]
    return outcomes


if __name__ == "__main__":
    raise SystemExit(main())
