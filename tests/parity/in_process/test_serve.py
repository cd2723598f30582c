"""The protocol from the runner's side: `serve.py` spoken to line by line, under this Python and an old one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.real.environments import OTHERS, interpreter_of

_ROOT = Path(__file__).parents[3]
_SERVE = _ROOT / "parity" / "_in_process" / "serve.py"
_RUNNERS = Path(__file__).parents[2] / "runners"


class Peer:
    """A runner's process and the two ends of its conversation, without parity in between."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.requested = 0

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        heard: dict[str, Any] = json.loads(self.process.stdout.readline())
        return heard

    def say(self, op: str, **fields: Any) -> None:
        assert self.process.stdin is not None
        self.requested += 1
        self.process.stdin.write(json.dumps({"id": self.requested, "op": op, **fields}) + "\n")
        self.process.stdin.flush()

    def ask(self, op: str, **fields: Any) -> list[dict[str, Any]]:
        self.say(op, **fields)
        heard = [self.hear()]
        while heard[-1]["event"] not in ("done", "error"):
            heard.append(self.hear())
        return heard


@contextmanager
def _peer(python: str, runner: str | Path, *slots: int) -> Generator[Peer]:
    """A process with one of the runners of tests/runners, by its name, or with any file."""
    process = subprocess.Popen(
        [python, str(_SERVE), str(_RUNNERS / f"{runner}.py" if isinstance(runner, str) else runner)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=slots,
        start_new_session=True,
    )
    try:
        yield Peer(process)
    finally:
        process.kill()
        process.communicate()


def _old_python() -> str | None:
    """A Python 3.8 that has numpy: the one PARITY_TEST_PYTHON38 names, that of `make versions`, else pyenv's."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    built = interpreter_of(OTHERS["4.12.5"])
    found = [
        os.environ.get("PARITY_TEST_PYTHON38"),
        None if built is None else str(built),
        *map(str, root.glob("versions/3.8.*/bin/python")),
    ]
    return next((python for python in found if python and shutil.which(python) and _has_numpy(python)), None)


def _has_numpy(python: str) -> bool:
    return subprocess.run([python, "-c", "import numpy"], capture_output=True, check=False).returncode == 0


@pytest.fixture(params=["this Python", "Python 3.8"])
def python(request: pytest.FixtureRequest) -> str:
    if request.param == "this Python":
        return sys.executable
    old = _old_python()
    if old is None:
        pytest.skip("no Python 3.8 with numpy here: make versions, or name one by PARITY_TEST_PYTHON38")
    return old


def _open(peer: Peer, *files: int, locator: str = "m", workdir: str = "/nowhere") -> list[dict[str, Any]]:
    """`files`: a slot and its listing, or none."""
    slots, listings = list(files[::2]), list(files[1::2])
    return peer.ask(
        "open", locator=locator, options={}, slots=slots, listings=listings, threads=1, workdir=workdir
    )


def test_the_first_line_is_a_greeting(python: str) -> None:
    with _peer(python, "echo") as peer:
        hello = peer.hear()
    assert ("hello", 2) == (hello["event"], hello["protocol"])
    assert hello["python"].startswith("3.")


def test_a_conversation_from_open_to_close(python: str) -> None:
    with (
        tempfile.TemporaryFile() as file,
        tempfile.TemporaryFile() as listing,
        _peer(python, "echo", file.fileno(), listing.fileno()) as peer,
    ):
        peer.hear()
        assert [
            {"id": 1, "event": "progress", "what": "loading", "done": 1, "total": 2},
            {"id": 1, "event": "done", "value": {}},
        ] == _open(peer, file.fileno(), listing.fileno())
        (tokenized,) = peer.ask("tokenize", window=1, examples=[{"row": 3, "text": "hé", "pair": None}])
        assert [104, 233] == tokenized["value"]["rows"][0]["input_ids"]
        (done,) = peer.ask("forward", slot=0, window=1, rows=[3], inputs=None, stages=None, precision=None)
        tensors = [json.loads(line) for line in os.pread(listing.fileno(), 10_000, 0).splitlines()]
        assert ["input_ids", "real", "logits"] == [tensor["stage"] for tensor in tensors]
        assert {
            "id": 3,
            "stage": "real",
            "dtype": "uint8",
            "source": "bool",
            "shape": [1, 2],
            "axes": ["row", "token"],
            "offset": 64,
        } == tensors[1]
        ids = np.fromfile(file, "int64", 2)
        assert ([104, 233], 1.0) == (ids.tolist(), done["value"]["cpu_seconds"] > 0)
        assert [{"id": 4, "event": "done", "value": {}}] == peer.ask("close")
        assert 0 == peer.process.wait(10)


def test_requests_sent_ahead_are_answered_in_order(python: str) -> None:
    with _peer(python, "echo") as peer:
        peer.hear()
        peer.say("open", locator="m", options={}, slots=[], listings=[], threads=1, workdir="/nowhere")
        for _ in range(50):
            peer.say("describe")
        done = [heard for heard in (peer.hear() for _ in range(52)) if heard["event"] == "done"]
    assert list(range(1, 52)) == [heard["id"] for heard in done]


def test_an_unknown_operation_is_an_error_and_not_the_end(python: str) -> None:
    with _peer(python, "echo") as peer:
        peer.hear()
        _open(peer)
        assert "error" == peer.ask("dance")[-1]["event"]
        assert "done" == peer.ask("describe")[-1]["event"]


def test_the_end_of_stdin_ends_a_process_in_the_middle_of_a_forward(python: str, tmp_path: Path) -> None:
    workdir = tmp_path / "work"
    (workdir / "unpacked").mkdir(parents=True)
    with (
        tempfile.TemporaryFile() as file,
        tempfile.TemporaryFile() as listing,
        _peer(python, "hangs", file.fileno(), listing.fileno()) as peer,
    ):
        peer.hear()
        _open(peer, file.fileno(), listing.fileno(), workdir=str(workdir))
        peer.say(
            "forward",
            slot=0,
            window=None,
            rows=None,
            inputs={"input_ids": [[1]]},
            stages=None,
            precision=None,
        )
        assert "progress" == peer.hear()["event"]
        assert peer.process.stdin is not None
        peer.process.stdin.close()
        assert 0 != peer.process.wait(10)
        peer.process.stdin = None
    assert not workdir.exists()


_TWO_FILES = """
from . import json

PROTOCOL = 2

class Session:
    def describe(self):
        import sys
        return {"beside": json.NAME, "package": __package__, "modules": sorted(sys.modules)}

def open(request, host):
    return Session()
"""


@pytest.mark.parametrize("name", ["runner", "my.runner-2"])
def test_a_runner_finds_the_files_beside_it_and_nothing_else_does(
    python: str, name: str, tmp_path: Path
) -> None:
    (tmp_path / "__init__.py").write_text("raise RuntimeError('a declaration is not for the runner to run')")
    (tmp_path / "json.py").write_text("import json\nNAME = 'beside ' + json.dumps([1])")
    (tmp_path / f"{name}.py").write_text(_TWO_FILES)
    link = tmp_path / "elsewhere.py"
    link.symlink_to(tmp_path / f"{name}.py")
    for file in (tmp_path / f"{name}.py", link):
        with _peer(python, file) as peer:
            peer.hear()
            assert [{"id": 1, "event": "done", "value": {}}] == _open(peer)
            described = peer.ask("describe")[-1]["value"]
        assert ("beside [1]", "_parity_runner") == (described["beside"], described["package"])
        ours = {
            "_parity_host",
            *(
                f"_parity_host.{name}"
                for name in ("groups", "host", "interventions", "parameters_asked", "wide", "wire")
            ),
            "_parity_runner",
        }
        ours |= {"_parity_runner.json", "_parity_runner." + name.replace(".", "_")}
        assert ours == {module for module in described["modules"] if "parity" in module}


def test_a_runner_without_a_file_is_told_by_its_path(python: str, tmp_path: Path) -> None:
    with _peer(python, tmp_path / "gone.py") as peer:
        peer.hear()
        error = _open(peer)[-1]
    assert ("error", None) == (error["event"], error["missing"])
    assert str(tmp_path / "gone.py") in error["sentence"]


def test_prints_go_where_errors_go(python: str) -> None:
    with _peer(python, "prints") as peer:
        peer.hear()
        _open(peer)
        assert [{"id": 2, "event": "done", "value": {"rows": []}}] == peer.ask(
            "tokenize", window=1, examples=[]
        )
        peer.ask("close")
        _, words = peer.process.communicate(timeout=10)
    for said in ("printed at import", "written to descriptor 1", "printed by a child", "read from stdin: ''"):
        assert said in words
