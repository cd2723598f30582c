"""Managed environments: those parity builds itself, once, from pins, under the user's cache folder.

`<cache>/environments/<name>-<digest>/` is one environment; the digest is of its pins and its Python's version, so that
other pins are another folder. What makes it safe:

* an environment is made at its final path (a venv cannot be moved safely), and it counts only when its marker,
  `parity-environment.json`, is there: that is written last, in one rename. Without it the folder is rebuilt;
* a build holds a lock (`.locks/…`), which dies with its holders, the installer included; whoever waits for it then
  uses what was built.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from parity.environments.installer import find_installer, out_of_space
from parity.environments.interpreters import find_interpreter, interrogate
from parity.environments.resolve import Managed
from parity.errors import EnvironmentBuildFailed, EnvironmentNotBuilt, RunError

__all__ = ["Listed", "build", "cache_folder", "ensure", "interpreter", "listing", "path", "remove"]

OnLine = Callable[[str], None]
MARKER = "parity-environment.json"


class _Marker(msgspec.Struct, frozen=True):
    """What a finished environment records about itself: Python's version, bytes on disk, what built it, seconds, and when (epoch)."""

    name: str
    python: str
    size: int
    installer: str
    seconds: float
    built: float


class Listed(NamedTuple):
    """One environment as `parity env list` shows it; `state` is `ready`, `unfinished`, `being built` or `not built`.

    `current` says that an adapter still needs exactly these pins; `size` is in bytes, None where it is not known.
    """

    name: str
    state: str
    current: bool
    path: Path
    python: str | None
    size: int | None


def cache_folder() -> Path:
    """Where environments are kept: `PARITY_CACHE`, else `XDG_CACHE_HOME/parity`, else `~/.cache/parity`."""
    named = os.environ.get("PARITY_CACHE")
    root = (
        Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "parity")
    )
    return root.expanduser().absolute() / "environments"


def path(managed: Managed) -> Path:
    """The folder of an environment, built or not."""
    return cache_folder() / f"{managed.name}-{digest(managed)}"


def interpreter(managed: Managed) -> Path:
    """The interpreter inside an environment, built or not."""
    return path(managed) / "bin" / "python"


def digest(managed: Managed) -> str:
    """Twelve hex digits of the pins and the Python version; comments and blank lines do not count."""
    lines = (line.split(" #")[0].strip() for line in managed.requirements.read_text("utf-8").splitlines())
    pins = [line for line in lines if line and not line.startswith("#")]
    return hashlib.sha256("\n".join([managed.python, *pins]).encode()).hexdigest()[:12]


def ensure(managed: Managed, *, on_line: OnLine, allow_build: bool = True) -> Path:
    """The interpreter of an environment, which is built first where it is not there yet.

    Raises EnvironmentNotBuilt when it is not there and may not be built (`allow_build`, `PARITY_OFFLINE`, a cache
    folder that cannot be written), InterpreterNotFound, EnvironmentBuildFailed, OutOfSpace.
    """
    if _is_ready(path(managed)):
        return interpreter(managed)
    remedy = f"Run `parity env build {managed.name}` where building is allowed."
    if not allow_build:
        raise EnvironmentNotBuilt(f"The environment {managed.name!r} is not built.", next_step=remedy)
    if os.environ.get("PARITY_OFFLINE", "0") not in ("", "0"):
        raise EnvironmentNotBuilt(
            f"The environment {managed.name!r} is not built, and PARITY_OFFLINE forbids building it.",
            next_step=remedy,
        )
    return build(managed, on_line=on_line, again=False)


def build(managed: Managed, *, on_line: OnLine, again: bool = True) -> Path:
    """Build an environment and return its interpreter; `again` replaces one that is there already."""
    folder = path(managed)
    with _locked(folder, on_line) as hold:
        if not again and _is_ready(folder):
            return interpreter(managed)
        python = find_interpreter(managed.python)
        installer = find_installer()
        on_line(
            f"Building the environment {managed.name!r} (Python {python.version}), {managed.cost}, in {folder}."
        )
        if installer.uv is None:
            on_line("pip builds it; with uv on PATH it would be about ten times faster.")
        began = time.monotonic()
        _clear(folder)
        try:
            installer.install(folder, python.executable, managed.requirements, on_line=on_line, hold=hold)
            if interrogate(interpreter(managed)) is None:
                raise EnvironmentBuildFailed(f"The interpreter of the new environment {folder} does not run.")
            _mark(folder, managed, python.version, installer.name, time.monotonic() - began)
        except BaseException as problem:
            # A failed build leaves nothing behind, on a full device least of all.
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(problem, OSError):
                raise _refusal(problem, folder) from problem
            raise
        on_line(f"The environment {managed.name!r} is ready after {time.monotonic() - began:.0f} s.")
        return interpreter(managed)


