"""The same run is what gives the same outputs; equal weights with other outputs are two subjects of one training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.border.description import Abilities, Description
from parity.records.seed_audit import NeededRecord
from parity.seed_audit.population.arms import ArmRuns, Ground
from parity.seed_audit.population.classes import Classes
from parity.seed_audit.population.exclusions import gather_arms
from parity.seed_audit.runs.requested import RequestedRun
from parity.seed_audit.runs.run_inputs import Collected, Outcome
from parity.seed_audit.verdict.findings import findings_of
from parity.seed_audit.verdict.unmeasured import LabelsRead
from tests.seed_files import Files, audited, kinds
from tests.seed_runs import population


def gathered(
    logits_of: list[int],
    weights: list[str | None],
    arm_of: str = "",
    seeds: list[dict[str, int]] | None = None,
) -> list[ArmRuns]:
    """Arms of runs with the logits of these runs of one population and these digests of weights."""
    made = population(12, 60)
    asked: list[RequestedRun] = []
    collected: dict[int, Collected] = {}
    for place, (run, digest) in enumerate(zip(logits_of, weights, strict=True)):
        arm: Any = "baseline" if arm_of[place : place + 1] == "b" else "candidate"
        asked.append(RequestedRun(f"run-{place}", f"hf:run-{place}", arm, seeds[place] if seeds else {}))
        described = Description("made up", {}, [], Abilities(), labels=list("abcd"), weights_digest=digest)
        collected[place] = Collected("hf:run", described, "d", made.logits[run], {}, {}, None, [])
    ground = Ground("d", Classes(tuple("abcd"), named=True), made.labels, 0.95)
    return gather_arms(asked, [Outcome(run.subject, "folder") for run in asked], collected, ground)


def said(arms: list[ArmRuns]) -> list[tuple[str, str, str]]:
    found = findings_of(arms, LabelsRead(arms[0].population.labels if arms[0].population else None, 60, []))
    return [(item.kind, item.severity, item.sentence) for item in found if item.kind != "few_runs"]


def test_equal_weights_and_other_outputs_are_not_the_same_run_and_not_two_runs_either() -> None:
    (arm,) = gathered([0, 1, 2, 3], ["a", "b", "c", "a"])
    assert (0, 1, 2) == arm.kept
    assert 1 == arm.missing
    ((kind, severity, sentence),) = said([arm])
    assert ("same_weights", "bars") == (kind, severity)
    assert sentence.startswith(
        "Runs run-0, run-3 have the same weights and other outputs: two subjects of one training"
    )
    assert "It has the weights of run-0 and other outputs: it is not a separate run." == arm.members[3].reason


def test_equal_outputs_are_the_same_run_whatever_the_weights() -> None:
    (arm,) = gathered([0, 1, 2, 0], ["a", "b", "c", "d"])
    assert ((0, 1, 2), 0) == (arm.kept, arm.missing)
    ((kind, severity, sentence),) = said([arm])
    assert ("duplicate_run", "notice") == (kind, severity)
    assert sentence.endswith(
        "one run, which counts once. Their weights differ only where it does not reach the outputs."
    )


@pytest.mark.parametrize("weights", [["a", "b", "c", "a"], [None] * 4])
def test_equal_outputs_of_equal_or_unknown_weights_say_nothing_of_weights(weights: list[str | None]) -> None:
    ((kind, _, sentence),) = said(gathered([0, 1, 2, 0], weights))
    assert "duplicate_run" == kind and "weights" not in sentence


def test_a_seed_that_changed_no_weight_did_nothing_even_where_outputs_differ() -> None:
    seeds = [{"seed": seed} for seed in range(3)]
    (arm,) = gathered([0, 1, 2], ["a", "a", "a"], seeds=seeds)
    assert ["seed_without_effect"] == [kind for kind, _, _ in said([arm])]
    assert (0,) == arm.kept


def test_runs_of_the_same_weights_in_both_arms_are_said_and_taken_as_pairs() -> None:
    arms = gathered(list(range(6)), ["x", "y", "z", "x", "y", "z"], "cccbbb")
    assert [("weights_in_both_arms", "notice")] == [(kind, severity) for kind, severity, _ in said(arms)]
    candidate, baseline = (arm.population for arm in arms)
    assert candidate is not None and baseline is not None
    assert (
        [{"weights": 0}, {"weights": 1}, {"weights": 2}] == list(candidate.factors) == list(baseline.factors)
    )


def test_a_run_that_stands_in_both_arms_is_in_no_mean_though_its_weights_differ() -> None:
    arms = gathered([0, 1, 2, 0, 4, 5], ["x", "y", "z", "u", "v", "w"], "cccbbb")
    assert [(1, 2), (1, 2)] == [arm.kept for arm in arms]


def test_three_runs_one_of_them_twice_are_not_advised_to_run_three(tmp_path: Path) -> None:
    files = Files.of(tmp_path / "runs")
    found = audited(tmp_path / "out", *files.runs(2), files.write("copy", files.logits(2)))
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "At least 3 runs that count would settle it; of the 3 given 2 do." in found.audit.headline
    assert NeededRecord(runs=3, kind="at_least", given=3, counted=2) == found.audit.runs_needed
    assert "Add 1 run." in found.said and "Run 3." not in found.said


def test_three_runs_of_one_set_of_initial_weights_are_not_advised_to_run_three(tmp_path: Path) -> None:
    files = Files.of(tmp_path / "runs")
    runs = files.runs(3)
    csv = tmp_path / "runs.csv"
    lines = [f"{run},1,{order}" for order, run in enumerate(runs)]
    csv.write_text("\n".join(["subject,init_seed,order_seed", *lines]) + "\n", "utf-8")
    found = audited(tmp_path / "out", *runs, "--factors", str(csv))
    assert found.audit.headline.endswith(
        "These runs share seeds. At least 3 runs that share none would settle it."
    )
    assert "Share no seed." in found.said and "Run 3." not in found.said


def test_two_arms_of_which_one_lacks_a_run_are_told_how_many_count(tmp_path: Path) -> None:
    files = Files.of(tmp_path / "runs")
    baseline = [word for run in files.runs(3) for word in ("--baseline", run)]
    rows = np.random.default_rng(3).standard_normal(files.shared.shape)
    runs = [*files.runs(2, first=4), files.write("strange", rows, classes=("x", "y", "z"))]
    found = audited(tmp_path / "out", *runs, *baseline)
    assert (
        "At least 3 runs an arm that count would settle it; of the 3 given an arm 2 do."
        in found.audit.headline
    )
    assert "left_out" in kinds(found.audit)
