"""Rows with several choices: their columns, their labels, and how they are read as a row for each choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parity.errors import InputsDoNotFit, MalformedLine
from parity.inputs.by_choice import whole_inputs
from parity.inputs.example import Choice, Choices, Example
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.spec import InputsSpec

_COUNTS = st.lists(st.integers(1, 5), min_size=1, max_size=9)


def written(path: Path, *rows: dict[str, Any], **named: str) -> Inputs:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return open_inputs(InputsSpec(str(path), **named))  # type: ignore[arg-type]


def examples(inputs: Inputs) -> list[Example]:
    return [example for window in inputs.windows(3) for example in window]


@pytest.mark.parametrize(
    ("row", "pairs", "label"),
    [
        ({"question": "q", "choices": ["a", "b"], "label": 1}, (("q", "a"), ("q", "b")), "1"),
        (
            {"question": "q", "choices": {"label": ["A", "B"], "text": ["a", "b"]}, "answerKey": "B"},
            (("q", "a"), ("q", "b")),
            "1",
        ),
        (
            {"question": "q", "choices": {"label": ["1", "2"], "text": ["a", "b"]}, "answerKey": "1"},
            (("q", "a"), ("q", "b")),
            "0",
        ),
        (
            {"sent1": "s", "sent2": "He", "ending0": "runs", "ending1": "sits", "label": 0},
            (("s", "He runs"), ("s", "He sits")),
            "0",
        ),
        (
            {"article": "t", "question": "q?", "options": ["a", "b", "c"], "answer": "C"},
            (("t", "q? a"), ("t", "q? b"), ("t", "q? c")),
            "2",
        ),
        ({"ctx": "s", "endings": ["a", "b"], "label": "1"}, (("s", "a"), ("s", "b")), "1"),
        ({"premise": "p", "choice1": "a", "choice2": "b", "label": 1}, (("p", "a"), ("p", "b")), "1"),
        ({"goal": "g", "sol1": "a", "sol2": "b", "label": "a"}, (("g", "a"), ("g", "b")), "0"),
        ({"text": "t", "choices": ["a", "b"], "label": "neither"}, (("t", "a"), ("t", "b")), "neither"),
    ],
)
def test_the_usual_forms_of_choices_are_found(
    row: dict[str, Any], pairs: tuple[tuple[str, str], ...], label: str, tmp_path: Path
) -> None:
    (example,) = examples(written(tmp_path / "a.jsonl", row))
    assert Choices(pairs, label) == example.choices


def test_columns_of_a_table_that_the_user_names_are_read_before_the_choices(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("body,stem,ending_0,ending_1,right\nb,s,x,y,1\n", encoding="utf-8")
    spec = InputsSpec(str(path), text_column="body", pair_column="stem", label_column="right")
    (example,) = examples(open_inputs(spec))
    assert Choices((("b", "s x"), ("b", "s y")), "1") == example.choices


@pytest.mark.parametrize(
    "row", [{"text": "t"}, {"question": "q", "context": "c", "answers": ["a"]}, {"text": "t", "choice1": "a"}]
)
def test_a_row_without_choices_has_none(row: dict[str, Any], tmp_path: Path) -> None:
    (example,) = examples(written(tmp_path / "a.jsonl", row))
    assert example.choices is None


def test_a_choice_that_is_no_text_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(MalformedLine, match=r"line 2: 'choices' holds a choice that is not a text"):
        written(
            tmp_path / "a.jsonl", {"text": "t", "choices": ["a", "b"]}, {"text": "t", "choices": ["a", 3]}
        )


def test_a_choice_missing_before_another_is_refused_as_the_label_would_count_another(tmp_path: Path) -> None:
    first = {"premise": "p", "choice1": "a", "choice2": "b", "choice3": "c", "label": 1}
    with pytest.raises(MalformedLine, match=r"line 2: 'choice2' has no text, and a later choice has one"):
        written(tmp_path / "a.jsonl", first, {**first, "choice2": None})


def test_read_by_choice_an_input_without_any_is_refused(tmp_path: Path) -> None:
    found = written(
        tmp_path / "a.jsonl", {"text": "t", "choices": ["a", "b"]}, {"text": "u", "choices": None}
    )
    with pytest.raises(InputsDoNotFit, match=r"input 1 \(counted from 0\) has no choices"):
        found.by_choice()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(counts=_COUNTS)
def test_read_by_choice_each_choice_is_a_row_of_its_input(counts: list[int], tmp_path: Path) -> None:
    rows = [
        {
            "id": f"i{number}",
            "text": f"t{number}",
            "choices": [f"{number}-{k}" for k in range(count)],
            "label": 0,
        }
        for number, count in enumerate(counts)
    ]
    plain = written(tmp_path / "a.jsonl", *rows)
    inputs = plain.by_choice()
    found = examples(inputs)
    expected = [
        Example(0, f"t{number}", f"{number}-{k}", "0", f"i{number}", choice=Choice(number, k, count))
        for number, count in enumerate(counts)
        for k in range(count)
    ]
    assert [example._replace(row=row) for row, example in enumerate(expected)] == found
    assert (len(found), len(counts), len(found)) == (inputs.count, inputs.choices, inputs.pairs)
    assert (0, len(counts)) == (plain.record().choices, inputs.record().choices)
    assert found == [*inputs.picked(range(len(found)))]


def test_a_trace_of_choices_is_read_again_as_it_was(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "t", "choices": ["a", "b"], "label": 1},
        {"text": "u", "choices": ["c", "d", "e"]},
    ]
    inputs = written(tmp_path / "a.jsonl", *rows).by_choice()
    kept = written(tmp_path / "trace.jsonl", *(example.kept() for example in examples(inputs)))
    assert (inputs.digest, examples(inputs)) == (kept.digest, examples(kept))
    assert examples(inputs) == examples(kept.by_choice())


def test_the_built_in_texts_have_those_after_them_as_choices() -> None:
    inputs = open_inputs(blank_probes=False, choice_probes=True).by_choice()
    found = examples(inputs)
    assert {2, 3, 4} == {example.choice.of for example in found if example.choice is not None}
    assert inputs.choices == len({example.choice.input for example in found if example.choice is not None})


def test_choices_that_are_rows_are_put_together_again_and_both_have_the_digest_of_the_rows_as_given(
    tmp_path: Path,
) -> None:
    rows = [
        {"question": "a film", "choices": ["good", "bad"], "label": 1},
        {"question": "a plot", "choices": ["dull", "fine", "great"], "label": 0},
    ]
    inputs = written(tmp_path / "rows.jsonl", *rows)
    apart = inputs.by_choice()
    assert (5, inputs.digest) == (apart.count, apart.as_given)
    assert apart.digest != apart.as_given
    whole = apart.read_as(lambda: whole_inputs(apart.read))
    assert (2, inputs.digest) == (whole.count, whole.as_given)
    assert [one.choices for one in examples(inputs)] == [one.choices for one in examples(whole)]
    assert ["a film", "a plot"] == [one.text for one in examples(whole)]
