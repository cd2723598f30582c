"""Wrong inputs that only a real run finds out: each a sentence with the next step, and nothing is left behind."""

from __future__ import annotations

import glob
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from parity.environments.interpreters import places
from parity.records.audit import load_audit
from parity_transformers import hub
from tests.models import tiny_bert
from tests.real.asking import ROOT, Run, parity
from tests.real.processes import hear_signals

pytestmark = [pytest.mark.real]

TEXTS = (("the film is good", "positive"), ("a bad plot", "negative"), ("fine and dull", "wonderful"))
QUICK = ("--inputs", "r.jsonl", "--quiet")


class Wrong(NamedTuple):
    """What is inspected, and what is said: words of sentence and next step, slug, exit code."""

    subject: str
    says: tuple[str, ...]
    slug: str
    code: int = 2
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one good model `m`, and what is none."""
    place = tmp_path_factory.mktemp("wrong")
    tiny_bert(place / "m", num_hidden_layers=2)
    _with_a_nan(tiny_bert(place / "nan", num_hidden_layers=2) / "model.safetensors")
    lines = [json.dumps({"text": text, "label": label}) for text, label in TEXTS]
    (place / "r.jsonl").write_text("\n".join(lines) + "\n")
    (place / "many.jsonl").write_text("\n".join(lines[k % len(lines)] for k in range(30_000)) + "\n")
    (place / "no-model").mkdir()
    (place / "no-model" / "notes.txt").write_text("weights to follow")
    shutil.copytree(place / "m", place / "no-tokenizer")
    (place / "no-tokenizer" / "vocab.txt").unlink()
    shutil.copytree(place / "m", place / "cut")
    weights = place / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    (place / "no-json").mkdir()
    (place / "no-json" / "config.json").write_text('{"model_type": ')
    hello = place / "hello"
    hello.write_text("#!/bin/sh\necho hello\n")
    hello.chmod(0o755)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place / "bare")], check=True)
    return place


def _with_a_nan(path: Path) -> None:
    safetensors: Any = importlib.import_module("safetensors.numpy")  # partly untyped
    weights: Any = safetensors.load_file(path)
    name = next(name for name in weights if "layer.1.intermediate.dense.weight" in name)
    weights[name][0, 0] = float("nan")
    safetensors.save_file(weights, path, metadata={"format": "pt"})


WRONG = [
    Wrong("hf:./none", ("no folder ./none", "hub id"), "subject-not-found"),
    Wrong("hf:./no-model", ("./no-model holds no config.json", "save_pretrained"), "subject-not-found"),
    Wrong("hf:./no-tokenizer", ("./no-tokenizer holds no tokenizer", "?tokenizer="), "subject-not-found"),
    Wrong("hf:./cut", ("weights of ./cut", "Check the files there"), "subject"),
    Wrong("hf:./no-json", ("./no-json is not JSON", "Check the files there"), "subject"),
    Wrong(
        "hf:nobody/nothing",
        ("nobody/nothing", "no connection", "Check the name"),
        "subject-not-found",
        variables=(("HF_ENDPOINT", "http://127.0.0.1:9"),),
    ),
    Wrong(
        "hf:nobody/nothing",
        ("nobody/nothing", "HF_HUB_OFFLINE", "Unset"),
        "subject-not-found",
        variables=(("HF_HUB_OFFLINE", "1"),),
    ),
    Wrong("hf:./m?batch_size=0", ("'batch_size' of hf: cannot be '0'", "1 or more"), "bad-option-value"),
    Wrong("hf:./m?temperature=0", ("'temperature' of hf: cannot be '0'", "1e-06"), "bad-option-value"),
    Wrong("hf:./m?tokenizer=./r.jsonl", ("cannot be './r.jsonl'", "of a folder"), "bad-option-value"),
    Wrong("hf:./m?max_length=1", ("max_length=1", "at least"), "bad-option-value"),
    Wrong("hf:./m@./hello", ("hello", "answers 'hello'", "after the @"), "interpreter-broken"),
    Wrong("hf:./m@/bin/true", ("/bin/true", "after the @"), "interpreter-broken"),
    Wrong("hf:./m@bare", ("bare/bin/python has no torch", "-m pip install torch"), "framework-missing"),
    Wrong("hf:./m", ("0.002 s", "--timeout"), "runner-timeout", 3, options=("--timeout", "0.002")),
    Wrong("hf:./m", ("/no/such", "PARITY_SLOTS"), "usage", variables=(("PARITY_SLOTS", "/no/such"),)),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: " ".join((wrong.subject, *wrong.options)))
def test_what_is_wrong_is_said_in_a_sentence(wrong: Wrong, folder: Path, tmp_path: Path) -> None:
    surroundings: dict[str, Any] = {**_surroundings(folder, tmp_path), **dict(wrong.variables)}
    run = parity("inspect", wrong.subject, *wrong.options, **surroundings)
    _said(run, wrong.says, wrong.slug, wrong.code)
    _nothing_is_left(tmp_path)


@pytest.mark.parametrize("minor", ["2.7", "3.6", "3.7"])
def test_a_python_that_is_too_old_is_said_with_its_version(minor: str, folder: Path, tmp_path: Path) -> None:
    found = places(minor, os.environ)
    old = next((place for place in found if _runs(place)), None)
    if old is None:
        pytest.skip(f"no Python {minor} here")
    run = _compare("hf:./m", f"hf:./m@{old}", folder, tmp_path)
    _said(run, (str(old), "older" if minor == "2.7" else minor, "3.8 or newer"), "interpreter-broken", 2)
    _nothing_but_the_error_is_left(tmp_path)


def _runs(python: Path) -> bool:
    """Whether it starts: a shim is there for versions that are not."""
    return subprocess.run([str(python), "-c", "pass"], capture_output=True, check=False).returncode == 0


def test_one_side_that_cannot_be_opened_ends_the_other(folder: Path, tmp_path: Path) -> None:
    run = _compare("hf:./m", "hf:./none", folder, tmp_path)
    _said(run, ("no folder ./none", "hub id"), "subject-not-found", 2)
    _nothing_but_the_error_is_left(tmp_path)


def test_a_nan_on_one_side_is_a_divergence_said_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    run = _compare("hf:./m", "hf:./nan", folder, tmp_path)
    assert 1 == run.code, run.complained
    assert "Divergent from layer.1 on" in run.said
    assert "numbers on one side only" in run.said
    assert "" == run.complained
    _nothing_is_left(tmp_path, but="audit")


def test_nan_on_both_sides_is_no_pass(folder: Path, tmp_path: Path) -> None:
    run = _compare("hf:./nan", "hf:./nan", folder, tmp_path)
    assert 1 == run.code, run.complained
    audit = load_audit(tmp_path / "audit" / "audit.json")
    assert "not_comparable" == audit.verdict
    assert "layer.1 was not compared: every value is NaN or infinite on both sides" in audit.headline
    assert "label" not in {record.stage for record in audit.stages if record.status == "divergent"}


def test_a_label_that_is_no_class_is_said_with_its_name(folder: Path, tmp_path: Path) -> None:
    run = _compare("hf:./m", "hf:./m", folder, tmp_path)
    assert 0 == run.code, run.complained
    audit = load_audit(tmp_path / "audit" / "audit.json")
    assert ["'wonderful'" in finding.sentence for finding in audit.findings if finding.stage == "label"] == [
        True
    ]


def test_a_damaged_trace_is_refused_with_the_file_that_is(folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "x.trace"
    made = parity(
        "record", "hf:./m", "--inputs", "r.jsonl", "--out", str(trace), **_surroundings(folder, tmp_path)
    )
    assert 0 == made.code, made.complained
    shard = trace / "shard-00000.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1] + b"\xff")
    run = _compare(f"trace:{trace}", "hf:./m", folder, tmp_path)
    _said(run, ("x.trace is damaged", "shard-00000.safetensors", "record it again"), "trace", 2)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with 4 kB left on it."""
    place = tmp_path / "full"
    place.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip("a small file system can be mounted by root only")
    try:
        (place / "fill").write_bytes(bytes(60 << 10))
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_slots_on_a_full_disk_are_said_with_their_folder(
    folder: Path, tmp_path: Path, full_disk: Path
) -> None:
    run = _compare("hf:./m", "hf:./m", folder, tmp_path, PARITY_SLOTS=str(full_disk))
    _said(run, ("no space for", str(full_disk), "PARITY_SLOTS"), "out-of-space", 3)
    assert ["fill"] == [path.name for path in full_disk.iterdir()]


