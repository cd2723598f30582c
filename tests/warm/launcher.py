"""What stands for a process forked by a server: `python launcher.py SOCKET ARGUMENT...` ends as that process does, and kills it by ending.

Its descriptors, variables and folder become the other's.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys


def main() -> None:
    """Hand everything over, and wait."""
    numbers = sorted({0, 1, 2, *(int(name) for name in os.listdir("/proc/self/fd"))})
    numbers = [number for number in numbers if _is_open(number)]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(sys.argv[1])
    wanted = {
        "arguments": sys.argv[2:],
        "variables": dict(os.environ),
        "folder": os.getcwd(),
        "numbers": numbers,
    }
    data = json.dumps(wanted).encode() + b"\n"
    sent = socket.send_fds(connection, [data], numbers)
    connection.sendall(data[sent:])
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in numbers:
        os.dup2(nothing, number)  # an end of a pipe that is the other's alone
    told = connection.makefile("rb").readline()
    status = json.loads(told) if told else signal.SIGKILL
    if os.WIFSIGNALED(status):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with contextlib.suppress(OSError):  # SIGKILL has no handler
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
