"""What was requested and cannot be measured prevents a pass, and every sentence gives the true reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.errors import InputsDoNotFit
from parity.records.seed_audit import NeededRecord
from parity_reports import render_html, render_markdown
from tests.seed_files import Audited, Files, audited, kinds


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.of(tmp_path / "runs")


def labelled(files: Files, labels: list[str] | None, **options: Any) -> list[str]:
    return [files.write(f"run-{k}", files.logits(k), labels=labels, **options) for k in range(1, 6)]


def reasons(found: Audited) -> list[str]:
    return [reason.about for reason in found.audit.reasons]


def table(path: Path, files: Files, labels: list[str | None], part: list[str]) -> str:
    """Inputs by id, with a label and a part each."""
    rows = [
        f"text {row},{name},{label or ''},{where}"
        for row, (name, label, where) in enumerate(zip(files.ids, labels, part, strict=True))
    ]
    path.write_text("\n".join(["text,id,label,part", *rows]) + "\n", "utf-8")
    return str(path)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "nll", "brier"])
def test_a_metric_that_was_named_and_has_no_labels_is_no_pass(
    files: Files, tmp_path: Path, metric: str
) -> None:
    found = audited(tmp_path / "out", *labelled(files, None), "--metric", metric)
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert ["metric_not_measured"] == kinds(found.audit) == reasons(found)[:1]
    assert "bars" == found.audit.findings[0].severity
    assert " was requested, and the inputs have no labels: it was not measured." in found.audit.headline
    assert NeededRecord(runs=None, kind="not_measured") == found.audit.runs_needed
    assert "Give inputs with labels that are classes" in found.said


def test_without_labels_and_without_a_named_metric_the_headline_says_that_churn_alone_was_judged(
    files: Files, tmp_path: Path
) -> None:
    found = audited(tmp_path / "out", *labelled(files, None))
    assert (0, "stable") == (found.code, found.audit.verdict)
    assert found.audit.headline.startswith("Stable. The inputs have no labels: churn alone was judged.")


@pytest.mark.false_pass(34)
@pytest.mark.parametrize("named", [[], ["--metric", "macro_f1"]])
def test_labels_none_of_which_is_a_class_are_no_pass(files: Files, tmp_path: Path, named: list[str]) -> None:
    found = audited(tmp_path / "out", *labelled(files, [f"{label}!" for label in files.labels]), *named)
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "None of the 200 labels is a class" in found.audit.headline
    assert "the classes are 'a', 'b', 'c'" in found.audit.headline


def test_one_class_spelled_otherwise_is_no_pass(files: Files, tmp_path: Path) -> None:
    labels = ["A" if label == "a" else label for label in files.labels]
    found = audited(tmp_path / "out", *labelled(files, labels))
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert ["labels_not_classes"] == kinds(found.audit)
    assert "could move accuracy by more than the margin" in found.audit.headline


def test_one_label_in_two_hundred_that_is_no_class_could_not_move_accuracy_and_passes(
    files: Files, tmp_path: Path
) -> None:
    runs = labelled(files, ["?", *files.labels[1:]])
    found = audited(tmp_path / "out", *runs)
    assert ((0, "stable"), ["strange_labels"]) == ((found.code, found.audit.verdict), kinds(found.audit))
    assert "199 of 200 examples have a label that is a class" in found.audit.headline
    # One class more is another macro-F1.
    assert 1 == audited(tmp_path / "f1", *runs, "--metric", "macro_f1").code


def test_inputs_that_are_labelled_in_part_say_how_many_are(files: Files, tmp_path: Path) -> None:
    labels: list[str | None] = [*files.labels[:150], *[None] * 50]
    inputs = table(tmp_path / "inputs.csv", files, labels, ["x"] * 200)
    found = audited(tmp_path / "out", *files.runs(5, ids=True, labels=None), "--inputs", inputs)
    assert ((0, "stable"), ["some_labels"]) == ((found.code, found.audit.verdict), kinds(found.audit))
    assert "150 of 200 examples have a label that is a class: the metric is of these." in found.audit.headline


def test_a_handful_of_labels_is_no_pass(files: Files, tmp_path: Path) -> None:
    inputs = table(tmp_path / "inputs.csv", files, [*files.labels[:4], *[None] * 196], ["x"] * 200)
    found = audited(tmp_path / "out", *files.runs(5, ids=True, labels=None), "--inputs", inputs)
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert ["labels_too_few"] == [kind for kind in kinds(found.audit) if kind in reasons(found)]
    assert "Give more examples with a label" in found.said


def test_a_slice_without_a_label_is_no_pass(files: Files, tmp_path: Path) -> None:
    labels: list[str | None] = [None if row < 40 else label for row, label in enumerate(files.labels)]
    inputs = table(tmp_path / "inputs.csv", files, labels, ["x" if row < 40 else "y" for row in range(200)])
    runs = files.runs(5, ids=True, labels=None)
    found = audited(tmp_path / "out", *runs, "--inputs", inputs, "--slices", "part")
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "1 of 2 ('x') could not be measured: none of its examples has a label" in found.audit.headline
    assert 0 == audited(tmp_path / "whole", *runs, "--inputs", inputs).code
    baseline = [word for run in files.runs(5, ids=True, labels=None, first=6) for word in ("--baseline", run)]
    two = audited(tmp_path / "two", *runs, *baseline, "--inputs", inputs, "--slices", "part")
    assert (1, "inconclusive") == (two.code, two.audit.verdict)
    assert "slices_not_measured" in reasons(two)
    assert 0 == audited(tmp_path / "two-whole", *runs, *baseline, "--inputs", inputs, "--margin", "0.05").code


def test_slices_of_inputs_without_labels_are_no_pass(files: Files, tmp_path: Path) -> None:
    inputs = table(tmp_path / "inputs.csv", files, [None] * 200, ["x", "y"] * 100)
    runs = files.runs(5, ids=True, labels=None)
    found = audited(tmp_path / "out", *runs, "--inputs", inputs, "--slices", "part")
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "the inputs have no labels" in found.audit.headline


def test_an_nll_that_is_not_finite_is_no_pass(files: Files, tmp_path: Path) -> None:
    logits = [files.logits(k) for k in range(1, 6)]
    wrong = next(row for row, label in enumerate(files.labels) if label == "a")
    for one in logits:
        one[wrong, 0] = -np.inf
    runs = [files.write(f"run-{k}", one) for k, one in enumerate(logits)]
    found = audited(tmp_path / "out", *runs, "--metric", "nll", "--margin", "1", "--churn-budget", "0.5")
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "NLL is not finite" in found.audit.headline
    assert NeededRecord(runs=None, kind="not_measured") == found.audit.runs_needed


@pytest.mark.parametrize("metric", ["macro_f1", "nll"])
def test_two_arms_without_labels_are_not_equivalent_by_a_metric_that_was_named(
    files: Files, tmp_path: Path, metric: str
) -> None:
    baseline = [word for run in files.runs(5, labels=None) for word in ("--baseline", run)]
    runs = files.runs(5, first=6, labels=None)
    found = audited(tmp_path / "out", *runs, *baseline, "--metric", metric)
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    churn = audited(tmp_path / "churn", *runs, *baseline, "--churn-budget", "0.2", "--margin", "0.1")
    assert (0, "equivalent") == (churn.code, churn.audit.verdict)
    assert "The inputs have no labels: churn alone was judged." in churn.audit.headline


@pytest.mark.parametrize("metric", [[], ["--metric", "nll"], ["--metric", "brier"]])
def test_runs_of_one_column_have_no_decisions_and_no_probabilities(
    files: Files, tmp_path: Path, metric: list[str]
) -> None:
    runs = [files.write(f"run-{k}", files.logits(k)[:, :1], labels=None, classes=None) for k in range(1, 4)]
    with pytest.raises(InputsDoNotFit, match="without a decision or probabilities"):
        audited(tmp_path / "out", *runs, *metric)


def test_runs_that_decide_each_class_by_itself_are_refused(files: Files, tmp_path: Path) -> None:
    runs = [f"{run}?activation=sigmoid" for run in files.runs(3)]
    with pytest.raises(InputsDoNotFit, match="decides each class separately"):
        audited(tmp_path / "out", *runs)


def test_runs_that_all_failed_are_not_said_to_lack_labels(files: Files, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    runs = [files.write(f"chance-{k}", rng.standard_normal(files.shared.shape)) for k in range(3)]
    found = audited(tmp_path / "out", *runs)
    said = "\n".join([render_html(found.audit), render_markdown(found.audit), found.said])
    assert "ithout labels" not in said and "no labels" not in said
    assert "No run is kept: calibration was not measured." in said
    assert "no_labels" not in reasons(found)
