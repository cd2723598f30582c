"""A package that is not part of parity: built into a wheel, installed, found by its entry points and run.

`tests/third_party` has an adapter that trains, a task, a cause and a metric, each the way docs/adapters.md and CONTRIBUTING.md describe them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCES = Path(__file__).parent.parent / "third_party"
ROWS = Path("fixtures/reviews.jsonl").absolute()
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def _run(*command: str | Path, cwd: Path, extra: Path | None = None) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **({"PYTHONPATH": str(extra)} if extra else {})}
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel was installed into."""
    work = tmp_path_factory.mktemp("third_party")
    shutil.copytree(SOURCES, work / "sources", ignore=shutil.ignore_patterns("__pycache__"))
    built = _run("-m", "build", "--wheel", "--no-isolation", "--outdir", work, work / "sources", cwd=work)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = work.glob("letter_counts-1.0-*.whl")
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index")
    placed = _run("-m", "pip", "install", *options, "--target", work / "installed", wheel, cwd=work)
    assert placed.returncode == 0, placed.stderr
    return work / "installed"


@pytest.fixture
def parity(installed: Path, tmp_path: Path) -> Run:
    """Runs `parity` where the package is installed."""
    return lambda *words: _run("-m", "parity", *words, cwd=tmp_path, extra=installed)


def _record(run: subprocess.CompletedProcess[str], code: int) -> dict[str, Any]:
    assert code == run.returncode, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_its_adapter_keeps_the_promises_of_an_adapter(installed: Path, tmp_path: Path) -> None:
    code = f"import parity; print(parity.check_adapter('letters:{ROWS}', ['A short text.', 'And a LONGER one.']))"
    run = _run("-c", code, cwd=tmp_path, extra=installed)
    assert ("[]\n", 0) == (run.stdout, run.returncode), run.stderr


def test_it_is_compared_with_itself(parity: Run) -> None:
    record = _record(parity("compare", f"letters:{ROWS}", f"letters:{ROWS}", "--json"), 0)
    assert ("parity", 80) == (record["verdict"], record["inputs"]["count"])


def test_its_task_says_what_is_decided(parity: Run) -> None:
    record = _record(parity("compare", f"letters:{ROWS}", f"letters:{ROWS}", "--json"), 0)
    assert ("reading", "reading") == (record["reference"]["task"], record["decisions"]["noun"])
    assert (80, 80) == (record["decisions"]["examples"], record["decisions"]["agree"])
    assert "error_rate" in {metric["metric"] for metric in record["decisions"]["metrics"]}


def test_its_cause_is_the_first_finding(parity: Run) -> None:
    record = _record(parity("compare", f"letters:{ROWS}", f"letters:{ROWS}?fold=false", "--json"), 1)
    first = record["findings"][0]
    assert ("divergent", "tokens") == (record["verdict"], record["first_divergence"]["stage"])
    assert ("letters.folding", "Only one side folds case") == (first["cause"], first["title"])
    assert first["remedy"] == "Give both sides the same ?fold=."


def test_its_seeds_are_crossed_and_its_metric_decides(parity: Run) -> None:
    crossed = ("--factor", "init=3", "--factor", "order=2")
    record = _record(parity("seeds", f"letters:{ROWS}", *crossed, "--metric", "error_rate", "--json"), 1)
    assert [{"init_seed": i, "order_seed": o} for i in (1, 2, 3) for o in (1, 2)] == [
        run["factors"] for run in record["runs"]
    ]
    assert ["kept"] * 6 == [run["standing"] for run in record["runs"]]
    assert "error_rate" == record["margins"]["primary"]
    errors = [run["metrics"]["error_rate"] for run in record["runs"]]
    assert pytest.approx([1 - run["metrics"]["accuracy"] for run in record["runs"]]) == errors
    assert pytest.approx(sum(errors) / 6) == record["metrics"]["error_rate"]["spread"]["mean"]


def test_a_misspelled_seed_of_it_is_answered_with_the_right_one(parity: Run) -> None:
    run = parity("seeds", f"letters:{ROWS}", "--factor", "ordr=2")
    assert (2, True) == (run.returncode, "order" in run.stderr)
