"""A file of logits as a subject, in a real process."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.border.runner import Runner
from parity.errors import InputsDoNotFit, SubjectError, SubjectNotFound
from parity.inputs.example import Example
from parity.inputs.inputs import open_inputs
from parity.inputs.spec import InputsSpec
from parity.subjects.subject import Subject
from parity_trace import outputs

# pyarrow has no types
pa: Any = importlib.import_module("pyarrow")
pq: Any = importlib.import_module("pyarrow.parquet")

LOGITS = np.array([[1.5, -2.0], [0.25, 3.0], [-1.0, 1.0]], np.float32)
EXAMPLES = [Example(row, f"text {row}") for row in range(3)]


def ask(path: Path, **options: str) -> Runner:
    return Runner.start(Subject("outputs", str(path), options=tuple(options.items())), outputs)


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def save_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def logits_of(runner: Runner, examples: list[Example], rows: list[int]) -> list[list[float]]:
    window = runner.tokenize(examples).window
    listed: list[list[float]] = runner.forward(rows, window=window).wait().stages["logits"].values.tolist()
    return listed


def test_logits_are_answered_by_row(tmp_path: Path) -> None:
    with ask(save(tmp_path / "a.npz", logits=LOGITS)) as runner:
        assert LOGITS[[2, 0]].tolist() == logits_of(runner, EXAMPLES, [2, 0])


def test_later_windows_go_on_where_the_first_ended(tmp_path: Path) -> None:
    with ask(save(tmp_path / "a.npz", logits=LOGITS)) as runner:
        assert LOGITS[:2].tolist() == logits_of(runner, EXAMPLES[:2], [0, 1])
        assert LOGITS[2:].tolist() == logits_of(runner, EXAMPLES[2:], [2])


def test_json_lines_and_parquet_are_read_by_column(tmp_path: Path) -> None:
    rows = [{"logits": values.tolist(), "text": f"text {row}"} for row, values in enumerate(LOGITS)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    for path in (save_lines(tmp_path / "a.jsonl", rows), tmp_path / "a.parquet"):
        with ask(path) as runner:
            assert LOGITS.tolist() == logits_of(runner, EXAMPLES, [0, 1, 2])


def test_the_description_says_that_there_is_nothing_but_logits(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", logits=LOGITS, classes=np.array(["no", "yes"]))
    with ask(path, temperature="1.7") as runner:
        described = runner.describe()
    assert ("outputs", ["logits"]) == (described.scope, [stage.name for stage in described.stages])
    assert (["no", "yes"], 1.7) == (described.labels, described.temperature)
    assert (False, False, False) == (described.can.tokens, described.can.accepts_feed, described.can.float64)


def test_classes_and_the_column_can_be_named(tmp_path: Path) -> None:
    with ask(
        save(tmp_path / "a.npz", scores=LOGITS.astype("float64")), classes="a, b", logits="scores"
    ) as runner:
        assert (["a", "b"], "float64") == (runner.describe().labels, runner.describe().dtype)


def test_the_file_brings_its_own_inputs(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.npz", logits=LOGITS, ids=[5, 6, 7], labels=["x", "y", "x"], text=["a", "b", "c"]
    )
    assert outputs.own_inputs is not None
    found = outputs.own_inputs(Subject("outputs", str(path)), tmp_path)
    window = next(open_inputs(InputsSpec(str(found))).windows())
    assert [
        Example(0, "a", None, "x", "5"),
        Example(1, "b", None, "y", "6"),
        Example(2, "c", None, "x", "7"),
    ] == window


def test_a_file_without_texts_brings_blank_ones(tmp_path: Path) -> None:
    assert outputs.own_inputs is not None
    found = outputs.own_inputs(Subject("outputs", str(save(tmp_path / "a.npz", logits=LOGITS))), tmp_path)
    inputs = open_inputs(InputsSpec(str(found)))
    assert (3, 3) == (inputs.count, inputs.blank)


def test_more_inputs_than_rows_are_refused_with_both_counts(tmp_path: Path) -> None:
    said = "holds 3 rows, and there are at least 4 inputs"
    with ask(save(tmp_path / "a.npz", logits=LOGITS)) as runner, pytest.raises(InputsDoNotFit, match=said):
        runner.tokenize([*EXAMPLES, Example(3, "more")]).wait()


def test_another_text_in_the_row_is_refused(tmp_path: Path) -> None:
    rows = [{"logits": [0, 1], "text": text} for text in ("text 0", "text 2", "text 1")]
    said = "another text in row 2 than input 1"
    with ask(save_lines(tmp_path / "a.jsonl", rows)) as runner, pytest.raises(InputsDoNotFit, match=said):
        runner.tokenize(EXAMPLES).wait()


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"scores": LOGITS}, "no array 'logits'; it has 'scores'"),
        ({"logits": LOGITS[0]}, "logits have shape [2]"),
        ({"logits": np.array(["a", "b"])}, "instead of numbers [rows, classes]"),
        ({"logits": LOGITS[:0]}, "shape [0, 2]"),
        ({"logits": LOGITS, "classes": ["a"]}, "2 logits per row and 1 class names"),
        ({"logits": LOGITS, "ids": ["a", "b"]}, "does not have one entry for each of the 3 rows"),
        ({"logits": LOGITS, "ids": ["a", "b", "a"]}, "row 3 has the id 'a' of row 1"),
        ({"logits": np.array([[object()]])}, "read safely"),
    ],
)
def test_what_is_wrong_with_an_npz_is_said(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with ask(save(tmp_path / "a.npz", **arrays)) as runner, pytest.raises(SubjectError) as caught:
        runner.describe()
    assert said in caught.value.sentence
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"logits": [1, 2]}\n{"logits": [1]}\n', "row 2: 1 logits where the earlier rows have 2"),
        ('{"logits": [1, 2]}\n{"logits": ["a", 2]}\n', "row 2: logits are not a list of numbers"),
        ('{"logits": [1, 2]}\n{}\n', "row 2: logits are not a list of numbers"),
        ('{"logits": [1, 2]\n', "line 1: not JSON"),
        ('{"logits": [1, 2]}\n{"logits": [1%s, 2]}\n' % ("0" * 400), "row 2: a logit of 401 digits"),
        ("", "holds no row"),
        ('{"text": "a"}\n', "no column 'logits'; it has 'text'"),
        ('{"logits": [1, NaN], "text": null}\n', "row 1: the text is null"),
    ],
)
def test_what_is_wrong_with_json_lines_is_said(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.jsonl").write_text(content)
    with ask(tmp_path / "a.jsonl") as runner, pytest.raises(SubjectError) as caught:
        runner.describe()
    assert said in caught.value.sentence


def test_rows_are_found_by_their_ids_whatever_their_order(tmp_path: Path) -> None:
    examples = [Example(0, "", id="c"), Example(1, "", id="a")]
    with ask(save(tmp_path / "a.npz", logits=LOGITS, ids=["a", "b", "c"])) as runner:
        assert LOGITS[[2, 0]].tolist() == logits_of(runner, examples, [0, 1])


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ((None, None), "finds its rows by their ids, and input 0 has none"),
        (("a", None), "finds its rows by their ids, and input 1 has none"),
        (("b", "b"), "input 1 has the id 'b' of input 0"),
        (("b", "z"), "holds no row with the id 'z', which input 1 has"),
    ],
)
def test_rows_with_ids_are_never_found_by_their_order(
    tmp_path: Path, ids: tuple[str | None, ...], said: str
) -> None:
    examples = [Example(row, "", id=name) for row, name in enumerate(ids)]
    path = save(tmp_path / "a.npz", logits=LOGITS, ids=["a", "b", "c"])
    with ask(path) as runner, pytest.raises(InputsDoNotFit) as caught:
        runner.tokenize(examples).wait()
    assert said in caught.value.sentence
    assert caught.value.next_step


def test_an_id_that_the_first_row_lacks_is_not_overlooked(tmp_path: Path) -> None:
    path = save_lines(tmp_path / "a.jsonl", [{"logits": [0, 1]}, {"logits": [1, 0], "id": "x"}])
    with ask(path) as runner, pytest.raises(SubjectError, match="row 1 has no id"):
        runner.describe()


def test_an_id_that_comes_again_in_a_later_window_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", logits=LOGITS, ids=["a", "b", "c"])
    with ask(path) as runner:
        runner.tokenize([Example(0, "", id="a")]).wait()
        with pytest.raises(InputsDoNotFit, match="input 1 has the id 'a' of input 0"):
            runner.tokenize([Example(1, "", id="a")]).wait()


def test_the_order_is_used_where_the_user_says_so(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", logits=LOGITS, ids=["a", "b", "c"])
    with ask(path, match="order") as runner:
        recorded = runner.describe().recorded
        assert recorded is not None
        assert "order" == recorded.matched_by
        assert LOGITS.tolist() == logits_of(runner, EXAMPLES, [0, 1, 2])


def test_ids_that_are_asked_for_must_be_there(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", logits=LOGITS)
    with ask(path, match="id") as runner, pytest.raises(SubjectError, match="has no ids"):
        runner.describe()


def test_the_user_says_whether_classes_exclude_each_other(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", logits=LOGITS)
    for activation, multi_label in (("softmax", False), ("sigmoid", True)):
        with ask(path, activation=activation) as runner:
            assert multi_label == runner.describe().multi_label


def test_classes_beside_each_row_are_read(tmp_path: Path) -> None:
    rows = [{"logits": values.tolist(), "classes": ["no", "yes"]} for values in LOGITS]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    for path in (save_lines(tmp_path / "a.jsonl", rows), tmp_path / "a.parquet"):
        with ask(path) as runner:
            assert ["no", "yes"] == runner.describe().labels


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (["yes", "no"], "row 2: its classes are not those of row 1"),
        (None, "row 2: its classes are not those of row 1"),
        ("no, yes", "row 2: its classes are not those of row 1"),
    ],
)
def test_rows_with_classes_of_their_own_are_refused(tmp_path: Path, classes: Any, said: str) -> None:
    rows = [{"logits": [0, 1], "classes": ["no", "yes"]}, {"logits": [0, 1], "classes": classes}]
    with (
        ask(save_lines(tmp_path / "a.jsonl", rows)) as runner,
        pytest.raises(SubjectError) as caught,
    ):
        runner.describe()
    assert said in caught.value.sentence


def test_classes_that_are_no_list_of_names_are_refused(tmp_path: Path) -> None:
    path = save_lines(tmp_path / "a.jsonl", [{"logits": [0, 1], "classes": "no"}])
    with ask(path) as runner, pytest.raises(SubjectError, match="row 1: classes are not a list of names"):
        runner.describe()


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_text("x")
    (tmp_path / "a.npz").write_text("x")
    (tmp_path / "a.parquet").write_text("x")
    for name in ("a.pkl", "a.npz", "a.parquet"):
        with ask(tmp_path / name) as runner, pytest.raises(SubjectError):
            runner.describe()
    with ask(tmp_path / "no.npz") as runner, pytest.raises(SubjectNotFound):
        runner.describe()
