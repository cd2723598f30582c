"""Runs the cases with one tree, and keeps for each a folder with what it wrote, what it printed, and its exit codes."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tools.lock.cases import Case
from tools.lock.normal import write_places
from tools.lock.tree import Tree

__all__ = ["FILES", "record"]

FILES = ("audit.json", "report.html", "summary.md", "junit.xml")
COLUMNS = 120
SECONDS = 900  # of one command, on a machine that is busy


class _Ran(NamedTuple):
    """The result of one case: what was printed, and what differs from what the case requires."""

    case: Case
    printed: str
    wrong: tuple[str, ...]


def record(cases: Sequence[Case], tree: Tree, inputs: Path, out: Path, *, jobs: int) -> list[str]:
    """Run the cases in a copy of the inputs and keep them under `out`; returns what was not as the cases say."""
    if not cases:
        raise ValueError("no case to record")
    work = out / ".work" / "parity" / "lock"  # fixed names at its end: reports show the last two of a path
    shutil.copytree(inputs, work)
    wrong: list[str] = []
    try:
        with ThreadPoolExecutor(jobs) as pool:
            for ran in pool.map(partial(_run, tree=tree, work=work), cases):
                wrong += [f"{ran.case.name}: {complaint}" for complaint in ran.wrong]
                _keep(ran, work / "out" / ran.case.name, out / ran.case.name)
                print(f"{ran.case.name}{'  WRONG' if ran.wrong else ''}", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(out / ".work", ignore_errors=True)
    places = {"work": work.resolve(), "tree": tree.root, "python": tree.python.parent.parent.absolute()}
    write_places(out, {name: str(place) for name, place in places.items()})
    return wrong


def _run(case: Case, tree: Tree, work: Path) -> _Ran:
    out = f"out/{case.name}"
    (work / out).mkdir(parents=True)
    printed: list[str] = []
    wrong: list[str] = []
    for step in case.steps:
        line = step.line.replace("{out}", out)
        done = subprocess.run(
            [str(tree.python), "-m", "parity", *shlex.split(line)],
            cwd=work,
            env=_variables(work / "runs-trained" / case.name),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        printed += [
            f"$ parity {line}",
            done.stdout + "--- stderr",
            done.stderr + f"--- exit code {done.returncode}",
            "",
        ]
        if done.returncode != step.code:
            wrong.append(
                f"exit code {done.returncode}, not {step.code}, of parity {line}\n{done.stderr[-2000:]}"
            )
    verdict = _verdict(work / out / "audit.json")
    if verdict != case.verdict:
        wrong.append(f"the verdict is {verdict}, and the case is of {case.verdict}")
    return _Ran(case, "\n".join(printed), tuple(wrong))


def _variables(runs: Path) -> dict[str, str]:
    """The variables of a command: nothing of this process's Python, no network, a fixed width, a folder of runs of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PARITY_", "VIRTUAL_ENV"))
    }
    cache = {"PARITY_CACHE": os.environ["PARITY_CACHE"]} if "PARITY_CACHE" in os.environ else {}
    return {
        **kept,
        **cache,
        "COLUMNS": str(COLUMNS),
        "HF_HUB_OFFLINE": "1",
        "NO_COLOR": "1",
        "OMP_NUM_THREADS": "1",
        "PARITY_RUNS": str(runs),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _verdict(path: Path) -> str | None:
    return str(json.loads(path.read_bytes())["verdict"]) if path.is_file() else None


def _keep(ran: _Ran, made: Path, kept: Path) -> None:
    for path in sorted(made.rglob("*")):
        if path.name in FILES:
            target = kept / path.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "terminal.txt").write_text(ran.printed, "utf-8")
