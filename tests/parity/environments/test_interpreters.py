"""Interpreters are looked for where they can be, and believed only when they have run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from parity.environments.interpreters import find_interpreter, interrogate, places
from parity.errors import InterpreterBroken, InterpreterNotFound

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
OTHER = f"{sys.version_info[0]}.{sys.version_info[1] + 40}"


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


def says(version: str) -> str:
    """A stand-in for a Python: a program that answers the question about its version."""
    return f"echo {version}"


def alone(tmp_path: Path, **more: str) -> dict[str, str]:
    """An environment in which nothing but what the test made can be found."""
    return {"HOME": str(tmp_path / "home"), "PATH": "", **more}


def test_the_python_that_runs_parity_is_the_first_of_its_version(tmp_path: Path) -> None:
    assert Path(sys.executable) == find_interpreter(HERE, environ=alone(tmp_path)).executable


def test_the_version_found_is_said_in_full(tmp_path: Path) -> None:
    assert ".".join(map(str, sys.version_info[:3])) == find_interpreter(HERE, environ=alone(tmp_path)).version


def test_a_shim_that_fails_when_run_is_passed_over(tmp_path: Path) -> None:
    script(
        tmp_path / "shims" / f"python{OTHER}", f"echo 'pyenv: python{OTHER}: command not found' >&2; exit 127"
    )
    real = script(
        tmp_path / "pyenv" / "versions" / f"{OTHER}.2" / "bin" / f"python{OTHER}", says(f"{OTHER}.2")
    )
    environ = alone(tmp_path, PATH=str(tmp_path / "shims"), PYENV_ROOT=str(tmp_path / "pyenv"))
    assert real == find_interpreter(OTHER, environ=environ).executable


def test_the_newest_patch_of_pyenv_is_taken_by_number_not_by_letter(tmp_path: Path) -> None:
    for patch in (9, 13, 2):
        script(
            tmp_path / "pyenv" / "versions" / f"{OTHER}.{patch}" / "bin" / f"python{OTHER}",
            says(f"{OTHER}.{patch}"),
        )
    found = find_interpreter(OTHER, environ=alone(tmp_path, PYENV_ROOT=str(tmp_path / "pyenv")))
    assert f"{OTHER}.13" == found.version


def test_the_pythons_uv_manages_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "home/.local/share/uv/python" / f"cpython-{OTHER}.4-linux-x86_64-gnu" / "bin"
    real = script(folder / f"python{OTHER}", says(f"{OTHER}.4"))
    assert real == find_interpreter(OTHER, environ=alone(tmp_path)).executable


def test_an_environment_of_conda_is_found(tmp_path: Path) -> None:
    real = script(tmp_path / "home/miniforge3/envs/work/bin" / f"python{OTHER}", says(f"{OTHER}.1"))
    assert real == find_interpreter(OTHER, environ=alone(tmp_path)).executable


def test_a_python_under_the_wrong_name_is_passed_over(tmp_path: Path) -> None:
    script(tmp_path / "bin" / f"python{OTHER}", says(f"{HERE}.1"))
    with pytest.raises(InterpreterNotFound):
        find_interpreter(OTHER, environ=alone(tmp_path, PATH=str(tmp_path / "bin")))


def test_an_absent_python_is_a_sentence_with_the_remedies(tmp_path: Path) -> None:
    with pytest.raises(InterpreterNotFound) as caught:
        find_interpreter(OTHER, environ=alone(tmp_path))
    assert f"uv python install {OTHER}" in caught.value.next_step
    assert f"PARITY_PYTHON_{OTHER.replace('.', '_')}=" in caught.value.next_step


def test_the_variable_of_a_version_goes_before_everything(tmp_path: Path) -> None:
    mine = script(tmp_path / "mine", says(f"{HERE}.99"))
    environ = alone(tmp_path, **{f"PARITY_PYTHON_{HERE.replace('.', '_')}": str(mine)})
    assert mine == find_interpreter(HERE, environ=environ).executable


def test_an_argument_goes_before_the_variable(tmp_path: Path) -> None:
    environ = alone(tmp_path, **{f"PARITY_PYTHON_{HERE.replace('.', '_')}": "/nowhere"})
    assert sys.executable == str(find_interpreter(HERE, explicit=sys.executable, environ=environ).executable)


def test_a_named_interpreter_that_is_not_there_is_refused_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(InterpreterNotFound, match="no executable is there"):
        find_interpreter(HERE, explicit=str(tmp_path / "nothing"), environ=alone(tmp_path))


def test_a_named_interpreter_of_another_version_is_refused_with_its_version(tmp_path: Path) -> None:
    with pytest.raises(InterpreterBroken, match="which is Python 2.7.18"):
        find_interpreter(
            HERE, explicit=str(script(tmp_path / "old", says("2.7.18"))), environ=alone(tmp_path)
        )


def test_a_program_that_is_no_python_has_no_version(tmp_path: Path) -> None:
    assert interrogate(script(tmp_path / "hello", "echo hello")) is None


def test_a_place_is_named_once_even_when_path_names_it_twice(tmp_path: Path) -> None:
    real = script(tmp_path / "bin" / f"python{OTHER}", says(f"{OTHER}.1"))
    environ = alone(tmp_path, PATH=f"{tmp_path / 'bin'}:{tmp_path / 'bin'}")
    assert [real] == list(places(OTHER, environ))