def remove(folder: Path, *, on_line: OnLine) -> bool:
    """Remove one environment, ready or not (`path(managed)`, or a `Listed.path`); False where there was none."""
    if folder.parent != cache_folder():
        raise ValueError(f"{folder} is not one of parity's environments")
    if not folder.exists():
        return False
    with _locked(folder, on_line):
        _clear(folder)
    return True


def listing(declared: Iterable[Managed] = ()) -> tuple[Listed, ...]:
    """Every environment the adapters declare, built or not, then those on disk that no adapter needs any more."""
    wanted = {path(managed): managed for managed in declared}
    root = cache_folder()
    on_disk = (
        sorted(entry for entry in root.iterdir() if not entry.name.startswith(".")) if root.is_dir() else []
    )
    rest = [folder for folder in on_disk if folder not in wanted and folder.is_dir()]
    return tuple(_listed(folder, wanted.get(folder)) for folder in (*wanted, *rest))


def _listed(folder: Path, managed: Managed | None) -> Listed:
    marker = _read_marker(folder)
    if marker is not None and _is_ready(folder):
        state = "ready"
    elif _is_being_built(folder):
        state = "being built"
    else:
        state = "unfinished" if folder.exists() else "not built"
    name = managed.name if managed is not None else folder.name.rpartition("-")[0]
    if marker is not None:
        return Listed(name, state, managed is not None, folder, marker.python, marker.size)
    return Listed(
        name, state, managed is not None, folder, managed.python if managed is not None else None, None
    )


def _is_ready(folder: Path) -> bool:
    """Whether the marker is there, and the interpreter too (its base may have been removed since)."""
    return _read_marker(folder) is not None and os.access(folder / "bin" / "python", os.X_OK)


def _read_marker(folder: Path) -> _Marker | None:
    try:
        return msgspec.json.decode((folder / MARKER).read_bytes(), type=_Marker)
    except (OSError, msgspec.DecodeError):
        return None


def _mark(folder: Path, managed: Managed, python: str, installer: str, seconds: float) -> None:
    """Write the marker: what makes the environment count. On disk before it has its name."""
    marker = _Marker(managed.name, python, _size(folder), installer, round(seconds, 1), time.time())
    draft = folder / f"{MARKER}.draft"
    with draft.open("wb") as file:
        file.write(msgspec.json.encode(marker))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / MARKER)


def _clear(folder: Path) -> None:
    """Remove a folder, its marker first: an interrupted removal must not leave a marker on half an environment."""
    (folder / MARKER).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)


def _size(folder: Path) -> int:
    """Bytes the files below a folder take, links not followed."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total


def _lock_file(folder: Path) -> Path:
    """The lock of an environment; never deleted, as another process may be waiting on it."""
    return folder.parent / ".locks" / f"{folder.name}.lock"


@contextlib.contextmanager
def _locked(folder: Path, on_line: OnLine) -> Generator[int]:
    """Holds an environment's lock and gives its descriptor; waits, and reports it, while another process holds it."""
    lock = _lock_file(folder)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as problem:
        raise _refusal(problem, folder) from problem
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_line(f"Another process is working on {folder}; waiting for it.")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _is_being_built(folder: Path) -> bool:
    try:
        descriptor = os.open(_lock_file(folder), os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _refusal(problem: OSError, folder: Path) -> RunError | EnvironmentNotBuilt:
    """The error for an environment when the operating system refuses."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return out_of_space(folder)
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EnvironmentNotBuilt(
            f"The folder for environments cannot be written: {folder.parent} ({problem.strerror}).",
            next_step="Name another folder: PARITY_CACHE=/path/to/folder.",
        )
    return EnvironmentBuildFailed(f"The environment {folder} could not be built: {problem}.")
