"""One alpha for the two tests that make "different", whole verdicts simulated, and slices that add nothing to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from parity.records.seed_audit import seed_audit_bytes
from parity.seed_audit.measures.excess import least_p
from parity.seed_audit.measures.spending import applied, spend, spend_on_runs
from proof.tables import arms
from tests.seed_files import Files, audited


@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.05, 0.1, 0.3])
@pytest.mark.parametrize(
    "sizes", [(2, 2), (3, 3), (3, 4), (4, 4), (5, 5), (3, 10), (5, 10), (10, 10), (60, 60)]
)
def test_the_parts_are_one_alpha_and_the_permutation_test_can_reach_its_own(
    alpha: float, sizes: tuple[int, int]
) -> None:
    least = least_p(*sizes)
    found = spend(alpha, difference=True, least=least)
    assert pytest.approx(alpha) == found.together
    assert found.difference >= alpha / 3 - 1e-12
    assert found.permutation == 0 or found.permutation >= least - 1e-12
    assert (0.0, 0.0 if least > alpha else alpha) == spend(alpha, difference=False, least=least)
    assert (alpha, 0.0) == spend(alpha, difference=True, least=None)


def test_holms_step_gives_the_partner_of_a_test_that_rejects_all_of_alpha() -> None:
    levels = spend_on_runs(0.05, 5)
    assert levels == applied(levels, 0.05, 0.03, 0.03)
    assert (levels.difference, 0.05) == applied(levels, 0.05, 0.02, 0.04)
    assert (0.05, levels.permutation) == applied(levels, 0.05, 0.04, 1 / 126)


@pytest.mark.parametrize("name", ["alike, 5 against 5", "alike, runs skewed, NLL, 5 against 10"])
def test_arms_that_are_alike_are_different_in_no_more_than_alpha(name: str, tmp_path: Path) -> None:
    case = next(case for case in arms.cases(0) if case.name == name)
    row = arms.run(type(case)(case.name, {**case.data, "audits": 200}), tmp_path)
    assert "" == row.broken
    assert float(row.cells[1]) <= 0.05 + 2 * (0.05 * 0.95 / 200) ** 0.5


def test_a_made_up_audit_is_judged_as_the_command_judges_the_same_files(tmp_path: Path) -> None:
    files = Files.of(tmp_path / "runs")
    sides = [[files.logits(k, 1.5) for k in places] for places in (range(5), range(5, 10))]
    named = [[files.write(f"{k}-{n}", one) for n, one in enumerate(side)] for k, side in enumerate(sides)]
    whole = audited(tmp_path / "out", *named[0], *(word for run in named[1] for word in ("--baseline", run)))
    labels = np.array([files.classes.index(label) for label in files.labels])
    found = arms.judged(
        np.array(sides[0], np.float32).astype(np.float64),
        np.array(sides[1], np.float32).astype(np.float64),
        labels,
    )
    record: dict[str, Any] = json.loads(seed_audit_bytes(whole.audit))
    assert record["verdict"] == found.comparison.verdict
    assert record["baseline"] == json.loads(msgspec.json.encode(found.record))


def test_a_slice_that_differs_by_itself_bars_equivalence_and_does_not_make_a_difference(
    tmp_path: Path,
) -> None:
    files = Files.of(tmp_path / "runs", examples=1000)
    right = np.array([files.classes.index(label) for label in files.labels])

    def run(name: str, seed: int, wrong: range) -> str:
        chosen = right.copy()
        chosen[list(wrong)] = (chosen[list(wrong)] + 1) % 3
        rng = np.random.default_rng(seed)
        # Each run errs elsewhere too, and in another number: neither test of the whole sees the few that always differ.
        flips = (rng.random(1000) < 0.15 + 0.02 * rng.standard_normal()) & (np.arange(1000) >= 40)
        chosen[flips] = (chosen[flips] + 1) % 3
        return files.write(name, 6.0 * np.eye(3)[chosen] + 0.1 * rng.standard_normal((1000, 3)), ids=True)

    candidate = [run(f"c{k}", k, range(8)) for k in range(3)]
    baseline = [word for k in range(3) for word in ("--baseline", run(f"b{k}", 50 + k, range(0)))]
    inputs = tmp_path / "inputs.csv"
    lines = [
        f"text {row},{files.ids[row]},{files.labels[row]},{'few' if row < 40 else 'most'}"
        for row in range(1000)
    ]
    inputs.write_text("\n".join(["text,id,label,part", *lines]) + "\n", "utf-8")
    options = ["--inputs", str(inputs), "--margin", "0.05"]
    plain = audited(tmp_path / "plain", *candidate, *baseline, *options)
    assert (0, "equivalent") == (plain.code, plain.audit.verdict)
    found = audited(tmp_path / "out", *candidate, *baseline, *options, "--slices", "part")
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "slices_apart" in [reason.about for reason in found.audit.reasons]
    assert found.audit.baseline is not None
    few = next(part for part in found.audit.baseline.slices if part.slice == "few")
    assert (True, False) == (few.apart, few.differs)
