"""Interpreters: where on this machine a Python of a wanted minor version is.

Searched in this order, and each result is verified by running it (a pyenv shim exists on PATH and then fails):
an explicit one (an argument, or `PARITY_PYTHON_3_10=/path/to/python`), the Python that runs parity, PATH, pyenv's
versions, uv's managed ones, conda's, and the usual folders of systems and installers.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from parity.errors import InterpreterBroken, InterpreterNotFound

__all__ = ["Interpreter", "find_interpreter", "interrogate", "places"]

_QUESTION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
_ANSWER_SECONDS = 30.0
_SYSTEM_FOLDERS = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/opt/local/bin")
_CONDA_FOLDERS = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba")


class Interpreter(NamedTuple):
    """A Python that was run and printed its version, such as `3.10.13`."""

    executable: Path
    version: str


def find_interpreter(
    minor: str, *, explicit: str | None = None, environ: Mapping[str, str] | None = None
) -> Interpreter:
    """The first working Python of `minor` (such as `3.10`); raises InterpreterNotFound, with the remedies, where there is none.

    An interpreter that the user named (argument or variable) is used or refused with InterpreterBroken, never skipped.
    """
    environ = os.environ if environ is None else environ
    variable = f"PARITY_PYTHON_{minor.replace('.', '_')}"
    named = explicit or environ.get(variable)
    if named:
        return _named(minor, named, "the argument" if explicit else variable)
    tried: list[Path] = []
    for executable in places(minor, environ):
        tried.append(executable)
        version = interrogate(executable)
        if version is not None and _is_minor(version, minor):
            return Interpreter(executable, version)
    broken = f" {len(tried)} of that name did not run (the first: {tried[0]})." if tried else ""
    raise InterpreterNotFound(
        f"No Python {minor} was found on this machine (PATH, pyenv, uv, conda and the system's folders were searched).{broken}",
        next_step=(
            f"Install one (`uv python install {minor}`, `pyenv install {minor}`, or `apt install python{minor} "
            f"python{minor}-venv`), or name yours: {variable}=/path/to/python{minor}."
        ),
    )


def interrogate(executable: Path) -> str | None:
    """The version that an executable prints when it is run as Python, None where it does not run or is not Python."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            [str(executable), "-I", "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_SECONDS,
            env=environ,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = done.stdout.strip()
    return version if done.returncode == 0 and re.fullmatch(r"\d+\.\d+\.\d+", version) else None


def places(minor: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """The executables that may be a Python of `minor`, existing ones only, each once, the most likely first."""
    seen: set[Path] = set()
    for executable in _everywhere(minor, environ):
        if executable not in seen and _is_executable(executable):
            seen.add(executable)
            yield executable


def _everywhere(minor: str, environ: Mapping[str, str]) -> Iterator[Path]:
    name = f"python{minor}"
    home = Path(environ.get("HOME") or Path.home())
    if sys.version_info[:2] == tuple(int(part) for part in minor.split(".")):
        yield Path(sys.executable)
    for folder in environ.get("PATH", "").split(os.pathsep):
        if os.path.isabs(folder):
            yield Path(folder, name)
    for root in (environ.get("PYENV_ROOT"), home / ".pyenv"):
        if root:
            yield from _newest_first(Path(root, "versions"), f"{minor}.*", f"bin/{name}")
    data = environ.get("XDG_DATA_HOME") or home / ".local" / "share"
    for root in (environ.get("UV_PYTHON_INSTALL_DIR"), Path(data, "uv", "python")):
        if root:
            yield from _newest_first(Path(root), f"cpython-{minor}.*", f"bin/{name}")
    prefixes = [Path(environ["CONDA_PREFIX"])] if environ.get("CONDA_PREFIX") else []
    for prefix in (*prefixes, *(home / folder for folder in _CONDA_FOLDERS), Path("/opt/conda")):
        yield prefix / "bin" / name
        yield from _newest_first(prefix / "envs", "*", f"bin/{name}")
    yield Path("/Library/Frameworks/Python.framework/Versions", minor, "bin", name)
    for folder in (*_SYSTEM_FOLDERS, str(home / ".local" / "bin")):
        yield Path(folder, name)


def _newest_first(folder: Path, pattern: str, inside: str) -> Iterator[Path]:
    try:
        found = list(folder.glob(pattern))
    except OSError:
        return
    for version in sorted(found, key=_patch_number, reverse=True):
        yield version / inside


def _patch_number(folder: Path) -> tuple[int, ...]:
    """The numbers in a folder's name, so that 3.10.13 stands before 3.10.9."""
    return tuple(int(number) for number in re.findall(r"\d+", folder.name))


def _is_executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _is_minor(version: str, minor: str) -> bool:
    return version.split(".")[:2] == minor.split(".")


def _named(minor: str, named: str, by: str) -> Interpreter:
    executable = Path(named).expanduser()
    if not _is_executable(executable):
        raise InterpreterNotFound(
            f"{by} names {named!r}, and no executable is there.",
            next_step=f"Name a Python {minor} that exists.",
        )
    version = interrogate(executable)
    if version is None:
        raise InterpreterBroken(
            f"{by} names {named!r}, which does not run as Python.", next_step=f"Name a Python {minor}."
        )
    if not _is_minor(version, minor):
        raise InterpreterBroken(
            f"{by} names {named!r}, which is Python {version}; Python {minor} is needed.",
            next_step=f"Name a Python {minor}.",
        )
    return Interpreter(executable, version)
