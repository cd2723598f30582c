"""What one run says about the inputs, collected; and whether the rows it brings along are those of the inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from parity.errors import TraceError
from parity.inputs.example import Example
from parity.inputs.spec import InputsSpec
from parity.seed_audit.runs.executors import run_here
from parity.seed_audit.runs.recorded_rows import row_fault
from parity.seed_audit.runs.run_inputs import Task, collect, read_collected
from parity.subjects.progress import Progress
from tests.seed_files import Files

ROWS = [
    Example(0, "one", None, "a", "e0"),
    Example(1, "two", None, "b", "e1"),
    Example(2, "three", None, "a", "e2"),
]


def labelled(label: str | None) -> list[Example]:
    return [row._replace(label=label) for row in ROWS]


def inputs(files: Files, name: str = "rows.jsonl") -> InputsSpec:
    path = files.folder / name
    path.write_text(
        "".join(
            f'{{"text": "t{row}", "label": "{label}", "id": "e{row}"}}\n'
            for row, label in enumerate(files.labels)
        ),
        "utf-8",
    )
    return InputsSpec(str(path))


def test_the_same_rows_have_no_fault() -> None:
    assert row_fault(ROWS, ROWS, by_id=False) is None
    assert row_fault(ROWS[::-1], ROWS, by_id=True) is None


def test_the_same_rows_in_another_order() -> None:
    fault = row_fault(ROWS[::-1], ROWS, by_id=False)
    assert fault is not None
    assert "row_order" == fault.kind
    assert "the text of the row with the id 'e0' is 'three' there and 'one' in the inputs" == fault.sentence


def test_another_label_is_other_data_also_where_ids_agree() -> None:
    other = [*ROWS[:2], ROWS[2]._replace(label="b")]
    for by_id in (True, False):
        fault = row_fault(other, ROWS, by_id=by_id)
        assert fault is not None and "other_data" == fault.kind


def test_rows_that_are_not_there_are_other_data() -> None:
    fault = row_fault(ROWS[:2], ROWS, by_id=True)
    assert fault is not None and "it has no row with the id 'e2'" == fault.sentence
    fault = row_fault(ROWS[:2], ROWS, by_id=False)
    assert fault is not None and "it holds 2 rows without ids, and there are 3 inputs" == fault.sentence
    assert row_fault(ROWS, ROWS[:2], by_id=False) is not None
    assert row_fault(ROWS, ROWS[:2], by_id=False, limited=True) is None


def test_what_a_side_does_not_have_is_not_compared() -> None:
    assert row_fault([row._replace(text="") for row in ROWS], ROWS, by_id=False) is None
    assert row_fault(labelled(None), ROWS, by_id=False) is None
    unlabelled = [ROWS[0]._replace(label=None), *ROWS[1:]]
    assert row_fault(unlabelled, ROWS, by_id=False) is None


def test_a_label_may_be_written_as_the_number_of_its_class() -> None:
    numbered = [row._replace(label=str("ab".index(row.label or ""))) for row in ROWS]
    assert row_fault(numbered, ROWS, by_id=False, classes=("a", "b")) is None
    assert row_fault(numbered, ROWS, by_id=False) is None
    fault = row_fault(labelled("1"), ROWS, by_id=False, classes=("a", "b"))
    assert fault is not None and "other_data" == fault.kind


def test_a_run_is_collected_once_and_read_again(tmp_path: Path) -> None:
    files = Files.of(tmp_path / "runs", examples=30)
    subject = files.write("run", files.logits(1), ids=True, order=slice(None, None, -1))
    task = Task(subject, inputs(files), str(tmp_path / "said"), name="run")
    outcome = collect(task)
    assert (str(tmp_path / "said"), "") == (outcome.folder, outcome.sentence)
    assert np.allclose(files.logits(1), read_collected(tmp_path / "said").logits, atol=1e-6)
    before = (tmp_path / "said" / "outputs.npz").stat().st_mtime_ns
    assert outcome == collect(task)
    assert before == (tmp_path / "said" / "outputs.npz").stat().st_mtime_ns
    assert {"runs", "said"} == {path.name for path in tmp_path.iterdir()}


def test_a_run_with_the_rows_in_another_order_is_an_outcome_and_leaves_nothing(tmp_path: Path) -> None:
    files = Files.of(tmp_path / "runs", examples=30)
    subject = files.write("run", files.logits(1), order=slice(None, None, -1))
    outcome = collect(Task(subject, inputs(files), str(tmp_path / "said"), name="run"))
    assert (None, "row_order") == (outcome.folder, outcome.fault)
    assert ["runs"] == [path.name for path in tmp_path.iterdir()]


def test_what_is_not_whole_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="is incomplete"):
        read_collected(tmp_path)


def test_outcomes_come_in_the_order_of_the_tasks_and_one_that_fails_ends_none(tmp_path: Path) -> None:
    files = Files.of(tmp_path / "runs", examples=30)
    subjects = [*files.runs(3), f"outputs:{tmp_path}/gone.npz"]
    rows = inputs(files)
    tasks = [
        Task(subject, rows, str(tmp_path / f"{k}"), name=f"run {k}") for k, subject in enumerate(subjects)
    ]
    reported: list[Progress] = []
    outcomes = run_here(tasks, reported.append, jobs=2)
    assert subjects == [outcome.subject for outcome in outcomes]
    assert [True, True, True, False] == [outcome.folder is not None for outcome in outcomes]
    assert "subject-not-found" == outcomes[3].slug
    assert [0, 1, 2, 3, 4] == [done for what, done, _ in reported if what == "runs"]
    assert {f"run {k}: done" for k in range(4)} <= {what for what, _, _ in reported}
