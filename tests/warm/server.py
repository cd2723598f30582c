"""A warm process: `INTERPRETER server.py SOCKET MODULE...` imports the modules, then forks a child for each connection.

A connection brings one JSON line (arguments, variables, folder, the numbers of its descriptors) with the descriptors, and is told
how the child ended, as one JSON line. A child whose connection closes is killed, with its session. Python 3.8, standard library.
"""

from __future__ import annotations

import array
import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
import threading
import traceback
from typing import Any

_HIGH = 500  # no descriptor of a child's own is that high
_MOST = 200  # descriptors in one message


def main() -> None:
    """Import, listen, fork; ends with stdin."""
    place, names = sys.argv[1], sys.argv[2:]
    here = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.realpath(folder or ".") != here]
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001, S112 - of another version, or an optional package
            continue
    gc.collect()
    gc.freeze()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(place + ".new")
    listening.listen(64)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, _note)
    os.rename(place + ".new", place)
    children: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([0, listening.fileno(), reading], [], [])
        if reading in ready:
            os.read(reading, 4096)
            _reap(children)
        if listening.fileno() in ready:
            connection, _ = listening.accept()
            pid = _fork(connection)
            children[pid] = connection
        if 0 in ready and not os.read(0, 1):
            os._exit(0)


def _note(number: int, frame: Any) -> None:
    """A child has ended, which the descriptor of wake-ups tells the loop."""


def _reap(children: dict[int, socket.socket]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with children.pop(pid) as connection:
            try:
                connection.sendall(json.dumps(status).encode() + b"\n")
            except OSError:
                continue  # who asked is no more


def _fork(connection: socket.socket) -> int:
    wanted, descriptors = _receive(connection)
    pid = os.fork()
    if pid:
        for descriptor in descriptors:
            os.close(descriptor)
        return pid
    try:
        _become(connection, wanted, descriptors)
    except BaseException:  # noqa: BLE001 - of this file: the child's own were shown already
        traceback.print_exc()
    finally:
        os._exit(70)


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    descriptors = array.array("i")
    data = b""
    while not data.endswith(b"\n"):
        part, extra, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(_MOST * descriptors.itemsize))
        for level, kind, content in extra:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
        data += part
    return json.loads(data), list(descriptors)


def _become(connection: socket.socket, wanted: dict[str, Any], descriptors: list[int]) -> None:
    """Be the process that was wanted, to its end."""
    import fcntl

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    held = fcntl.fcntl(connection.fileno(), fcntl.F_DUPFD_CLOEXEC, _HIGH)
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH) for descriptor in descriptors]
    connection.detach()
    os.closerange(0, _HIGH)
    for there, number in zip(high, wanted["numbers"]):
        os.dup2(there, number)  # inherited by what the process starts, as after a cold start
        os.close(there)
    threading.Thread(target=_watch, args=(held,), daemon=True).start()
    os.environ.clear()
    os.environ.update(wanted["variables"])
    os.chdir(wanted["folder"])
    tempfile.tempdir = None
    added = wanted["variables"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [folder for folder in added if folder and folder not in sys.path]
    sys.argv[:] = wanted["arguments"]
    status: Any = 0
    try:
        if sys.argv[0] == "-m":
            del sys.argv[0]
            sys.path.insert(0, os.getcwd())
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as error:
        status = error.code
    except BaseException as error:  # noqa: BLE001 - as the interpreter itself
        sys.excepthook(type(error), error, error.__traceback__)
        status = 1
    if status is not None and not isinstance(status, int):
        print(status, file=sys.stderr)
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage]
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            status = status or 120
    os._exit(status or 0)


def _watch(held: int) -> None:
    """The launcher is no more: neither is this process, nor what it started."""
    try:
        os.read(held, 1)
    finally:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
