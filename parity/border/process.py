"""A child process in its own session, written to and read through pipes, which leaves nothing behind.

Three pipes, each with a thread: its stdin (so that a child that does not read cannot block this process), its stdout, line
by line, and its stderr, of which the last lines are kept.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

__all__ = ["Child"]

_LAST_LINES = 40
_LAST_BYTES = 4096
_LONGEST_LINE = 1 << 28


class Child:
    """A process and its group. Raises OSError where it cannot be started."""

    def __init__(
        self, command: Sequence[str], variables: Mapping[str, str], descriptors: Sequence[int] = ()
    ) -> None:
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(variables),
            pass_fds=tuple(descriptors),
            start_new_session=True,
        )
        self._group_is_ours = True
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._last_lines: deque[bytes] = deque(maxlen=_LAST_LINES)
        self._last_line = b""
        self._writer = threading.Thread(
            target=self._write, args=(self._pipe(self._process.stdin),), daemon=True
        )
        self._listener = threading.Thread(
            target=self._listen, args=(self._pipe(self._process.stderr),), daemon=True
        )
        self._writer.start()
        self._listener.start()

    def send(self, line: bytes) -> None:
        """Queue a line for the child's stdin; returns at once, without an error if the child has ended."""
        self._outgoing.put(line)

    def lines(self) -> Iterator[bytes]:
        """The child's stdout, line by line, to its end; a line beyond 256 MiB comes in pieces."""
        stdout = self._pipe(self._process.stdout)
        while line := stdout.readline(_LONGEST_LINE):
            yield line

    def last_words(self) -> str:
        """The end of its stderr: at most 40 lines and 4 kB."""
        if self.ended():
            self._listener.join(0.5)  # unless a grandchild holds the pipe open, the end is near
        lines = [line for line in [*self._last_lines, self._last_line] if line.strip()][-_LAST_LINES:]
        return b"\n".join(lines)[-_LAST_BYTES:].decode("utf-8", "replace")

    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def wait(self, seconds: float) -> bool:
        """Wait for the end; False when it did not come."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.ended()

    def how_it_ended(self) -> str:
        """`was killed by SIGKILL`, or `ended with status 3`."""
        status = self._process.poll()
        if status is None:
            return "is still running"
        if status >= 0:
            return f"ended with status {status}"
        try:
            return f"was killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"was killed by signal {-status}"

    def was_killed(self) -> bool:
        """Whether SIGKILL ended it: the user's, or that of a system out of memory."""
        return self._process.poll() == -signal.SIGKILL

    def kill(self) -> None:
        """End the process and its whole group now, and reap it."""
        self._signal(signal.SIGKILL)
        self.wait(5)
        self._group_is_ours = False  # once reaped, the number may belong to someone else

    def close(self, seconds: float) -> None:
        """Wait `seconds` for it to end by itself, then terminate it (SIGTERM), then kill it; nothing of its group is left."""
        try:
            if not self.wait(seconds):
                self._signal(signal.SIGTERM)
                self.wait(0.5)
        finally:
            self.kill()
            self._outgoing.put(None)
            self._writer.join(1)
            self._listener.join(1)

    def _signal(self, number: signal.Signals) -> None:
        if self._group_is_ours:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _write(self, stdin: IO[bytes]) -> None:
        with contextlib.suppress(OSError):  # the child is gone: whoever reads its lines will notice
            while (line := self._outgoing.get()) is not None:
                stdin.write(line)
                stdin.flush()
        with contextlib.suppress(OSError):
            stdin.close()

    def _listen(self, stderr: IO[bytes]) -> None:
        while chunk := os.read(stderr.fileno(), 1 << 16):
            # a progress bar overwrites its line with \r: each state is a line here
            lines = re.split(rb"[\r\n]+", self._last_line + chunk)
            self._last_line = lines.pop()[-_LAST_BYTES:]
            self._last_lines.extend(line[-_LAST_BYTES:] for line in lines)

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None  # all three are requested above
        return pipe
