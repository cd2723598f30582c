"""Traces that somebody edited and sealed again: each is refused in a sentence or read, whatever was done to it."""

# The content of a file has no type before it is checked.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import copy
import hashlib
import importlib
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from parity._in_process import wire
from parity.border.description import Description, read_description
from parity.border.encodings import read_encodings
from parity.border.messages import Done
from parity.errors import TraceError
from parity.inputs.spec import InputsSpec
from parity.subjects.subject import Subject
from parity.trace.manifest import manifest_digest
from parity.trace.record import RecordRequest, record
from parity_trace import trace, trace_folder, trace_runner
from tests.adapters.parity_trace.test_trace_runner import LAYERED, inputs_in, subject
from tests.real.asking import ROOT, parity

# partly typed
safetensors: Any = importlib.import_module("safetensors.numpy")

MATERIALS = Path(os.environ.get("PARITY_MATERIALS", ROOT.parent / "shared"))
CASES = MATERIALS / "cases" / "crashes"
TEXTS = ["one", "two words", "", "née Öl 👍", "x y z"]
WRITTEN = {"float64", "float32", "int64", "int32", "int16", "int8", "uint8", "bool", "float16"}
JUNK: list[Any] = [
    None,
    True,
    -1,
    0,
    3,
    10**6,
    2**63,
    10**30,
    -(2**70),
    1.5,
    float("nan"),
    float("inf"),
    "",
    "é",
    "\ud800",
    "/etc/passwd",
    "../inputs.jsonl",
    "a\0b",
    "column",
    "float64",
    "tensors",
    "logits",
    [],
    [[]],
    [-1],
    ["row"],
    ["row", "token", "hidden", "hidden"],
    {},
    {"name": "x"},
    {"\udfff": 1},
]


