"""The three commands: record, diff, against."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.lock.cases import CASES, Case
from tools.lock.difference import compare_folders, read_expected
from tools.lock.record import record
from tools.lock.tree import Tree, TreeError

ROOT = Path(__file__).resolve().parent.parent.parent
EXPECTED = Path(__file__).parent / "expected.toml"


def main() -> int:
    """Run one command; 0 where all is as it was, 1 where something differs, 2 where it could not be found out."""
    asked = _parser().parse_args()
    try:
        if asked.command == "diff":
            return _diff(asked.before, asked.after, asked.only)
        cases = _chosen(asked.only)
        if asked.command == "record":
            with tempfile.TemporaryDirectory(prefix="lock-") as name:
                _build_inputs(Path(name, "inputs"))
                return _record(asked.tree or ROOT, cases, Path(name), asked.out, asked.jobs)
        return _against(asked.ref, cases, asked.keep, asked.jobs)
    except (TreeError, ValueError, OSError, subprocess.SubprocessError) as problem:
        print(f"lock: {problem}", file=sys.stderr)
        return 2


def _build_inputs(folder: Path) -> None:
    """Build the inputs in a process without random hashes: which name of tied weights is written follows the order of a set."""
    command = [sys.executable, "-m", "tools.lock.inputs", str(folder), str(ROOT)]
    variables = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=ROOT, env=variables, check=True)


def _record(root: Path, cases: Sequence[Case], folder: Path, out: Path, jobs: int) -> int:
    """Record one tree, with the inputs that were built under `folder`."""
    if out.exists() and any(out.iterdir()):
        raise ValueError(f"{out} is not empty: name another folder, or remove it")
    out.mkdir(parents=True, exist_ok=True)
    tree = Tree.prepare(root, folder / f"venv-{out.name}")
    wrong = record(cases, tree, folder / "inputs", out, jobs=jobs)
    print(f"{root}: {len(cases)} cases recorded in {out}", *wrong, sep="\n")
    return 2 if wrong else 0


def _against(ref: str, cases: Sequence[Case], keep: Path | None, jobs: int) -> int:
    with tempfile.TemporaryDirectory(prefix="lock-") as name:
        folder = Path(name)
        _build_inputs(folder / "inputs")
        kept = keep or folder
        with _worktree(ref, folder / "tree") as other:
            _record(other, cases, folder, kept / "before", jobs)
            # What the cases expect is what this tree does: a commit that did something else is seen in the difference.
            code = _record(ROOT, cases, folder, kept / "after", jobs)
        only = None if cases == CASES else [case.name for case in cases]
        return _diff(kept / "before", kept / "after", only) or code


def _diff(before: Path, after: Path, only: Sequence[str] | None) -> int:
    expected = read_expected(EXPECTED)
    found = compare_folders(before, after, expected, only)
    print(*found.texts, sep="\n\n") if found.texts else print("no difference that is not expected")
    print(f"expected: {found.expected.total()}")
    for one in expected:
        count = found.expected[one]
        print(
            f"  {count} of {one.case} {one.file}: {one.why}"
            + ("" if count or only else "  (found nowhere: remove it)")
        )
    return 1 if found.texts else 0


@contextmanager
def _worktree(ref: str, folder: Path) -> Generator[Path]:
    """A commit, checked out in a folder of its own."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), ref], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def _chosen(names: Sequence[str] | None) -> tuple[Case, ...]:
    known = {case.name: case for case in CASES}
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise ValueError(f"no case {', '.join(unknown)}; they are: {', '.join(known)}")
    return tuple(known[name] for name in names) if names else CASES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("record", help="run every case and keep what it gave")
    making.add_argument("out", type=Path)
    making.add_argument("--tree", type=Path, help="another tree than the one this stands in")
    comparing = commands.add_parser("diff", help="compare two recordings")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    both = commands.add_parser("against", help="record a commit and this tree, and compare them")
    both.add_argument("ref")
    both.add_argument("--keep", type=Path, help="where the two recordings go (else they are removed)")
    for command in (making, comparing, both):
        command.add_argument("--only", nargs="+", metavar="NAME", help="these cases")
    for command in (making, both):
        command.add_argument("--jobs", type=int, default=2, metavar="N", help="cases side by side")
    return parser


if __name__ == "__main__":
    sys.exit(main())