@pytest.mark.parametrize("command", ["compare", "record"])
def test_a_full_disk_keeps_no_half_of_what_was_to_be_written(
    command: str, folder: Path, tmp_path: Path, full_disk: Path
) -> None:
    subjects = ("hf:./m", "hf:./m") if command == "compare" else ("hf:./m",)
    out = str(full_disk / "x.trace")
    run = parity(command, *subjects, "--inputs", "r.jsonl", "--out", out, **_surroundings(folder, tmp_path))
    _said(run, ("space", out, "space, or" if command == "record" else "--out"), "out-of-space", 3)
    assert ["fill"] == [path.name for path in full_disk.iterdir()]


@pytest.mark.parametrize("seconds", [0.0, 2.0])
def test_a_runner_that_is_killed_is_told_for_what_it_is(seconds: float, folder: Path, tmp_path: Path) -> None:
    process = _started(folder, tmp_path)
    try:
        runners = _runners(process.pid)
        time.sleep(seconds)
        os.kill(runners[-1], signal.SIGKILL)
        out, complained = process.communicate(timeout=60)
    finally:
        process.kill()
    _said(
        Run(process.returncode, out, complained),
        ("hf:./m was killed by SIGKILL", "batch_size=1"),
        "runner-died",
        3,
    )
    _nothing_but_the_error_is_left(tmp_path)


