"""Which interpreter questions a subject, and what of the user's surroundings it sees."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from parity.environments.resolve import Managed, interpreter_for
from parity.environments.variables import default_threads, variables_for
from parity.errors import EnvironmentNotBuilt, InterpreterNotFound
from parity.subjects.adapter import Adapter

_HERE = Adapter("toy", Path("runner.py"))


def _interpreter(named: str | None, adapter: Adapter = _HERE) -> Path:
    return interpreter_for(named, adapter.environment)


def _executable(place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("#!/bin/sh\n")
    place.chmod(0o755)
    return place


def test_without_an_at_sign_it_is_this_interpreter() -> None:
    assert Path(sys.executable) == _interpreter(None)


def test_an_interpreter_is_named_by_its_path(tmp_path: Path) -> None:
    python = _executable(tmp_path / "python")
    assert python == _interpreter(str(python))


def test_a_relative_path_is_of_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = _executable(tmp_path / "old" / "bin" / "python")
    monkeypatch.chdir(tmp_path)
    assert [python] * 3 == [_interpreter("old"), _interpreter("./old"), _interpreter("old/bin/python")]


def test_a_virtual_environments_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    assert tmp_path / "bin" / "python" == _interpreter(str(tmp_path))


def test_a_bare_name_is_looked_up_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = _executable(tmp_path / "python3.10-mine")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert python == _interpreter("python3.10-mine")


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("/no/such/python", "does not exist"),
        ("python9.99", "is not on PATH"),
        ("/usr", "is not a virtual environment"),
    ],
)
def test_an_interpreter_that_is_not_there_is_said_with_the_remedy(named: str, reason: str) -> None:
    with pytest.raises(InterpreterNotFound) as caught:
        _interpreter(named if named != "/usr" else "/usr/share")
    assert reason in caught.value.sentence
    assert caught.value.next_step


def test_a_virtual_environment_whose_python_was_removed_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(tmp_path / "gone")
    with pytest.raises(InterpreterNotFound, match="without a working bin/python"):
        _interpreter(str(tmp_path))


def test_a_managed_environment_is_asked_of_its_builder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = tmp_path / "pins.txt"
    pins.write_text("torch==1.12.1\n")
    monkeypatch.setenv("PARITY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PARITY_OFFLINE", "1")
    managed = Adapter("toy", Path("runner.py"), environment=Managed("toy", "3.10", pins))
    with pytest.raises(EnvironmentNotBuilt):
        _interpreter(None, managed)
    assert Path(sys.executable) == _interpreter(sys.executable, managed)


def test_a_runner_sees_an_allow_list_of_variables_and_none_of_pythons() -> None:
    user = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "CUDA_VISIBLE_DEVICES": "0",
        "HF_HOME": "/hub",
        "HF_HUB_OFFLINE": "1",
        "https_proxy": "http://proxy",
        "PYTHONPATH": "/mine",
        "PYTHONHASHSEED": "7",
        "VIRTUAL_ENV": "/venv",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "OMP_NUM_THREADS": "64",
    }
    seen = variables_for(user, threads=2)
    ours = {"PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false"}
    threads = {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    passed = ("PATH", "LC_ALL", "CUDA_VISIBLE_DEVICES", "HF_HOME", "HF_HUB_OFFLINE", "https_proxy")
    assert {name: user[name] for name in passed} | ours | threads == seen


def test_an_adapter_withholds_passes_and_sets_variables() -> None:
    user = {"HF_TOKEN": "secret", "HF_HOME": "/hub", "TOY_CACHE": "/toy", "PYTHONPATH": "/mine"}
    seen = variables_for(
        user,
        threads=1,
        withheld=("HF_TOKEN",),
        passed=("TOY_*", "PYTHONPATH"),
        variables={"TOY_OFFLINE": "1"},
    )
    assert {"HF_HOME": "/hub", "TOY_CACHE": "/toy", "TOY_OFFLINE": "1"}.items() <= seen.items()
    assert not {"HF_TOKEN", "PYTHONPATH"} & seen.keys()


def test_two_runners_share_the_cores() -> None:
    assert 1 <= default_threads() <= max(1, (os.cpu_count() or 1) // 2)
