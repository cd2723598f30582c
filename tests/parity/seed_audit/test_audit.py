"""The survey of populations made up as files: what is planted is said, is in no mean, and the verdict knows of it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from parity.errors import InputsDoNotFit, InputsError, MissingColumn, SubjectNotFound, UsageError
from parity.inputs.spec import InputsSpec
from parity.records.arm_statistics import SplitRecord
from parity.records.seed_audit import NeededRecord, seed_audit_bytes
from parity.seed_audit.audit import SurveyRequest, survey
from parity.seed_audit.margins import Margins
from parity.seed_audit.runs.requested import SeedPlan, requested_runs
from parity.seed_audit.runs.run_inputs import Outcome, Task, collect
from parity.subjects.progress import OnProgress, unwatched
from tests.seed_files import Audited, Files, audited, kinds, run_of


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.of(tmp_path / "runs")


def factors(path: Path, *lines: str) -> str:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return str(path)


def figures(found: Audited) -> str:
    """The record without what tells one command from another."""
    record = json.loads(seed_audit_bytes(found.audit))
    for name in ("provenance", "command"):
        del record[name]
    return json.dumps(record)


def test_runs_that_say_the_same_are_stable(files: Files, tmp_path: Path) -> None:
    found = audited(tmp_path / "out", *files.runs(5))
    assert (0, "stable") == (found.code, found.audit.verdict)
    assert [] == found.audit.findings
    assert {"kept"} == {run.standing for run in found.audit.runs}
    assert NeededRecord(runs=5, kind="enough") == found.audit.runs_needed
    assert found.audit.headline.endswith("5 runs settle it.")
    assert found.said.startswith("Stable.")


def test_runs_that_part_are_unstable(files: Files, tmp_path: Path) -> None:
    found = audited(tmp_path / "out", *files.runs(5, noise=3.0))
    assert (1, "unstable") == (found.code, found.audit.verdict)


def test_what_few_runs_cannot_settle_is_inconclusive_and_says_how_many_would(
    files: Files, tmp_path: Path
) -> None:
    runs = files.runs(3, noise=1.0)
    found = audited(tmp_path / "out", *runs)
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert f" {found.audit.runs_needed.runs} runs would settle it." in found.audit.headline
    assert 0 == audited(tmp_path / "out", *runs, "--allow-inconclusive").code


def test_the_same_command_twice_gives_the_same_record_however_many_run_side_by_side(
    files: Files, tmp_path: Path
) -> None:
    runs = files.runs(4, noise=1.0)
    found = [audited(tmp_path / "out", *runs, *jobs) for jobs in ((), (), ("--jobs", "1"))]
    assert figures(found[0]) == figures(found[1])
    assert figures(found[0]) == figures(found[2])


def test_rows_in_another_order_are_said_and_in_no_mean(files: Files, tmp_path: Path) -> None:
    runs = files.runs(4)
    turned = files.write("turned", files.logits(9), order=slice(None, None, -1))
    alone = audited(tmp_path / "alone", *runs)
    found = audited(tmp_path / "out", *runs, turned)
    assert ["row_order"] == kinds(found.audit)
    assert "left_out" == run_of(found.audit, "turned.npz").standing
    assert alone.audit.metrics == found.audit.metrics
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "missing_runs" in [reason.about for reason in found.audit.reasons]


def test_the_odd_one_out_is_found_wherever_it_stands(files: Files, tmp_path: Path) -> None:
    turned = files.write("turned", files.logits(9), order=slice(None, None, -1))
    found = audited(tmp_path / "out", turned, *files.runs(4))
    assert ["turned.npz"] == [run.name for run in found.audit.runs if run.standing != "kept"]
    assert (found.audit.metrics["accuracy"].spread.mean or 0.0) > 0.85


def test_rows_in_another_order_with_ids_are_found_by_them(files: Files, tmp_path: Path) -> None:
    straight = audited(tmp_path / "straight", *files.runs(3, ids=True))
    turned = files.write("run-3", files.logits(3), ids=True, order=slice(None, None, -1))
    found = audited(tmp_path / "out", *files.runs(2, ids=True), turned)
    assert [] == kinds(found.audit)
    assert straight.audit.metrics == found.audit.metrics
    assert straight.audit.churn == found.audit.churn


def test_a_run_on_other_data_is_said_and_in_no_mean(files: Files, tmp_path: Path) -> None:
    other = Files.of(files.folder, examples=180).write("other", files.logits(9)[:180])
    wrong = ["b" if label == "a" else "a" for label in files.labels]
    relabelled = files.write("relabelled", files.logits(8), labels=wrong)
    found = audited(tmp_path / "out", *files.runs(3), other, relabelled)
    assert ["other_data", "other_data"] == kinds(found.audit)
    assert "180 rows" in found.audit.findings[0].sentence
    assert "the label of the row" in found.audit.findings[1].sentence
    assert 3 == found.audit.arms[0].runs
    assert (1, "inconclusive") == (found.code, found.audit.verdict)


def test_ids_with_other_labels_are_other_data(files: Files, tmp_path: Path) -> None:
    wrong = ["b" if label == "a" else "a" for label in files.labels]
    relabelled = files.write("relabelled", files.logits(8), ids=True, labels=wrong)
    found = audited(tmp_path / "out", *files.runs(3, ids=True), relabelled)
    assert ["other_data"] == kinds(found.audit)


def test_without_labels_in_the_inputs_the_labels_of_most_runs_are_the_order(
    files: Files, tmp_path: Path
) -> None:
    inputs = tmp_path / "texts.txt"
    inputs.write_text("\n".join(f"text {row}" for row in range(200)) + "\n", "utf-8")
    turned = files.write("turned", files.logits(9), order=slice(None, None, -1))
    found = audited(tmp_path / "out", *files.runs(3), turned, "--inputs", str(inputs))
    assert ["row_order", "no_labels"] == kinds(found.audit)
    assert "left_out" == run_of(found.audit, "turned.npz").standing


def test_the_same_run_twice_counts_once(files: Files, tmp_path: Path) -> None:
    runs = files.runs(3)
    found = audited(tmp_path / "out", *runs, files.write("copy", files.logits(2)))
    assert ["duplicate_run"] == kinds(found.audit)
    assert 3 == found.audit.arms[0].runs
    assert audited(tmp_path / "alone", *runs).audit.churn == found.audit.churn
    assert (0, "stable") == (found.code, found.audit.verdict)


def test_two_runs_of_other_seeds_that_are_one_to_the_bit_bar_a_pass(files: Files, tmp_path: Path) -> None:
    runs = [*files.runs(3), files.write("copy", files.logits(2))]
    lines = [f"{run},{seed},{seed}" for seed, run in enumerate(runs, 1)]
    csv = factors(tmp_path / "runs.csv", "subject,init_seed,order_seed", *lines)
    found = audited(tmp_path / "out", *runs, "--factors", csv)
    assert ["duplicate_run"] == kinds(found.audit)
    assert "though init_seed and order_seed moved" in found.audit.findings[0].sentence
    assert "bars" == found.audit.findings[0].severity
    assert (1, "inconclusive") == (found.code, found.audit.verdict)


def test_a_seed_that_is_not_wired_is_said_and_bars_a_pass(files: Files, tmp_path: Path) -> None:
    runs: list[str] = []
    lines: list[str] = []
    for init in (1, 2, 3):
        for order in (1, 2):
            runs.append(files.write(f"i{init}o{order}", files.logits(init)))
            lines.append(f"{runs[-1]},{init},{order}")
    csv = factors(tmp_path / "runs.csv", "subject,init_seed,order_seed", *lines)
    found = audited(tmp_path / "out", *runs, "--factors", csv)
    assert "seed_without_effect" == kinds(found.audit)[0]
    assert found.audit.findings[0].sentence.startswith("The seed order_seed changed nothing")
    assert 3 == found.audit.arms[0].runs
    assert (
        "It is equal bit for bit to i2o1.npz, though it has other seeds."
        == run_of(found.audit, "i2o2.npz").reason
    )
    assert (1, "inconclusive") == (found.code, found.audit.verdict)


def test_a_run_that_learnt_nothing_is_counted_and_in_no_mean(files: Files, tmp_path: Path) -> None:
    runs = files.runs(4)
    chance = files.write("chance", np.random.default_rng(1).standard_normal(files.shared.shape))
    broken = files.write("broken", np.full(files.shared.shape, np.nan))
    again = files.write("again", np.full(files.shared.shape, np.nan))
    found = audited(tmp_path / "out", *runs, chance, broken, again)
    assert ["failed_run"] * 3 == kinds(found.audit)
    assert (1, "unstable") == (found.code, found.audit.verdict)
    assert audited(tmp_path / "alone", *runs).audit.metrics == found.audit.metrics
    assert [3, 7] == [len(found.audit.arms[0].failed.failed), found.audit.arms[0].failed.runs]


def test_a_run_that_cannot_be_opened_is_said_and_bars_a_pass(files: Files, tmp_path: Path) -> None:
    found = audited(tmp_path / "out", *files.runs(3), f"outputs:{tmp_path}/gone.npz")
    assert ["lost_run"] == kinds(found.audit)
    assert "The outputs file" in found.audit.findings[0].sentence
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    expected = "At least 4 runs that count would settle it; of the 4 given 3 do."
    assert found.audit.headline.endswith(expected)
    assert "Add 1 run" in found.said or "Fix the lost runs" in found.said


def test_the_first_run_may_be_the_one_that_cannot_be_opened(files: Files, tmp_path: Path) -> None:
    found = audited(tmp_path / "out", f"outputs:{tmp_path}/gone.npz", *files.runs(3))
    assert ["lost_run"] == kinds(found.audit)
    assert 3 == found.audit.arms[0].runs


def test_where_no_run_can_be_opened_the_mistake_itself_is_said(tmp_path: Path) -> None:
    gone = [f"outputs:{tmp_path}/{name}.npz" for name in ("one", "two")]
    with pytest.raises(UsageError, match="The outputs file .* does not exist"):
        audited(tmp_path / "out", *gone)
    inputs = tmp_path / "texts.txt"
    inputs.write_text("a text\n", "utf-8")
    with pytest.raises(
        SubjectNotFound, match="None of the 2 runs could be run on the inputs. The outputs file"
    ):
        audited(tmp_path / "out", *gone, "--inputs", str(inputs))


def test_classes_in_another_order_are_put_right(files: Files, tmp_path: Path) -> None:
    straight = audited(tmp_path / "straight", *files.runs(3))
    logits = files.logits(3)[:, ::-1]
    turned = files.write("run-3", logits, classes=files.classes[::-1])
    found = audited(tmp_path / "out", *files.runs(2), turned)
    assert straight.audit.metrics == found.audit.metrics


@pytest.mark.parametrize("first", [True, False])
def test_a_run_with_more_columns_is_never_cut_to_fit_wherever_it_stands(
    files: Files, tmp_path: Path, first: bool
) -> None:
    runs = [files.write(f"run-{k}", files.logits(k), classes=None) for k in range(1, 4)]
    more = files.write("more", np.random.default_rng(5).standard_normal((200, 4)), classes=None)
    found = audited(tmp_path / "out", *([more, *runs] if first else [*runs, more]))
    assert ["classes_by_index", "left_out", "metric_not_measured"] == kinds(found.audit)
    expected = "Runs run-1.npz, run-2.npz, run-3.npz did not name the classes: columns are taken by index."
    assert expected == found.audit.findings[0].sentence
    assert "Its logits have 4 classes, those of most runs 3." == run_of(found.audit, "more.npz").reason
    assert 3 == found.audit.arms[0].runs


def test_a_run_that_does_not_name_its_classes_beside_those_that_do_is_said(
    files: Files, tmp_path: Path
) -> None:
    unnamed = files.write("unnamed", files.logits(4), classes=None)
    found = audited(tmp_path / "out", *files.runs(3), unnamed)
    assert ["classes_by_index"] == kinds(found.audit)
    expected = "Run unnamed.npz did not name the classes: column 0 is matched to 'a', and so on by index."
    assert expected == found.audit.findings[0].sentence


def test_a_run_of_other_classes_that_comes_first_decides_nothing(files: Files, tmp_path: Path) -> None:
    other = files.write(
        "other", np.random.default_rng(5).standard_normal((200, 4)), classes=("a", "b", "c", "d")
    )
    found = audited(tmp_path / "out", other, *files.runs(3))
    assert ["other.npz"] == [run.name for run in found.audit.runs if run.standing != "kept"]
    assert ["a", "b", "c"] == found.audit.classes
    assert (1, "inconclusive") == (found.code, found.audit.verdict)


def test_a_class_that_has_a_number_for_its_name_is_not_taken_by_index(files: Files, tmp_path: Path) -> None:
    labels = [str("abc".index(label)) for label in files.labels]
    runs = [
        files.write(f"run-{k}", files.logits(k), labels=labels, classes=("1", "2", "3")) for k in range(1, 4)
    ]
    found = audited(tmp_path / "out", *runs)
    assert "strange_labels" == kinds(found.audit)[-1]
    assert "labels are not a class ('0', for one)" in found.audit.findings[-1].sentence


def test_a_run_of_other_classes_is_left_out(files: Files, tmp_path: Path) -> None:
    other = files.write("other", files.logits(4), classes=("x", "y", "z"))
    found = audited(tmp_path / "out", *files.runs(3), other)
    assert ["left_out"] == kinds(found.audit)
    assert (
        "Its classes have other names than those of most runs: 'x', 'y', 'z'"
        in found.audit.findings[0].sentence
    )
    assert (1, "inconclusive") == (found.code, found.audit.verdict)


def test_without_labels_churn_and_agreement_are_left(files: Files, tmp_path: Path) -> None:
    found = audited(tmp_path / "out", *files.runs(5, labels=None))
    assert ["no_labels"] == kinds(found.audit)
    assert {} == found.audit.metrics
    assert found.audit.churn is not None and found.audit.agreement is not None
    assert (0, "stable") == (found.code, found.audit.verdict)


def test_labels_that_are_no_class_are_said(files: Files, tmp_path: Path) -> None:
    strange = [f"{label}!" for label in files.labels]
    runs = [files.write(f"run-{k}", files.logits(k), labels=strange) for k in range(1, 4)]
    found = audited(tmp_path / "out", *runs)
    assert "None of the 200 labels is a class ('" in found.audit.findings[0].sentence
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "accuracy was not measured" in found.audit.headline
    some = [*files.labels[:150], *strange[150:]]
    runs = [files.write(f"run-{k}", files.logits(k), labels=some) for k in range(1, 4)]
    found = audited(tmp_path / "out", *runs)
    assert ["labels_not_classes"] == kinds(found.audit)
    assert "50 of 200 labels are not a class" in found.audit.findings[0].sentence
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert 150 == found.audit.metrics["accuracy"].examples


def test_labels_of_one_class_are_said_and_no_run_is_taken_for_a_failed_one(
    files: Files, tmp_path: Path
) -> None:
    runs = [files.write(f"run-{k}", files.logits(k), labels=["a"] * 200) for k in range(1, 4)]
    found = audited(tmp_path / "out", *runs)
    assert ["one_class"] == kinds(found.audit)
    assert "All labels are of one class" in found.audit.findings[0].sentence
    assert {"kept"} == {run.standing for run in found.audit.runs}


@pytest.mark.parametrize("count", [1, 2])
def test_one_run_or_two_give_what_still_makes_sense(files: Files, tmp_path: Path, count: int) -> None:
    found = audited(tmp_path / "out", *files.runs(count))
    assert ["few_runs"] == kinds(found.audit)
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "At least 3 runs would settle it." in found.audit.headline
    assert found.audit.runs[0].metrics["accuracy"] is not None
    assert (count == 2) == (found.audit.churn is not None)


def test_the_baseline_retrained_is_equivalent_and_a_worse_candidate_is_different(
    files: Files, tmp_path: Path
) -> None:
    baseline = [word for run in files.runs(4) for word in ("--baseline", run)]
    found = audited(tmp_path / "out", *files.runs(4, first=5), *baseline, "--margin", "0.05")
    assert (0, "equivalent") == (found.code, found.audit.verdict)
    assert found.audit.baseline is not None and not found.audit.baseline.paired
    assert found.audit.headline.endswith("4 runs an arm settle it.")
    worse = files.runs(4, noise=2.5, first=5)
    found = audited(tmp_path / "worse", *worse, *baseline)
    assert (1, "different") == (found.code, found.audit.verdict)
    assert found.audit.baseline is not None and found.audit.baseline.excess_churn is not None
    assert (found.audit.baseline.excess_churn.p or 0.0) <= 0.05


def test_a_csv_tells_arms_and_seeds_and_the_same_seeds_are_paired(files: Files, tmp_path: Path) -> None:
    runs = files.runs(8)
    lines = [
        f"{run},{'candidate' if place < 4 else 'baseline'},{place % 4},{place % 4}"
        for place, run in enumerate(runs)
    ]
    csv = factors(tmp_path / "runs.csv", "subject,arm,init_seed,order_seed", *lines)
    found = audited(tmp_path / "out", *runs, "--factors", csv, "--margin", "0.05")
    assert ["candidate"] * 4 + ["baseline"] * 4 == [run.arm for run in found.audit.runs]
    assert found.audit.baseline is not None and found.audit.baseline.paired
    assert {"init_seed": 3, "order_seed": 3} == found.audit.runs[3].factors
    assert (0, "equivalent") == (found.code, found.audit.verdict)


def test_of_runs_of_which_one_seed_is_known_none_is_taken_for_a_repeat(files: Files, tmp_path: Path) -> None:
    runs = files.runs(4)
    csv = factors(
        tmp_path / "runs.csv", "subject,init_seed", *(f"{run},{k // 2}" for k, run in enumerate(runs))
    )
    found = audited(tmp_path / "out", *runs, "--factors", csv)
    assert ([], 4) == (kinds(found.audit), found.audit.arms[0].runs)


def test_arms_of_which_only_some_seeds_are_known_are_not_paired(files: Files, tmp_path: Path) -> None:
    runs = files.runs(6)
    for name, seeds in (("some", (1, "", "")), ("alike", (1, 1, 1))):
        lines = [f"{run},{'candidate' if k < 3 else 'baseline'},{seeds[k % 3]}" for k, run in enumerate(runs)]
        csv = factors(tmp_path / f"{name}.csv", "subject,arm,init_seed", *lines)
        found = audited(tmp_path / name, *runs, "--factors", csv)
        assert found.audit.baseline is not None and not found.audit.baseline.paired


def test_a_run_that_was_asked_other_inputs_is_said_and_in_no_mean(files: Files, tmp_path: Path) -> None:
    inputs = tmp_path / "rows.jsonl"

    def write(texts: str) -> None:
        rows = [{"text": f"{texts} {row}", "label": label} for row, label in enumerate(files.labels)]
        inputs.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    def changing(tasks: Sequence[Task], progress: OnProgress) -> list[Outcome]:
        """Asks one run after another; while the third is asked, the file says something else."""
        outcomes: list[Outcome] = []
        for place, task in enumerate(tasks):
            write("other" if place == 2 else "text")
            outcomes.append(collect(task))
        write("text")
        return outcomes

    write("text")
    request = SurveyRequest(
        runs=requested_runs(files.runs(4), [], SeedPlan()),
        inputs=InputsSpec(str(inputs)),
        folder=tmp_path / "collected",
        execute=changing,
        margins=Margins(0.02, 0.1),
    )
    found = survey(request, unwatched)
    assert ["other_data"] == kinds(found)
    assert "The inputs were different when it was run." == run_of(found, "run-3.npz").reason
    assert "inconclusive" == found.verdict


def test_a_run_whose_training_diverged_is_a_failed_run_and_no_lost_one(files: Files, tmp_path: Path) -> None:
    def with_one_diverged(tasks: Sequence[Task], progress: OnProgress) -> list[Outcome]:
        said = "The training of c.jsonnet diverged: its loss is not a number."
        gone = Outcome(tasks[0].subject, None, said, "training-diverged", "Lower the rate.")
        return [gone, *(collect(task) for task in tasks[1:])]

    inputs = tmp_path / "rows.jsonl"
    rows = [{"text": f"text {row}", "label": label} for row, label in enumerate(files.labels)]
    inputs.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    request = SurveyRequest(
        runs=requested_runs(files.runs(4), [], SeedPlan()),
        inputs=InputsSpec(str(inputs)),
        folder=tmp_path / "collected",
        execute=with_one_diverged,
        margins=Margins(0.02, 0.1),
    )
    found = survey(request, unwatched)
    assert ("unstable", ["failed_run"]) == (found.verdict, kinds(found))
    assert ["failed", "kept", "kept", "kept"] == [run.standing for run in found.runs]
    assert (4, 0.25) == (found.arms[0].failed.runs, found.arms[0].failed.rate)
    expected = "Run run-1.npz failed: The training of c.jsonnet diverged: its loss is not a number. It is counted, and excluded from every mean."
    assert expected == found.findings[0].sentence


def test_a_baseline_that_is_lost_is_no_pass(files: Files, tmp_path: Path) -> None:
    found = audited(tmp_path / "out", *files.runs(4), "--baseline", f"outputs:{tmp_path}/gone.npz")
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert ["lost_run", "few_runs"] == kinds(found.audit)
    assert found.audit.baseline is None


def test_a_baseline_of_other_classes_is_no_pass(files: Files, tmp_path: Path) -> None:
    other = files.write("other", files.logits(9), classes=("x", "y", "z"))
    found = audited(tmp_path / "out", *files.runs(4), "--baseline", other)
    assert (1, "inconclusive") == (found.code, found.audit.verdict)


def test_a_failed_run_of_the_baseline_bars_equivalence(files: Files, tmp_path: Path) -> None:
    chance = files.write("chance", np.random.default_rng(1).standard_normal(files.shared.shape))
    baseline = [word for run in [*files.runs(4), chance] for word in ("--baseline", run)]
    found = audited(tmp_path / "out", *files.runs(5, first=5), *baseline)
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    said = "Run chance.npz of the baseline failed: its accuracy of "
    assert found.audit.findings[0].sentence.startswith(said)


def test_the_same_runs_in_both_arms_are_said_and_in_no_mean(files: Files, tmp_path: Path) -> None:
    runs = files.runs(3)
    found = audited(tmp_path / "out", *runs, *(word for run in runs for word in ("--baseline", run)))
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "in_both_arms" == kinds(found.audit)[0]
    assert ("bars", 1) == (found.audit.findings[0].severity, kinds(found.audit).count("in_both_arms"))
    assert {"left_out"} == {run.standing for run in found.audit.runs}
    assert found.audit.baseline is None


def test_one_run_that_stands_in_both_arms_is_in_no_mean_of_either(files: Files, tmp_path: Path) -> None:
    copy = files.write("copy", files.logits(2))
    baseline = [word for run in [*files.runs(4, first=5), copy] for word in ("--baseline", run)]
    found = audited(tmp_path / "out", *files.runs(4), *baseline, "--margin", "0.05")
    assert ["run-2.npz", "copy.npz"] == [run.name for run in found.audit.runs if run.standing != "kept"]
    assert "It is equal bit for bit to copy.npz of the baseline." == run_of(found.audit, "run-2.npz").reason
    assert [3, 4] == [arm.runs for arm in found.audit.arms]
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "missing_runs" in [reason.about for reason in found.audit.reasons]


def test_a_grid_of_seeds_is_split(files: Files, tmp_path: Path) -> None:
    runs: list[str] = []
    lines: list[str] = []
    for init in (1, 2, 3):
        for order in (1, 2):
            logits = files.logits(init, 1.0) + 0.1 * files.logits(10 * init + order, 1.0)
            runs.append(files.write(f"i{init}o{order}", logits))
            lines.append(f"{runs[-1]},{init},{order}")
    csv = factors(tmp_path / "runs.csv", "subject,init_seed,order_seed", *lines)
    found = audited(tmp_path / "out", *runs, "--factors", csv)
    assert found.audit.variance is not None
    split = found.audit.variance["logits"]
    assert isinstance(split, SplitRecord)
    assert (3, 2, 1) == split.shape
    assert (split.first.share or 0.0) > 0.9


def test_runs_of_one_set_of_initial_weights_are_never_stable(files: Files, tmp_path: Path) -> None:
    runs = files.runs(5)
    lines = [f"{run},1,{order}" for order, run in enumerate(runs)]
    csv = factors(tmp_path / "runs.csv", "subject,init_seed,order_seed", *lines)
    found = audited(tmp_path / "out", *runs, "--factors", csv)
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert ["init_seed"] == found.audit.arms[0].conditional_on
    assert "init_seed_fixed" in [reason.about for reason in found.audit.reasons]
    assert found.audit.headline.endswith("At least 5 runs that share none would settle it.")


def test_a_grid_is_judged_by_the_runs_that_share_no_seed(files: Files, tmp_path: Path) -> None:
    runs: list[str] = []
    lines: list[str] = []
    for init in (1, 2, 3):
        for order in (1, 2, 3):
            logits = files.logits(init, 1.0) + 0.1 * files.logits(10 * init + order, 1.0)
            runs.append(files.write(f"i{init}o{order}", logits))
            lines.append(f"{runs[-1]},{init},{order}")
    csv = factors(tmp_path / "runs.csv", "subject,init_seed,order_seed", *lines)
    arm = audited(tmp_path / "out", *runs, "--factors", csv).audit.arms[0]
    assert (9, 3, []) == (arm.runs, arm.independent, arm.conditional_on)
    assert arm.churn is not None and arm.can_show is not None and arm.agreement is not None
    assert 9 == len(arm.churn.matrix) and 3 == arm.can_show.runs
    value = arm.churn.estimate.value or math.nan
    # Runs of one row are nearly copies: over all pairs churn would come out a quarter lower.
    assert np.sum(np.array(arm.churn.matrix, dtype=np.float64)) / 72 < 0.85 * value
    assert pytest.approx(1 - value) == arm.agreement.raw
    assert 3 == arm.metrics["accuracy"].independent


def test_arms_with_the_same_seeds_leave_partners_out_of_the_excess(files: Files, tmp_path: Path) -> None:
    runs = files.runs(10, 1.0)
    lines = [
        f"{run},{'candidate' if place < 5 else 'baseline'},{place % 5}" for place, run in enumerate(runs)
    ]
    csv = factors(tmp_path / "runs.csv", "subject,arm,seed", *lines)
    between = audited(tmp_path / "out", *runs, "--factors", csv).audit.baseline
    assert between is not None and between.excess_churn is not None
    assert (5, (5, 5)) == (between.excess_churn.matched, between.runs)
    ps = {name: item.p for name, item in between.differences.items() if item.p is not None}
    assert min(1.0, 4 * min(ps.values())) == between.differences[min(ps, key=ps.__getitem__)].p_holm


def test_the_pair_of_a_grid_that_shares_no_seed_is_not_told_as_all_the_runs(
    files: Files, tmp_path: Path
) -> None:
    runs = files.runs(6, 1.0)
    lines = [f"{run},{place // 2},{place % 2}" for place, run in enumerate(runs)]
    csv = factors(tmp_path / "runs.csv", "subject,init_seed,order_seed", *lines)
    found = audited(tmp_path / "out", *runs, "--factors", csv)
    assert "The two runs that share no seed decide" in found.audit.headline
    assert "over 6 runs" in found.audit.headline


def test_two_runs_are_told_as_a_pair(files: Files, tmp_path: Path) -> None:
    found = audited(tmp_path / "out", *files.runs(2, 1.0))
    assert (1, "inconclusive") == (found.code, found.audit.verdict)
    assert "These two runs decide" in found.audit.headline and "at most" not in found.audit.headline
    assert ["few_runs"] == [reason.about for reason in found.audit.reasons]


@pytest.mark.parametrize("alpha", ["1e-17", "0.5"])
def test_an_alpha_that_is_no_error_rate_is_refused(alpha: str, files: Files, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a usable error rate"):
        audited(tmp_path / "out", *files.runs(3), "--alpha", alpha)


def test_slices_are_told_for_one_arm_and_corrected_for_two(files: Files, tmp_path: Path) -> None:
    inputs = tmp_path / "rows.jsonl"
    with inputs.open("w", encoding="utf-8") as file:
        for row, label in enumerate(files.labels):
            part = None if row % 10 == 9 else "odd" if row % 2 else "even"
            file.write(json.dumps({"text": f"text {row}", "label": label, "topic": part}) + "\n")
    asked = ("--inputs", str(inputs), "--slices", "topic")
    runs = files.runs(3)
    found = audited(tmp_path / "out", *runs, *asked)
    assert [("(none)", 20), ("even", 100), ("odd", 80)] == [
        (part.slice, part.examples) for part in found.audit.arms[0].slices
    ]
    worse = [files.write(f"worse-{k}", files.logits(k, 2.5)) for k in range(1, 4)]
    baseline = [word for run in runs for word in ("--baseline", run)]
    found = audited(tmp_path / "two", *worse, *baseline, *asked)
    assert found.audit.baseline is not None
    parts = found.audit.baseline.slices
    assert all((part.p_holm or 0.0) >= (part.p or 0.0) for part in parts)
    with pytest.raises(MissingColumn, match="--slices: .* has no column 'subject'"):
        audited(tmp_path / "wrong", *runs, "--inputs", str(inputs), "--slices", "subject")


def test_what_was_asked_for_beforehand_decides(files: Files, tmp_path: Path) -> None:
    runs = files.runs(5, noise=1.0)
    wide = audited(tmp_path / "wide", *runs, "--margin", "0.2", "--churn-budget", "0.3")
    assert (0, "stable") == (wide.code, wide.audit.verdict)
    narrow = audited(tmp_path / "narrow", *runs, "--margin", "0.0001", "--churn-budget", "0.001")
    assert (1, "unstable") == (narrow.code, narrow.audit.verdict)
    other = audited(tmp_path / "nll", *runs, "--metric", "nll", "--margin", "0.5", "--alpha", "0.1")
    assert ("nll", 0.1) == (other.audit.margins.primary, other.audit.margins.alpha)
    assert "nats" in other.audit.headline


def test_inputs_that_fit_no_run_are_said(files: Files, tmp_path: Path) -> None:
    inputs = tmp_path / "texts.txt"
    inputs.write_text("one text\n", "utf-8")
    with pytest.raises(InputsDoNotFit, match="None of the 2 runs could be run on the inputs"):
        audited(tmp_path / "out", *files.runs(2), "--inputs", str(inputs))
    with pytest.raises(InputsError, match="standard input can be read only once"):
        audited(tmp_path / "out", *files.runs(2), "--inputs", "-")
    with pytest.raises(UsageError, match="but no file of inputs is"):
        audited(tmp_path / "out", *files.runs(2), "--label-column", "gold")


def test_a_limit_takes_the_first_rows_of_every_run(files: Files, tmp_path: Path) -> None:
    found = audited(tmp_path / "out", *files.runs(3), "--limit", "50")
    assert 50 == found.audit.inputs.count
    assert {"kept"} == {run.standing for run in found.audit.runs}
