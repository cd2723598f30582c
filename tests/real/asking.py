"""Running `parity` as its users do, in a process of its own, and reading the record it leaves."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from parity.records.audit import Audit, load_audit
from parity.records.stage import StageRecord
from tests.warm.client import command_of_parity

__all__ = ["ROOT", "Run", "compare", "parity", "stage"]

ROOT = Path(__file__).parent.parent.parent


class Run(NamedTuple):
    """What a command came to."""

    code: int
    said: str
    complained: str


def parity(*arguments: str, cwd: Path = ROOT, timeout: float = 600, **variables: str) -> Run:
    """Run the command line with these arguments."""
    environment = {**os.environ, **variables}
    done = subprocess.run(
        [*command_of_parity(environment), *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=timeout,
        check=False,
        env=environment,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def compare(reference: str, candidate: str, out: Path, *arguments: str) -> Audit:
    """Compare two subjects, hold the exit code against the record, and return the record."""
    run = parity("compare", reference, candidate, "--out", str(out), *arguments)
    assert run.code in {0, 1}, run.complained
    audit = load_audit(out / "audit.json")
    assert run.code == audit.exit_code
    assert {"audit.json", "report.html", "summary.md", "junit.xml"} <= {path.name for path in out.iterdir()}
    return audit


def stage(audit: Audit, name: str, pass_: str = "own") -> StageRecord:
    """One stage's record."""
    return next(record for record in audit.stages if record.stage == name and record.pass_ == pass_)