@pytest.mark.parametrize(
    ("number", "seconds", "code"),
    [
        (signal.SIGINT, 0.0, 130),
        (signal.SIGINT, 3.0, 130),
        (signal.SIGTERM, 1.0, 143),
        (signal.SIGHUP, 1.0, 129),
    ],
)
def test_a_signal_ends_it_and_leaves_no_process_and_no_file(
    number: signal.Signals, seconds: float, code: int, folder: Path, tmp_path: Path
) -> None:
    process = _started(folder, tmp_path)
    try:
        _runners(process.pid)
        time.sleep(seconds)
        process.send_signal(number)
        process.send_signal(number)  # impatience changes nothing
        out, complained = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (code, "") == (process.returncode, out), complained
    assert f"parity: Stopped by {number.name}; nothing was left running or half written.\n" == complained
    _nothing_is_left(tmp_path)


def test_a_hub_that_does_not_answer_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    assert hub.within_reach() is False
    assert time.monotonic() - started < 5


def _surroundings(folder: Path, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "tmp").mkdir(exist_ok=True)
    return {"cwd": folder, "TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(ROOT)}


def _compare(
    reference: str, candidate: str, folder: Path, tmp_path: Path, *options: str, **variables: str
) -> Run:
    surroundings: dict[str, Any] = {**_surroundings(folder, tmp_path), **variables}
    return parity(
        "compare", reference, candidate, *QUICK, "--out", str(tmp_path / "audit"), *options, **surroundings
    )


def _started(folder: Path, tmp_path: Path) -> subprocess.Popen[str]:
    """A comparison that is under way, and has work for longer than any test waits."""
    surroundings = _surroundings(folder, tmp_path)
    command = [
        sys.executable,
        "-m",
        "parity",
        "compare",
        "hf:./m",
        "hf:./m",
        "--inputs",
        "many.jsonl",
        "--out",
        str(tmp_path / "audit"),
    ]
    return subprocess.Popen(
        command,
        cwd=surroundings.pop("cwd"),
        env={**os.environ, **surroundings},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hear_signals,  # noqa: PLW1509 - it takes no lock
    )


def _runners(pid: int) -> list[int]:
    """The processes of both sides, once they are there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = [
            int(path.split("/")[2])
            for path in glob.glob("/proc/[0-9]*/stat")
            if f" {pid} " in f" {_parent(path)} "
        ]
        if len(found) == 2:
            return sorted(found)
        time.sleep(0.05)
    raise AssertionError("no runner was started")


def _parent(path: str) -> str:
    try:
        return Path(path).read_text().rpartition(")")[2].split()[1]
    except OSError:
        return ""


def _said(run: Run, says: tuple[str, ...], slug: str, code: int) -> None:
    assert code == run.code, run.complained + run.said
    sentence, step, name = run.complained.splitlines()
    assert sentence.startswith("parity: ")
    assert step.startswith("  ")
    assert f"  [{slug}]" == name
    for words in says:
        assert words in f"{sentence}\n{step}"
    assert "Traceback" not in run.complained
    assert "" == run.said


def _nothing_is_left(tmp_path: Path, but: str = "") -> None:
    """No file in the temporary folder or beside the audit, and no process that knows of them."""
    assert [] == list((tmp_path / "tmp").iterdir())
    assert {"tmp", but} - {""} == {path.name for path in tmp_path.iterdir()}
    mark = str(tmp_path).encode()
    alive = [path for path in glob.glob("/proc/[0-9]*/environ") if mark in _bytes(path)]
    assert [] == alive


def _nothing_but_the_error_is_left(tmp_path: Path) -> None:
    """The two reports of a command that came to no audit, and else nothing."""
    assert ["junit.xml", "summary.md"] == sorted(path.name for path in (tmp_path / "audit").iterdir())
    _nothing_is_left(tmp_path, but="audit")


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
