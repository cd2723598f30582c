"""The simulation of coverage and error rates runs, and what it claims is on the page."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def simulation() -> Any:
    spec = importlib.util.spec_from_file_location(
        "seed_simulation", ROOT / "benchmarks" / "seed_simulation.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["seed_simulation"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(simulation: Any) -> Any:
    return simulation.simulate(40)


def test_with_few_repeats_nothing_seen_lies_outside_its_claim(rows: Any) -> None:
    assert [] == [row for row in rows if not row.holds]


def test_three_five_and_ten_runs_are_simulated_for_every_statistic_of_runs(rows: Any) -> None:
    by_statistic: dict[str, set[str]] = {}
    for row in rows:
        by_statistic.setdefault(row.statistic, set()).add(row.runs)
    without = {
        name
        for name, runs in by_statistic.items()
        if not any(wanted <= runs for wanted in ({"3", "5", "10"}, {"9", "25", "100"}, {"9", "16"}))
    }
    # These are of one run, or of one pair.
    of_examples = {
        "temperature from labels, sandwich",
        "ECE against a calibrated model: false alarm",
        "debiased CKA, jackknife over examples",
    }
    assert of_examples == without


def test_the_page_has_every_row_and_every_row_held(simulation: Any, rows: Any) -> None:
    page = (ROOT / "docs" / "seed-statistics.md").read_text(encoding="utf-8")
    missing = [
        row for row in rows if f"| {row.statistic} | {row.setting} | {row.runs} | {row.claim} |" not in page
    ]
    assert [] == missing
    assert "**no**" not in page
    assert simulation.limits() in page
