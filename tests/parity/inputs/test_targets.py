"""The column of targets: found by its usual names where it holds texts, or named; and the rows' targets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parity.errors import InputsError, MissingColumn
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.spec import InputsSpec


def opened(folder: Path, *rows: dict[str, Any], target: str | None = None) -> Inputs:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return open_inputs(InputsSpec(str(path), target_column=target))


@pytest.mark.parametrize("name", ["target", "Summary", "highlights", "target_text", "translation"])
def test_a_column_of_a_usual_name_holds_the_targets(name: str, tmp_path: Path) -> None:
    found = opened(tmp_path, {"text": "a", name: "b"}, {"text": "c", name: None})
    assert (["b", None], 1) == ([one.target for one in found.read()], found.targets)


def test_a_label_called_target_stays_a_label_and_a_number_is_no_target(tmp_path: Path) -> None:
    found = opened(tmp_path, {"text": "a", "target": 1}, {"text": "c", "target": 0})
    assert [(None, "1"), (None, "0")] == [(one.target, one.label) for one in found.read()]
    plain = opened(tmp_path, {"text": "a", "label": "1"}, {"text": "c", "label": "0"})
    assert plain.digest == found.digest  # what a file of labels is does not depend on the column's name


def test_a_named_column_holds_the_targets_and_must_be_there_as_texts(tmp_path: Path) -> None:
    found = opened(tmp_path, {"text": "a", "target": "b", "de": "c"}, target="de")
    assert ["c"] == [one.target for one in found.read()]
    with pytest.raises(MissingColumn, match="no column 'dee'"):
        opened(tmp_path, {"text": "a", "de": "c"}, target="dee")
    with pytest.raises(InputsError, match="'de' is a number"):
        opened(tmp_path, {"text": "a", "de": 3}, target="de")


def test_another_target_is_another_digest(tmp_path: Path) -> None:
    one, other = (opened(tmp_path, {"text": "a", "summary": target}).digest for target in ("b", "c"))
    assert one != other


def test_a_target_crosses_only_where_a_decoder_reads_it(tmp_path: Path) -> None:
    (example,) = opened(tmp_path, {"text": "a", "summary": "b"}).read()
    assert "target" not in example.crossing()
    assert "b" == example.crossing(target=True)["target"]
