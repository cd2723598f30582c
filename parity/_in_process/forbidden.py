"""What an artifact must not make this process do while it is loaded: unpickle code, start processes, connect, write.

parity checks an artifact's files before any framework reads them. This module covers what that check misses: Python calls a
hook before each such act (PEP 578), whatever code causes it, and the hook prevents it. A framework may
swallow the error that it sees then, so what was prevented is recorded, and the loading code checks it afterwards.

Standard library only, Python 3.8.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
from typing import Any, Generator, Sequence

__all__ = ["Forbidden", "nothing_but_reading", "nothing_unpickled"]

# What frameworks themselves pickle and unpickle in memory while they load: the parts of a fast tokenizer.
_UNPICKLED = ("tokenizers",)
_PROCESSES = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "pty.spawn",
    "subprocess.Popen",
)
_CONNECTIONS = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
    "socket.bind",
    "urllib.Request",
)
_WRITES = {
    "os.remove": 1,
    "os.rmdir": 1,
    "os.mkdir": 1,
    "os.truncate": 1,
    "os.chmod": 1,
    "os.chown": 1,
    "os.link": 2,
    "os.symlink": 2,
    "os.rename": 2,
}
"""Acts on files, and how many of their arguments are places."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Forbidden(pickle.UnpicklingError):
    """An act that loading an artifact does not need; it was prevented."""


class _Hook:
    """The only hook of this process: it cannot be removed, so it is switched on and off."""

    def __init__(self) -> None:
        self.added = False
        self.active = False
        self.reading_only = False
        self.folders: tuple[str, ...] = ()
        self.prevented: list[str] = []

    def __call__(self, event: str, arguments: Any) -> None:
        act = self._act(event, arguments) if self.active else None
        if act is not None:
            self.prevented.append(act)
            raise Forbidden(f"loading it would {act}")

    def _act(self, event: str, arguments: Any) -> str | None:
        if event == "pickle.find_class":
            module, name = str(arguments[0]), str(arguments[1])
            known = module.split(".")[0] in _UNPICKLED or (module, name) == ("collections", "OrderedDict")
            return None if known else f"unpickle {module}.{name}"
        if not self.reading_only:
            return None
        if event in _PROCESSES:
            return f"start a process ({event})"
        if event in _CONNECTIONS:
            return f"connect to {arguments[-1] if event != 'urllib.Request' else arguments[0]}"
        if event == "open":
            place, mode, flags = (*arguments, None, None)[:3]
            writes = any(letter in str(mode or "") for letter in "wax+") or bool((flags or 0) & _WRITING)
            return self._outside(place) if writes else None
        beside = arguments[-1] if event in _WRITES and isinstance(arguments[-1], int) else -1
        for place in arguments[: _WRITES.get(event, 0)]:
            act = self._outside(place, beside)
            if act is not None and not (event == "os.mkdir" and os.path.isdir(place)):
                return act
        return None

    def _outside(self, place: Any, beside: int = -1) -> str | None:
        """The act of writing to a place, unless writing there is allowed; `beside` is the open folder that the place is relative to."""
        if place is None or isinstance(place, int) or place == os.devnull:
            return None  # a file that is open already
        path = os.fsdecode(place)
        if beside >= 0 and not os.path.isabs(path):
            path = os.path.join(os.path.realpath(f"/dev/fd/{beside}"), path)
        path = os.path.realpath(path)
        inside = any(path == folder or path.startswith(folder + os.sep) for folder in self.folders)
        return None if inside else f"write to {path}"


_hook = _Hook()


@contextlib.contextmanager
def nothing_unpickled() -> Generator[list[str], None, None]:
    """While this lasts, nothing is unpickled that could run code; yields what was prevented so far, in words."""
    with _on(False, ()) as prevented:
        yield prevented


@contextlib.contextmanager
def nothing_but_reading(folders: Sequence[str]) -> Generator[list[str], None, None]:
    """While this lasts, also no process is started, nothing connected to, and written only below `folders`."""
    with _on(True, tuple(os.path.realpath(folder) for folder in folders)) as prevented:
        yield prevented


@contextlib.contextmanager
def _on(reading_only: bool, folders: tuple[str, ...]) -> Generator[list[str], None, None]:
    if not _hook.added:
        sys.addaudithook(_hook)
        _hook.added = True
    before = (_hook.active, _hook.reading_only, _hook.folders, _hook.prevented)
    bytecode = sys.dont_write_bytecode
    if reading_only:
        sys.dont_write_bytecode = True  # a module imported late would be compiled to a file beside it
    prevented: list[str] = []
    _hook.prevented = prevented
    if reading_only:  # inside a stricter guard the stricter one stays
        _hook.reading_only, _hook.folders = True, folders
    _hook.active = True
    try:
        yield prevented
    finally:
        _hook.active, _hook.reading_only, _hook.folders, _hook.prevented = before
        sys.dont_write_bytecode = bytecode
