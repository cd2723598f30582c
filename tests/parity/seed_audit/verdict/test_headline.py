"""The headline: the test that rejects is named, in the metric's own unit and digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.seed_files import Files, audited


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.of(tmp_path / "runs")


def wrong_on(files: Files, rows: slice, seed: int) -> str:
    """A run that is wrong on these examples and right on every other."""
    right = np.array([files.classes.index(label) for label in files.labels])
    right[rows] = (right[rows] + 1) % len(files.classes)
    logits = 6.0 * np.eye(len(files.classes))[right]
    noise = np.random.default_rng(seed).standard_normal(logits.shape)
    return files.write(f"wrong-{rows.start}-{seed}", logits + 0.1 * noise)


def test_arms_that_differ_in_what_they_decide_alone_are_told_by_that_test(
    files: Files, tmp_path: Path
) -> None:
    candidate = [wrong_on(files, slice(20, 40), seed) for seed in range(5)]
    baseline = [word for seed in range(5) for word in ("--baseline", wrong_on(files, slice(0, 20), 9 + seed))]
    found = audited(tmp_path / "out", *candidate, *baseline)
    expected = (
        "Different. The arms decide differently by more than seeds explain: churn between them exceeds that within them by "
        "20.0% (permutation test, p = 0.0079). The candidate's accuracy is +0.00 points from the baseline's (95% interval "
    )
    assert found.audit.headline.startswith(expected)
    assert "t test" not in found.audit.headline


def test_arms_that_differ_in_the_metric_are_told_by_its_test(files: Files, tmp_path: Path) -> None:
    candidate = [wrong_on(files, slice(0, 80), seed) for seed in range(3)]
    baseline = [word for run in files.runs(3) for word in ("--baseline", run)]
    found = audited(tmp_path / "out", *candidate, *baseline)
    assert found.audit.headline.startswith("Different. The candidate's accuracy is -")
    assert "; t test, p = " in found.audit.headline
    assert "permutation" not in found.audit.headline


def test_a_metric_is_said_by_its_name_in_its_unit_with_its_digits(files: Files, tmp_path: Path) -> None:
    runs = files.runs(4, noise=1.0)
    said = {
        metric: audited(tmp_path / metric, *runs, "--metric", metric).audit.headline
        for metric in ("accuracy", "macro_f1", "nll", "brier")
    }
    assert " Accuracy " in said["accuracy"] and " Macro F1 " in said["macro_f1"]
    assert " NLL 0." in said["nll"] and "(up to 0.02 nats is stable)" in said["nll"]
    assert " Brier score 0." in said["brier"] and "SD of 0.0 " not in said["brier"] + said["nll"]


def test_shares_are_said_as_they_were_typed(files: Files, tmp_path: Path) -> None:
    runs = files.runs(4, noise=1.0)
    found = audited(tmp_path / "one", *runs, "--churn-budget", "0.005", "--margin", "0.0005")
    assert "(up to 0.5%)" in found.audit.headline
    assert "(up to 0.05 points is stable)" in found.audit.headline
    baseline = [word for run in files.runs(4, first=5) for word in ("--baseline", run)]
    assert (
        "(99.6% interval " in audited(tmp_path / "two", *runs, *baseline, "--alpha", "0.004").audit.headline
    )


def test_where_no_run_is_left_no_number_of_runs_settles_it(files: Files, tmp_path: Path) -> None:
    chance = [
        files.write(f"chance-{k}", np.random.default_rng(k).standard_normal(files.shared.shape))
        for k in range(3)
    ]
    found = audited(tmp_path / "out", *chance)
    expected = "Unstable. There are too few runs to show how far runs differ. A failed run settles it."
    assert expected == found.audit.headline
