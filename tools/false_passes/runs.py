"""The tests that hold the lines, and what each left in a file of JUnit XML."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["Held", "read", "run"]

_SAID = ("verdict", "first", "headline", "finding")
_ROOT = Path(__file__).resolve().parents[2]


class Held(NamedTuple):
    """One test (or one case of it): the lines that it holds, its outcome ("passed", or why not), and what parity reported in it."""

    test: str
    case: str
    lines: tuple[int, ...]
    outcome: str
    verdict: str = ""
    first: str = ""
    headline: str = ""
    finding: str = ""


def run() -> list[Held]:
    """Run every test that holds a line; RuntimeError where the runner itself failed."""
    with tempfile.TemporaryDirectory(prefix="false-passes-") as folder:
        path = Path(folder) / "junit.xml"
        options = [
            "-m",
            "false_pass",
            "-p",
            "no:cacheprovider",
            f"--junitxml={path}",
            "-o",
            "junit_family=xunit1",
        ]
        # Sums are the same on any machine: one thread, as in the proof.
        variables = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        code = subprocess.run(
            [sys.executable, "-m", "pytest", *options], cwd=_ROOT, env=variables, check=False
        ).returncode
        if code not in (0, 1) or not path.is_file():
            raise RuntimeError(f"pytest ended with {code}: no page was written.")
        return read([path])


def read(paths: Sequence[Path]) -> list[Held]:
    """What files of JUnit XML (family xunit1) say of the tests that hold a line, in the order of their names; of one test the last."""
    found = [_held(case) for path in paths for case in ET.parse(path).getroot().iter("testcase")]
    return sorted({(held.test, held.case): held for held in found if held.lines}.values())


def _held(case: ET.Element) -> Held:
    properties = [(item.get("name", ""), item.get("value", "")) for item in case.iter("property")]
    said = {name: value for name, value in properties if name in _SAID}
    name, _, parameters = case.get("name", "").partition("[")
    return Held(
        f"{case.get('file', '')}::{name}",
        parameters.removesuffix("]"),
        tuple(int(value) for name, value in properties if name == "false_pass"),
        _outcome(case),
        **said,
    )


def _outcome(case: ET.Element) -> str:
    for kind, words in (("failure", "failed"), ("error", "failed"), ("skipped", "not run")):
        for item in case.iter(kind):
            return f"{words}: {' '.join(item.get('message', '').split())}"
    return "passed"
