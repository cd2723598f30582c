"""Traces as they are written: whole or not at all, and read only when they are what was written."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from parity.border.description import Abilities, Description, StageSeen
from parity.errors import OutOfSpace, TraceError
from parity.inputs.example import Encoding
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.spec import InputsSpec
from parity.trace.manifest import Manifest, is_trace, manifest_digest
from parity.trace.safetensors_writer import write_tensors
from parity.trace.writer import Recording, TraceWriter
from parity_trace import trace_folder
from parity_trace.trace_forms import Damaged

# partly typed
load_file: Any = importlib.import_module("safetensors.numpy").load_file

DESCRIPTION = Description(
    framework="none",
    versions={},
    stages=[StageSeen("layer.0", ["row", "token", "hidden"]), StageSeen("logits", ["row", "class"])],
    can=Abilities(),
)


class Stage(NamedTuple):
    axes: tuple[str, ...]
    values: np.ndarray[Any, Any]


def inputs_of(folder: Path, count: int) -> Inputs:
    path = folder / "inputs.txt"
    path.write_text("text\n" * count)
    return open_inputs(InputsSpec(str(path)))


def batch(real: list[list[int]], seed: int = 0) -> dict[str, Stage]:
    mask = np.array(real, np.uint8)
    random = np.random.default_rng(seed)
    return {
        "input_ids": Stage(("row", "token"), np.where(mask, random.integers(1, 9, mask.shape), 77)),
        "real": Stage(("row", "token"), mask),
        "layer.0": Stage(("row", "token", "hidden"), random.normal(size=(*mask.shape, 3)).astype("float32")),
        "logits": Stage(("row", "class"), random.normal(size=(len(mask), 2)).astype("float32")),
    }


def write_trace(folder: Path, name: str = "a.trace", *, force: bool = False, seed: int = 0) -> str:
    inputs = inputs_of(folder, 3)
    with TraceWriter(folder / name, Recording("none:x", DESCRIPTION, inputs), force=force) as writer:
        for window in inputs.windows(2):
            writer.add_encodings(window, [Encoding((1,), ("a",), ((0, 1),), (0,), (False,))] * len(window))
        writer.add([2, 0], batch([[1, 1, 1], [0, 1, 1]], seed))
        writer.add([1], batch([[1]], seed))
        return writer.close()


def test_a_shard_holds_the_real_tokens_of_its_rows_one_after_the_other(tmp_path: Path) -> None:
    write_trace(tmp_path)
    shard = load_file(tmp_path / "a.trace/shard-00000.safetensors")
    first, second = batch([[1, 1, 1], [0, 1, 1]]), batch([[1]])
    expected = [first["layer.0"].values[0], first["layer.0"].values[1, 1:], second["layer.0"].values[0]]
    assert [2, 0, 1] == shard["rows"].tolist()
    assert [3, 2, 1] == shard["tokens"].tolist()
    assert np.array_equal(np.concatenate(expected), shard["stage.layer.0"])
    assert (3, 2) == shard["stage.logits"].shape


def read_manifest(folder: Path) -> Manifest:
    """The manifest as the runner of traces reads it, which checks every file, as a record."""
    return msgspec.convert(trace_folder.read_manifest(str(folder)), Manifest)


def test_the_manifest_says_what_was_recorded(tmp_path: Path) -> None:
    digest = write_trace(tmp_path)
    manifest = read_manifest(tmp_path / "a.trace")
    assert ("parity.trace/1", "none:x", digest) == (manifest.schema, manifest.spec, manifest.digest)
    assert ("left", {"input_ids": 77}) == (manifest.padding.side, manifest.padding.values)
    assert inputs_of(tmp_path, 3).digest == manifest.inputs.digest
    assert ["input_ids", "real", "layer.0", "logits"] == [stage.name for stage in manifest.stages]


def test_two_traces_of_the_same_have_the_same_digest(tmp_path: Path) -> None:
    assert write_trace(tmp_path, "a.trace") == write_trace(tmp_path, "b.trace")
    assert write_trace(tmp_path, "c.trace", seed=1) != write_trace(tmp_path, "d.trace")


def test_rows_in_float64_lie_in_shards_of_their_own(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, 1)
    with TraceWriter(tmp_path / "a.trace", Recording("none:x", DESCRIPTION, inputs)) as writer:
        writer.add_encodings(next(inputs.windows()), [Encoding((1,), ("a",), ((0, 1),), (0,), (False,))])
        writer.add([0], batch([[1, 1]]))
        fine = {
            name: Stage(item.axes, item.values.astype("float64")) for name, item in batch([[1, 1]]).items()
        }
        writer.add([0], fine, precision="float64", status="pure")
        writer.close()
    manifest = read_manifest(tmp_path / "a.trace")
    assert manifest.float64 is not None
    assert ([0], "pure") == (manifest.float64.rows, manifest.float64.status)
    assert [None, "float64"] == [file.precision for file in manifest.files if file.kind == "tensors"]


def test_shards_are_written_as_soon_as_they_are_full(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, 20)
    with TraceWriter(
        tmp_path / "a.trace", Recording("none:x", DESCRIPTION, inputs), shard_bytes=200
    ) as writer:
        for window in inputs.windows():
            writer.add_encodings(window, [Encoding((1,), ("a",), ((0, 1),), (0,), (False,))] * len(window))
        for row in range(20):
            writer.add([row], batch([[1, 1]]))
        writer.close()
    shards = [file for file in read_manifest(tmp_path / "a.trace").files if file.kind == "tensors"]
    assert 20 == sum(shard.rows for shard in shards)
    assert 4 <= len(shards)


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, 3)
    with (
        pytest.raises(KeyboardInterrupt),
        TraceWriter(tmp_path / "a.trace", Recording("n:x", DESCRIPTION, inputs)) as writer,
    ):
        writer.add([0], batch([[1]]))
        raise KeyboardInterrupt
    assert ["inputs.txt"] == [path.name for path in tmp_path.iterdir()]


def test_a_trace_that_lacks_rows_is_not_closed(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, 3)
    with (
        pytest.raises(ValueError, match="lacks 2 of 3 rows"),
        TraceWriter(tmp_path / "a.trace", Recording("n:x", DESCRIPTION, inputs)) as writer,
    ):
        writer.add([0], batch([[1]]))
        writer.close()
    assert not (tmp_path / "a.trace").exists()


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/precious").write_text("x")
    for name in ("other", "inputs.txt"):
        with pytest.raises(TraceError, match="is not a trace; it was not changed"):
            write_trace(tmp_path, name, force=True)
    assert "x" == (tmp_path / "other/precious").read_text()


def test_a_trace_is_replaced_only_by_force(tmp_path: Path) -> None:
    write_trace(tmp_path)
    with pytest.raises(TraceError, match="exists") as caught:
        write_trace(tmp_path, seed=1)
    assert "--force" in caught.value.next_step
    digest = write_trace(tmp_path, seed=1, force=True)
    assert digest == read_manifest(tmp_path / "a.trace").digest
    assert {"a.trace", "inputs.txt"} == {path.name for path in tmp_path.iterdir()}


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="does not exist"):
        TraceWriter(tmp_path / "no/a.trace", Recording("n:x", DESCRIPTION, inputs_of(tmp_path, 1)))


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, 1)
    with (
        pytest.raises(OutOfSpace),
        TraceWriter(tmp_path / "a.trace", Recording("n:x", DESCRIPTION, inputs)) as writer,
    ):
        folder = next(path for path in tmp_path.iterdir() if path.name.startswith(".a.trace"))
        (folder / "shard-00000.safetensors").symlink_to("/dev/full")
        writer.add_encodings(next(inputs.windows()), [Encoding((1,), ("a",), ((0, 1),), (0,), (False,))])
        writer.add([0], batch([[1]]))
        writer.close()


def test_the_library_reads_what_is_written_piece_by_piece(tmp_path: Path) -> None:
    tensors: dict[str, list[np.ndarray[Any, Any]]] = {
        "a": [np.arange(6, dtype=dtype).reshape(2, 3)[:, ::-1] for dtype in ("int64", "int64")],
        "b": [np.zeros((0, 4), "float32")],
        "c": [np.array([True, False]).astype("uint8"), np.array([7], "uint8")],
        "d": [np.array([np.nan, -0.0, 1e-310])],
    }
    written = write_tensors(tmp_path / "x.safetensors", tensors, {"format": "test"})
    assert written.bytes == (tmp_path / "x.safetensors").stat().st_size
    for name, values in load_file(tmp_path / "x.safetensors").items():
        assert np.concatenate(tensors[name]).tobytes() == values.tobytes()


def edit(folder: Path, change: Callable[[dict[str, Any]], object], *, seal: bool = False) -> None:
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    if seal:
        content["digest"] = manifest_digest(content)
    path.write_text(json.dumps(content))


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a shard cut short": (
        lambda folder: cut(folder / "shard-00000.safetensors"),
        "shard-00000.safetensors has",
    ),
    "a flipped bit": (
        lambda folder: flip(folder / "shard-00000.safetensors", -3),
        "shard-00000.safetensors was changed",
    ),
    "a missing shard": (
        lambda folder: (folder / "shard-00000.safetensors").unlink(),
        "shard-00000.safetensors is missing",
    ),
    "missing examples": (lambda folder: (folder / "inputs.jsonl").unlink(), "inputs.jsonl is missing"),
    "another example": (
        lambda folder: flip(folder / "inputs.jsonl", 10),
        "inputs.jsonl was changed",
    ),
    "another encoding": (lambda folder: flip(folder / "encodings.jsonl", 15), "encodings.jsonl was changed"),
    "a manifest that is no JSON": (lambda folder: (folder / "manifest.json").write_text("{"), "is not JSON"),
    "an edited manifest": (
        lambda folder: edit(folder, lambda content: content["inputs"].update(count=2)),
        "manifest.json was changed after it was written",
    ),
    "a later schema": (
        lambda folder: edit(folder, lambda content: content.update(schema="parity.trace/3"), seal=True),
        "is a trace of schema parity.trace/3",
    ),
    "a folder of something else": (
        lambda folder: (folder / "manifest.json").write_text('{"name": "a web app"}'),
        "is not a trace: its manifest.json has the schema None",
    ),
    "a folder without a manifest": (lambda folder: (folder / "manifest.json").unlink(), "is not a trace"),
    "no folder": (shutil.rmtree, "trace"),
    "a name that leads outside": (
        lambda folder: edit(
            folder, lambda content: content["files"][0].update(name="../inputs.txt"), seal=True
        ),
        "../inputs.txt is missing",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_or_foreign_trace_is_refused_with_the_reason(tmp_path: Path, kind: str) -> None:
    write_trace(tmp_path)
    damage, said = DAMAGE[kind]
    damage(tmp_path / "a.trace")
    with pytest.raises(Damaged) as caught:
        read_manifest(tmp_path / "a.trace")
    assert said in f"{tmp_path / 'a.trace'} {caught.value.reason}."
    assert caught.value.next_step


def test_a_trace_of_a_later_schema_is_still_a_trace(tmp_path: Path) -> None:
    write_trace(tmp_path)
    edit(tmp_path / "a.trace", lambda content: content.update(schema="parity.trace/9"))
    assert is_trace(tmp_path / "a.trace")
    assert not is_trace(tmp_path)
