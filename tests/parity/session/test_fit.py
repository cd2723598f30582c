"""Whether subjects can be asked with inputs is said before anything is run, and so is what inputs leave out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from parity.border.description import Abilities, Description, Recorded, StageSeen
from parity.errors import InputsDoNotFit
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.spec import InputsSpec
from parity.records.pair import Pair
from parity.session.fit import check_fit, rows_left_out


def described(recorded: Recorded | None = None, **can: Any) -> Description:
    stages = [StageSeen("logits", ["row", "class"])]
    return Description("toy", {"python": "3"}, stages, Abilities(**can), recorded=recorded)


def inputs_of(folder: Path, *lines: str, source: str | None = None) -> Inputs:
    path = folder / "inputs.jsonl"
    path.write_text("".join(line + "\n" for line in lines))
    return open_inputs(InputsSpec(str(path), source=source))


def refusal(description: Description, inputs: Inputs, **changes: Any) -> InputsDoNotFit:
    with pytest.raises(InputsDoNotFit) as caught:
        check_fit("toy:m", description, inputs, **changes)
    return caught.value


def test_texts_that_are_all_blank_are_refused_where_one_is_read(tmp_path: Path) -> None:
    blank = inputs_of(tmp_path, '{"text": " "}')
    error = refusal(described(), blank)
    assert "toy:m has nothing to read" in error.sentence
    assert "Give --inputs a file with texts." == error.next_step
    check_fit("toy:m", described(tokens=False), blank)


def test_recorded_outputs_are_spoken_of_where_a_side_is_recorded(tmp_path: Path) -> None:
    error = refusal(described(), inputs_of(tmp_path, '{"text": " "}'), beside_recorded=True)
    assert "in the order of the recorded outputs or with their ids" in error.next_step


def test_pairs_are_asked_for_or_left_out(tmp_path: Path) -> None:
    single, pair = '{"text": "a"}', '{"text": "a", "pair": "b"}'
    assert (
        "1 of 2 inputs have no"
        in refusal(described(pairs="required"), inputs_of(tmp_path, pair, single)).sentence
    )
    assert (
        "1 of 2 inputs are pairs"
        in refusal(described(pairs="no"), inputs_of(tmp_path, pair, single)).sentence
    )


@pytest.mark.parametrize(
    ("source", "limited", "counts"),
    [("toy:a", False, True), ("toy:a", True, False), ("a.jsonl", False, False)],
)
def test_rows_that_a_recording_holds_beyond_the_inputs_count_where_nobody_chose_these(
    tmp_path: Path, source: str, limited: bool, counts: bool
) -> None:
    inputs = inputs_of(tmp_path, '{"text": "a"}', '{"text": "b"}', source=source)
    sides = Pair(described(Recorded(2, "id")), described(Recorded(5, "id")))
    (item,) = rows_left_out(Pair("toy:a", "toy:b"), sides, inputs, limited=limited)
    assert ("logits", "candidate", counts) == (item.stage, item.side, item.counts)
    assert "3 of the 5 rows that the candidate holds are not among the 2 inputs" == item.reason


def test_nothing_is_left_out_where_nothing_is_recorded(tmp_path: Path) -> None:
    sides = Pair(described(), described(Recorded(1, "order")))
    inputs = inputs_of(tmp_path, '{"text": "a"}')
    assert [] == list(rows_left_out(Pair("toy:a", "toy:b"), sides, inputs, limited=False))
