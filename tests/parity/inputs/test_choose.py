"""Tests of which inputs are chosen where no file is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from parity.errors import InputsError, UsageError
from parity.inputs.choose import choose_for_runs
from parity.inputs.spec import InputsSpec
from parity.subjects.subject import Subject


def outputs(folder: Path, name: str, texts: list[str]) -> Subject:
    """An outputs file with these texts."""
    rows = [{"logits": [0.5, 1.0], "text": text} for text in texts]
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Subject("outputs", str(path))


def test_runs_that_bring_nothing_along_are_refused_in_a_sentence(tmp_path: Path) -> None:
    runs = [Subject("hf", "one"), Subject("hf", "two")]
    with pytest.raises(InputsError, match="brings no inputs"):
        choose_for_runs(InputsSpec(), [runs, []], tmp_path / "work")


def test_the_rows_of_most_of_the_candidates_runs_are_taken(tmp_path: Path) -> None:
    usual, other = ["one", "two", "three"], ["one", "two", "four"]
    runs = [outputs(tmp_path, "a.jsonl", other)]
    runs += [outputs(tmp_path, f"{name}.jsonl", usual) for name in "bc"]
    chosen = choose_for_runs(InputsSpec(limit=2), [runs, runs[:1]], tmp_path / "work")
    assert (runs[1].locator + " (its own rows)", 2) == (chosen.source, chosen.limit)


def test_a_column_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'review' is named as a column"):
        choose_for_runs(InputsSpec(text_column="review"), [[]], tmp_path)


def test_a_file_is_named_in_reports_as_it_was_named_and_found_by_its_whole_path() -> None:
    spec = InputsSpec("rows.jsonl", label_column="stars")
    expected = spec._replace(path=str(Path("rows.jsonl").absolute()), source="rows.jsonl")
    assert expected == choose_for_runs(spec, [[]], Path("unused"))