class Refused(Exception):
    def __init__(self, slug: str, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.slug, self.sentence, self.next_step = slug, sentence, next_step


class Host:
    Refusal = Refused

    def progress(self, what: str, done: int = 0, total: int | None = None) -> None:
        """Nobody listens."""


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two real traces: stages by token, by word and by row; and stages of shapes of their own, a row at a time."""
    folder = tmp_path_factory.mktemp("traces")
    inputs = inputs_in(folder, TEXTS)
    made: list[Path] = []
    for name, options in (("batches", {"side": "left"}), ("single", {"max_rows": "1"})):
        record(RecordRequest(subject(**options), InputsSpec(inputs.source), folder / name, adapter=LAYERED))
        made.append(folder / name)
    return made


def replay(folder: Path) -> str:
    """Ask a trace everything, as the host does: "read", or the sentence it was refused with."""
    host: Any = Host()
    try:
        session = trace_runner.open({"locator": str(folder), "options": {}}, host)
        described = read_description(json.loads(wire.encode(session.describe())), "trace:x")
        assert described.recorded is not None
        examples = [
            {"row": row, "text": text, "pair": None, "id": f"n{row}"} for row, text in enumerate(TEXTS)
        ]
        told = wire.encode(session.tokenize(examples))
        read_encodings(Done(1, msgspec.Raw(told.strip())), len(examples), "trace:x")
        written: set[str] = set()

        def write(stage: str, values: Any, axes: list[str]) -> None:
            assert stage not in written
            assert values.dtype.name in WRITTEN
            assert values.ndim == len(axes)
            written.add(stage)

        for precision, rows in ((None, range(described.recorded.count)), ("float64", None)):
            asked = list(rows if rows is not None else described.recorded.float64_rows or [])
            for chosen in [asked, *([row] for row in asked)]:
                written.clear()
                if chosen and (described.max_rows is None or len(chosen) <= described.max_rows):
                    session.forward(chosen, None, None, precision, write)
    except Refused as error:
        assert ("trace", True, True) == (error.slug, bool(error.next_step), error.sentence.isprintable())
        error.sentence.encode()
        return error.sentence
    return "read"


def seal(folder: Path) -> None:
    """Give the manifest the lengths and digests of what lies there, and its own."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for entry in manifest["files"] if isinstance(manifest.get("files"), list) else []:
        try:
            content = (folder / entry["name"]).read_bytes()
        except (OSError, ValueError, TypeError, KeyError):
            continue
        entry.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    manifest["digest"] = manifest_digest(manifest)
    path.write_text(json.dumps(manifest))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in JSON with each of its keys."""
    for key in (
        list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    ):
        yield value, key
        yield from _places(value[key])


def _mutate_json(value: Any, chance: random.Random) -> Any:
    places = list(_places(value))
    if not places or chance.random() < 0.02:
        return chance.choice(JUNK)
    for _ in range(chance.choice([1, 1, 1, 2])):
        container, key = chance.choice(places)
        try:
            before = container[key]
            match chance.randrange(4):
                case 0:
                    del container[key]
                case 1 if isinstance(container, list):
                    container.insert(key, copy.deepcopy(before))
                case 2 if isinstance(before, int):
                    container[key] = before + chance.choice([-1, 1, 2, -(2**40), 2**40])
                case _:
                    container[key] = copy.deepcopy(chance.choice(JUNK))
        except (KeyError, IndexError):  # the first change took the second's place away
            continue
    return value


def _mutate_manifest(folder: Path, chance: random.Random) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    part = chance.choice([*manifest, "all"])
    if part == "all":
        changed = _mutate_json(manifest, chance)
        manifest = changed if isinstance(changed, dict) else manifest
    else:
        manifest[part] = _mutate_json(manifest[part], chance)
    path.write_text(json.dumps(manifest))


def _mutate_lines(folder: Path, chance: random.Random) -> None:
    path = folder / chance.choice(["inputs.jsonl", "encodings.jsonl"])
    lines = path.read_bytes().splitlines(keepends=True)
    number = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[number]
        case 1:
            lines.insert(number, lines[number])
        case 2:
            lines[number] = chance.choice(
                [b"\n", b"{\n", b"[" * 5000 + b"\n", b"\xff\n", b"9" * 5000 + b"\n", b"null"]
            )
        case _:
            changed = _mutate_json(json.loads(lines[number]), chance)
            lines[number] = json.dumps(changed).encode() + b"\n"
    path.write_bytes(b"".join(lines))


def _mutate_tensors(folder: Path, chance: random.Random) -> None:
    path = chance.choice(sorted(folder.glob("*.safetensors")))
    tensors: dict[str, Any] = safetensors.load_file(path)
    name = chance.choice(sorted(tensors))
    values = tensors[name].copy()
    match chance.randrange(7):
        case 0:
            del tensors[name]
        case 1:
            tensors[
                chance.choice(["stage.logits", "shape.pooled", "stage.unheard", "é", "tokens", "words"])
            ] = values
        case 2:
            tensors[name] = values[:-1] if values.ndim else values
        case 3:
            tensors[name] = values.astype(
                chance.choice(["float16", "int8", "float64", "uint16", "bool", "int64"])
            )
        case 4:
            tensors[name] = values.reshape(chance.choice([(-1,), (1, *values.shape), (*values.shape, 1)]))
        case 5:
            tensors[name] = np.concatenate([values, values])
        case _:
            whole = chance.choice(sorted(key for key in tensors if tensors[key].dtype == np.int64))
            values = tensors[whole].copy()
            if values.size:
                values.reshape(-1)[chance.randrange(values.size)] = chance.choice(
                    [-1, 0, 1, 7, 2**40, 2**62, -(2**62)]
                )
            tensors[whole] = values
    safetensors.save_file(tensors, path)


def _mutate_bytes(folder: Path, chance: random.Random) -> None:
    path = chance.choice(sorted(file for file in folder.iterdir() if file.name != "manifest.json"))
    content = bytearray(path.read_bytes())
    match chance.randrange(3):
        case 0:
            content = content[: chance.randrange(len(content))]
        case 1:
            for _ in range(chance.randrange(1, 5)):
                content[chance.randrange(min(len(content), 400))] = chance.randrange(256)
        case _:
            content = bytearray(chance.choice([b"", b"\0" * 8, b"\xff" * 100, b"not safetensors"]))
    path.write_bytes(bytes(content))


def _mutate_files(folder: Path, chance: random.Random) -> None:
    path = chance.choice(sorted(folder.iterdir()))
    content = path.read_bytes()
    path.unlink()
    match chance.randrange(4):
        case 0:
            path.mkdir()
        case 1:
            outside = folder.parent / f"outside-{path.name}"
            outside.write_bytes(content)
            path.symlink_to(outside)
        case 2:
            os.mkfifo(path)
        case _:
            pass


MUTATIONS: tuple[Callable[[Path, random.Random], None], ...] = (
    _mutate_manifest,
    _mutate_manifest,
    _mutate_lines,
    _mutate_tensors,
    _mutate_tensors,
    _mutate_bytes,
    _mutate_files,
)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("start", range(0, 400, 40))
def test_an_edited_trace_ends_in_a_sentence_and_never_in_an_exception(
    start: int, traces: list[Path], tmp_path: Path
) -> None:
    came_to: list[str] = []
    for seed in range(start, start + 40):
        chance = random.Random(seed)
        folder = tmp_path / str(seed) / "a.trace"
        shutil.copytree(traces[seed % len(traces)], folder)
        mutation = MUTATIONS[seed % len(MUTATIONS)]
        mutation(folder, chance)
        if mutation is not _mutate_files:
            seal(folder)
        came_to.append(replay(folder))
        assert trace.own_inputs is not None
        try:
            trace.own_inputs(Subject("trace", str(folder)), tmp_path)
        except TraceError as error:
            error.sentence.encode()
        shutil.rmtree(folder.parent)
    assert sum(said != "read" for said in came_to) > 20


def test_a_trace_that_nobody_edited_is_read(traces: list[Path], tmp_path: Path) -> None:
    for folder in traces:
        assert "read" == replay(folder)
        sealed = tmp_path / folder.name
        shutil.copytree(folder, sealed)
        seal(sealed)
        assert "read" == replay(sealed)


@pytest.mark.parametrize(
    "case",
    sorted(path.name for path in CASES.glob("*") if path.name.startswith(("r_trace-", "manifest-")))
    or ["none"],
)
def test_a_manifest_that_once_raised_is_refused(case: str, traces: list[Path], tmp_path: Path) -> None:
    """As it is, and beside the files of another trace, sealed again, so that no digest hides what is wrong with it."""
    if case == "none":
        pytest.skip("the cases are not there")
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    shutil.copytree(CASES / case, alone)
    assert "is damaged" in replay(alone)
    shutil.copytree(traces[0], beside)
    (beside / "manifest.json").chmod(0o644)
    (beside / "manifest.json").write_bytes((CASES / case / "manifest.json").read_bytes())
    seal(beside)
    assert "is damaged" in replay(beside)


def test_a_shard_that_is_no_safetensors_file_is_refused_by_the_command(
    traces: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "a.trace"
    shutil.copytree(traces[0], folder)
    (folder / "shard-00000.safetensors").write_bytes(b"not safetensors at all")
    seal(folder)
    run = parity("inspect", f"trace:{folder}")
    assert 2 == run.code
    assert "shard-00000.safetensors is not a safetensors file" in run.complained
    assert "Traceback" not in run.complained


def test_every_field_of_a_description_has_its_form() -> None:
    """A field that is added to `Description` is added to DESCRIPTION in trace_folder.py, so that a trace's is checked too."""
    form = trace_folder.DESCRIPTION
    assert {field for field in Description.__struct_fields__} == {*form.needed, *form.optional}
