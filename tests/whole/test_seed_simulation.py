"""The simulation of coverage and error rates runs, and what it claims is on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.seed_simulation.claims import Row
from benchmarks.seed_simulation.page import limits
from benchmarks.seed_simulation.simulation import simulate

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return simulate(40)


def test_with_few_repeats_nothing_seen_lies_outside_its_claim(rows: list[Row]) -> None:
    assert [] == [row for row in rows if not row.holds]


def test_three_five_and_ten_runs_are_simulated_for_every_statistic_of_runs(rows: list[Row]) -> None:
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


def test_the_page_has_every_row_and_every_row_held(rows: list[Row]) -> None:
    page = (ROOT / "docs" / "seed-statistics.md").read_text(encoding="utf-8")
    missing = [
        row for row in rows if f"| {row.statistic} | {row.setting} | {row.runs} | {row.claim} |" not in page
    ]
    assert [] == missing
    assert "**no**" not in page
    assert limits() in page
