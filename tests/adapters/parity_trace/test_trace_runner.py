"""A trace asked again, in a real process: it says what was recorded, to the bit, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.border.runner import Batch, Runner
from parity.errors import InputsDoNotFit, TraceError
from parity.inputs.batches import batches
from parity.inputs.example import Encoding
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.spec import InputsSpec
from parity.subjects.adapter import Adapter, Option, find_adapter
from parity.subjects.progress import Progress
from parity.subjects.subject import Subject
from parity.trace.record import RecordRequest, record
from parity_trace import trace
from tests.parity.trace.test_writer import DAMAGE

RUNNERS = Path(__file__).parents[2] / "runners"
LAYERED = Adapter(
    "layered",
    RUNNERS / "layered.py",
    (
        Option("side", "choice", "Where padding goes.", ("left", "right")),
        Option("max_rows", "integer", "Rows at once."),
    ),
)
TEXTS = ["one", "two words", "", "the longest of them all", "née Öl 👍", "  ", "x y z"] * 5

Values = Mapping[str, np.ndarray[Any, Any]]


def inputs_in(folder: Path, texts: list[str] = TEXTS) -> Inputs:
    path = folder / "given.jsonl"
    path.write_text(
        "".join(
            json.dumps({"text": text, "label": "no", "id": f"n{i}"}) + "\n" for i, text in enumerate(texts)
        )
    )
    return open_inputs(InputsSpec(str(path)))


def subject(**options: str) -> Subject:
    return Subject("layered", "here", options=tuple(options.items()))


def recorded(folder: Path, inputs: Inputs, of: Subject | None = None, **options: Any) -> str:
    spec = InputsSpec(inputs.source)
    return record(RecordRequest(of or subject(), spec, folder / "a.trace", adapter=LAYERED, **options))


def replay(folder: Path, **options: str) -> Runner:
    return Runner.start(Subject("trace", str(folder / "a.trace"), options=tuple(options.items())), trace)


def said_by(
    runner: Runner, inputs: Inputs, precision: str | None = None
) -> tuple[list[Encoding | None], list[Values]]:
    """Everything a runner says, in the batches that recording makes."""
    encodings: list[Encoding | None] = []
    seen: list[Values] = []
    most = runner.describe().max_rows or 64
    for window in inputs.windows():
        tokenized = runner.tokenize(window)
        found = tokenized.wait()
        encodings += found
        for rows in batches(
            [len(encoding.input_ids) if encoding else 0 for encoding in found], max_rows=most
        ):
            stages = (
                runner.forward(
                    [window[row].row for row in rows], window=tokenized.window, precision=precision
                )
                .wait()
                .stages
            )
            seen.append({name: stage.values.copy() for name, stage in stages.items()})
    return encodings, seen


def same(here: list[Values], there: list[Values]) -> None:
    """What stands at real positions is the same to the bit, and so is all that was fed; padding is not compared."""
    assert [list(batch) for batch in here] == [list(batch) for batch in there]
    for one, other in zip(here, there, strict=True):
        for name, values in one.items():
            assert values.dtype == other[name].dtype, name
            assert values.shape == other[name].shape, name
            real = _real(one, name)
            assert np.array_equal(values[real], other[name][real]), name


def _real(batch: Values, name: str) -> Any:
    """The real positions of a stage by token or by word, told by its shape."""
    values = batch[name]
    for mask in (batch.get("real"), batch.get("word_mask")):
        if (
            values.dtype.kind == "f"
            and values.ndim == 3
            and mask is not None
            and mask.shape == values.shape[:2]
        ):
            return mask.astype(bool)
    return ...


@pytest.mark.parametrize(
    "options", [{}, {"side": "left"}, {"max_rows": "1"}], ids=["right", "left", "single rows"]
)
def test_what_was_recorded_is_replayed_to_equality(tmp_path: Path, options: dict[str, str]) -> None:
    inputs = inputs_in(tmp_path)
    recorded(tmp_path, inputs, subject(**options))
    with Runner.start(subject(**options), LAYERED) as live, replay(tmp_path) as trace_of_it:
        here, there = said_by(live, inputs), said_by(trace_of_it, inputs)
    assert here[0] == there[0]
    same(here[1], there[1])


def test_the_sample_is_replayed_in_float64(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path)
    recorded(tmp_path, inputs)
    with Runner.start(subject(), LAYERED) as live, replay(tmp_path) as again:
        batch: list[Batch] = []
        for runner in (live, again):
            window = runner.tokenize(next(inputs.windows())).window
            batch.append(runner.forward([0, 34], window=window, precision="float64").wait())
        one, other = ({name: stage.values for name, stage in item.stages.items()} for item in batch)
        same([one], [other])
        assert ("pure", "float64") == (batch[1].float64, batch[1].stages["logits"].values.dtype.name)
        left_out = next(row for row in range(35) if row not in {i * 34 // 31 for i in range(32)})
        with pytest.raises(TraceError, match=f"does not hold row {left_out} in float64"):
            again.forward([left_out], window=window, precision="float64").wait()


def test_a_window_may_hold_any_of_the_recorded_rows_in_any_order(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path)
    recorded(tmp_path, inputs)
    examples = next(inputs.windows())
    with replay(tmp_path) as runner:
        whole = runner.tokenize(examples).wait()
        some = runner.tokenize([examples[row] for row in (34, 3, 4, 0)])
        assert tuple(whole[row] for row in (34, 3, 4, 0)) == some.wait()
        ids = runner.forward([4, 34], window=some.window).wait().stages["input_ids"].values
    for row, found in zip((4, 34), ids, strict=True):
        encoding = whole[row]
        assert encoding is not None
        assert list(encoding.input_ids) == found[: len(encoding.input_ids)].tolist()


def test_other_batches_than_the_recorded_are_padded_as_they_were(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path)
    recorded(tmp_path, inputs, subject(side="left"))
    with replay(tmp_path) as runner:
        window = runner.tokenize(next(inputs.windows())).window
        stages = runner.forward([0, 3, 2], window=window).wait().stages
    ids = stages["input_ids"].values
    assert (3, 24) == ids.shape
    assert [[99] * 20 + [101, *map(ord, "one")], [99] * 23 + [101]] == ids[[0, 2]].tolist()
    assert np.array_equal(ids != 99, stages["real"].values.astype(bool))
    assert np.array_equal(ids != 99, stages["attention_mask"].values.astype(bool))


def test_a_trace_describes_what_it_recorded(tmp_path: Path) -> None:
    digest = recorded(tmp_path, inputs_in(tmp_path))
    with Runner.start(subject(), LAYERED) as live, replay(tmp_path, temperature="2") as again:
        here, there = live.describe(), again.describe()
    assert (here.framework, here.versions, here.weights_digest) == (
        there.framework,
        there.versions,
        there.weights_digest,
    )
    assert here.stages == there.stages
    assert (False, True, True) == (there.can.accepts_feed, there.can.float64, there.can.tokens)
    assert 2.0 == there.temperature
    assert any(digest[:19] in note and "layered:here" in note for note in there.notes)


@pytest.mark.parametrize("options", [{"outputs_only": True}, {"full_rows": 0}])
def test_outputs_only_keeps_the_logits_and_the_encodings(tmp_path: Path, options: dict[str, Any]) -> None:
    inputs = inputs_in(tmp_path)
    recorded(tmp_path, inputs, **options)
    with Runner.start(subject(), LAYERED) as live, replay(tmp_path) as again:
        described = again.describe()
        here, there = said_by(live, inputs), said_by(again, inputs)
    assert (["logits"], "outputs") == ([stage.name for stage in described.stages], described.scope)
    assert here[0] == there[0]
    same([{name: batch[name] for name in there[1][0]} for batch in here[1]], there[1])


def test_the_first_rows_can_be_kept_in_full(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path)
    recorded(tmp_path, inputs, full_rows=10)
    with replay(tmp_path) as runner:
        window = runner.tokenize(next(inputs.windows())).window
        first, second = (runner.forward(rows, window=window).wait().stages for rows in ([0, 9], [10, 34]))
    assert "layer.0" in first
    assert ["input_ids", "real", "attention_mask", "word_mask", "logits"] == list(second)


def test_other_inputs_are_refused(tmp_path: Path) -> None:
    recorded(tmp_path, inputs_in(tmp_path))
    with replay(tmp_path) as runner:
        changed = inputs_in(tmp_path, [*TEXTS[:-1], "x y Z"])
        with pytest.raises(TraceError, match='the text of row 34 is "x y z" there and "x y Z" here'):
            said_by(runner, changed)
        longer = inputs_in(tmp_path, [*TEXTS, "more"])
        with pytest.raises(TraceError, match="recorded on 35 inputs, and there are at least 36 here"):
            said_by(runner, longer)


def test_fewer_inputs_than_were_recorded_are_answered(tmp_path: Path) -> None:
    recorded(tmp_path, inputs_in(tmp_path))
    with replay(tmp_path) as runner:
        assert 7 == len(said_by(runner, inputs_in(tmp_path, TEXTS[:7]))[0])


def test_other_ids_are_refused(tmp_path: Path) -> None:
    recorded(tmp_path, inputs_in(tmp_path))
    with replay(tmp_path) as runner, pytest.raises(TraceError, match="cannot be run on other ids"):
        runner.forward(inputs={"input_ids": [[1]]}).wait()


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_or_foreign_trace_is_refused_when_it_is_opened(tmp_path: Path, kind: str) -> None:
    inputs = inputs_in(tmp_path)
    (tmp_path / "inputs.txt").write_text("outside")
    recorded(tmp_path, inputs)
    damage, said = DAMAGE[kind]
    damage(tmp_path / "a.trace")
    with replay(tmp_path) as runner, pytest.raises(TraceError) as caught:
        runner.describe()
    assert said in caught.value.sentence
    assert caught.value.next_step


def test_a_trace_brings_its_own_inputs(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path)
    recorded(tmp_path, inputs)
    assert trace.own_inputs is not None
    path = trace.own_inputs(Subject("trace", str(tmp_path / "a.trace")), tmp_path)
    assert inputs.digest == open_inputs(InputsSpec(str(path))).digest


def test_recording_says_how_far_it_is(tmp_path: Path) -> None:
    heard: list[Progress] = []
    spec = InputsSpec(inputs_in(tmp_path).source)
    record(RecordRequest(subject(), spec, tmp_path / "a.trace", adapter=LAYERED), heard.append)
    assert Progress("recording", 35, 35) == heard[-1]


def test_the_built_in_probes_are_recorded_where_there_are_no_inputs(tmp_path: Path) -> None:
    record(RecordRequest(subject(), InputsSpec(), tmp_path / "a.trace", adapter=LAYERED))
    with replay(tmp_path) as runner:
        probes = open_inputs()
        assert probes.count == len(said_by(runner, probes)[0])


@pytest.mark.real
def test_a_real_model_is_replayed_to_equality(tmp_path: Path) -> None:
    from tests.models import tiny_bert

    inputs = inputs_in(tmp_path)
    bert = Subject("hf", str(tiny_bert(tmp_path / "bert")))
    record(RecordRequest(bert, InputsSpec(inputs.source), tmp_path / "a.trace"))
    with Runner.start(bert, find_adapter(bert)) as live, replay(tmp_path) as again:
        here, there = said_by(live, inputs), said_by(again, inputs)
        assert live.describe().parameters == again.describe().parameters
    assert here[0] == there[0]
    same(here[1], there[1])


def test_recording_on_nothing_but_blank_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputsDoNotFit, match="None of the 3 inputs"):
        recorded(tmp_path, inputs_in(tmp_path, ["", " ", "\t"]))
    assert not (tmp_path / "a.trace").exists()
