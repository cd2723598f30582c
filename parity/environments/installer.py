"""The installer: uv where there is one, else venv and pip; makes an environment and fills it with pins.

It uses the machine's own uv or pip configuration: parity knows no package index. Every pin is installed with
`--no-deps`: the list is complete, so that the same environment is built next year.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NamedTuple

from parity.errors import EnvironmentBuildFailed, OutOfSpace

__all__ = ["Installer", "find_installer", "is_full", "out_of_space"]

# What may be shown as progress; of the rest of an installer's output only the last lines are kept.
_WORTH_SAYING = re.compile(
    r"(Resolved|Prepared|Installed|Downloading|Downloaded|Building|Built|Collecting|Installing)\b"
)
_LAST_WORDS = 30
# Variables that would send an installation elsewhere than into the requested environment.
_MISLEADING = {
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_REQUIREMENT",
}.union(
    {"UV_SYSTEM_PYTHON", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_TARGET", "UV_PREFIX", "UV_REQUIREMENT"}
)


class Installer(NamedTuple):
    """`uv` as an argument list, or None where only venv and pip are available (about ten times slower)."""

    uv: tuple[str, ...] | None

    @property
    def name(self) -> str:
        return "pip" if self.uv is None else "uv"

    def install(
        self, folder: Path, python: Path, requirements: Path, *, on_line: Callable[[str], None], hold: int
    ) -> None:
        """Make the environment `folder` of `python` and install the pins; `hold` is a lock's descriptor.

        The installer inherits the lock: if parity is killed, the orphan keeps the lock until it ends too, so that
        no other process removes the folder meanwhile. Raises EnvironmentBuildFailed or OutOfSpace.
        """
        inside = str(folder / "bin" / "python")
        if self.uv is not None:
            commands = [
                [*self.uv, "venv", "--no-project", "--python", str(python), str(folder)],
                [*self.uv, "pip", "install", "--python", inside, "--no-deps", "-r", requirements.name],
            ]
        else:
            commands = [
                [str(python), "-m", "venv", str(folder)],
                [inside, "-m", "pip", "install", "--no-deps", "--no-input", "--disable-pip-version-check"]
                + ["-r", requirements.name],
            ]
        for command in commands:
            # Relative paths in a requirements file are read from its own folder by uv and pip alike when it is the cwd.
            _run(command, requirements.parent, on_line, hold)


def find_installer() -> Installer:
    """uv on PATH, or beside the Python that runs parity, or as its module; else pip. `PARITY_INSTALLER=pip` forces pip."""
    if os.environ.get("PARITY_INSTALLER") == "pip":
        return Installer(None)
    beside = Path(sys.executable).with_name("uv")
    for command in ((shutil.which("uv") or "",), (str(beside),), (sys.executable, "-m", "uv")):
        if command[0] and _answers([*command, "--version"]):
            return Installer(command)
    return Installer(None)


def is_full(words: str) -> bool:
    """Whether an installer's message means that the device is full.

    >>> is_full("error: Failed to extract archive: No space left on device (os error 28)")
    True
    """
    return "no space left on device" in words.lower() or "disk quota exceeded" in words.lower()


def out_of_space(folder: Path, detail: str = "") -> OutOfSpace:
    """The error for a device that filled up while an environment was being built in `folder`."""
    return OutOfSpace(
        f"There is no space left on the device that holds {folder}.",
        next_step="Free some space, or keep the environments elsewhere: PARITY_CACHE=/path/to/folder.",
        detail=detail,
    )


def _answers(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _run(command: list[str], cwd: Path, on_line: Callable[[str], None], hold: int) -> None:
    words: deque[str] = deque(maxlen=_LAST_WORDS)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") and k not in _MISLEADING}
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=(hold,),
            start_new_session=True,
        )
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            raise out_of_space(cwd) from problem
        raise EnvironmentBuildFailed(f"{command[0]} could not be started: {problem}.") from problem
    with process, _nothing_left_behind(process):
        assert process.stdout is not None
        for line in process.stdout:
            words.append(line.rstrip())
            if _WORTH_SAYING.match(line.strip()):
                on_line(line.strip())
    detail = "\n".join(words)
    if process.returncode == 0:
        return
    if is_full(detail):
        raise out_of_space(cwd, detail)
    ending = (
        f"exit status {process.returncode}" if process.returncode > 0 else f"signal {-process.returncode}"
    )
    last = next((word.strip() for word in reversed(words) if word.strip()), "nothing")
    raise EnvironmentBuildFailed(
        f"The installer ended with {ending}; its last lines: {last}",
        next_step=_remedy(detail),
        detail=f"$ {' '.join(command)}\n{detail}",
    )


@contextlib.contextmanager
def _nothing_left_behind(process: subprocess.Popen[str]) -> Generator[None]:
    """Ends the installer and all its children when parity stops waiting for it (Ctrl-C, an error in a callback)."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise


def _remedy(detail: str) -> str:
    if "ensurepip" in detail:
        return "That Python cannot make environments: install its venv package (apt install python3.10-venv), or uv."
    if re.search(r"network|connect|timed? ?out|resolve host|dns|offline|403|proxy", detail, re.IGNORECASE):
        return "Check this machine's network and its pip or uv configuration, then run the command again."
    return "Check the detail and this machine's pip or uv configuration, then run the command again."
