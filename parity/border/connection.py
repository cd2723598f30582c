"""The connection to one runner's process: requests out, events in, and the errors when it fails.

It knows the protocol (`parity/_in_process/serve.py`) and nothing of models; each request is named by `what`, so that
every error can report what was running.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any, NamedTuple

from parity.border.messages import Done, Event, Failed, Hello, Progressed, Warned, read_event
from parity.border.process import Child
from parity.environments.interpreters import interrogate
from parity.errors import (
    InterpreterBroken,
    ParityError,
    RunnerDied,
    RunnerSpokeGarbage,
    RunnerTimeout,
)
from parity.subjects.progress import OnProgress, Progress, unwatched

__all__ = ["Connection", "Pending"]

OLDEST_PYTHON = (3, 8)
_POLL_SECONDS = 0.5  # between two checks that the process is alive


class Pending(NamedTuple):
    """A request on its way: its number, what it is called in a sentence, and the answer to come."""

    number: int
    what: str
    answer: Future[Done | Failed]


class Connection:
    """Starts a process at once, sends it requests and reads its events.

    `name` is the subject's in every sentence; `timeout` the seconds of silence that are too many (None: never).
    Progress reaches the callback from a thread of this connection.
    """

    def __init__(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        descriptors: Sequence[int],
        *,
        name: str,
        timeout: float | None,
        on_progress: OnProgress = unwatched,
    ) -> None:
        self._name = name
        self._interpreter = command[0]
        self._timeout = timeout
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._pending: dict[int, Pending] = {}
        self._requested = 0
        self._hello: Hello | None = None
        self._warnings: dict[str, None] = {}
        self._working_on = ""
        self._failure: BaseException | None = None
        self._heard_at = time.monotonic()
        try:
            self._child = Child(command, variables, descriptors)
        except OSError as error:
            raise InterpreterBroken(
                f"The interpreter {self._interpreter} cannot be started: {error.strerror}.",
                next_step=_NAME_ANOTHER,
            ) from error
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def warnings(self) -> tuple[str, ...]:
        """The runner's warnings, each sentence once, in order."""
        return tuple(self._warnings)

    def ask(self, what: str, op: str, **fields: Any) -> Pending:
        """Send a request; returns at once."""
        with self._lock:
            if not self._pending:
                self._heard_at = time.monotonic()  # silence counts from when there was something to answer
            self._requested += 1
            pending = self._pending[self._requested] = Pending(self._requested, what, Future())
            if self._failure is not None:
                pending.answer.set_exception(self._failure)
        self._child.send(json.dumps({"id": pending.number, "op": op, **fields}).encode() + b"\n")
        return pending

    def wait(self, pending: Pending) -> Done | Failed:
        """The answer to a request; raises what ended the connection when that came first."""
        while not pending.answer.done():
            patience = self._patience()
            if patience <= 0:
                self._fail(self._timed_out())
                break
            wait([pending.answer], min(patience, _POLL_SECONDS))
            if not pending.answer.done() and self._child.ended():
                # Its last lines may still be in the pipe; a grandchild may hold the pipe open for ever.
                self._reader.join(2 * _POLL_SECONDS)
                self._fail(self._died())
        return pending.answer.result()

    def close(self, seconds: float = 2.0) -> None:
        """End the process, politely where it is idle, and whatever belongs to it."""
        polite = self._failure is None and not self._pending
        try:
            if polite:
                self.ask("closing", "close")
        finally:
            self._child.close(seconds if polite else 0)
            self._reader.join(1)

    def _patience(self) -> float:
        return float("inf") if self._timeout is None else self._heard_at + self._timeout - time.monotonic()

    def _read(self) -> None:
        for line in self._child.lines():
            try:
                event = read_event(line)
                self._note(event)
            except (
                ValueError,
                KeyError,
            ):  # not JSON, not a record of ours, or about a request that was not made
                self._fail(self._garbage(line))
                return
            try:
                if isinstance(event, Hello) and (problem := self._unfit(event)):
                    raise problem
                if isinstance(event, Progressed):
                    self._on_progress(Progress(event.what, event.done, event.total))
            except Exception as error:  # noqa: BLE001 - a callback's, say: it belongs to whoever waits
                self._fail(error)
                return
        self._child.wait(2)
        self._fail(self._died())

    def _note(self, event: Event) -> None:
        """Keep what an event reports."""
        with self._lock:
            self._heard_at = time.monotonic()
            match event:
                case Hello():
                    self._hello = event
                case Done() | Failed():
                    self._pending.pop(event.id).answer.set_result(event)
                    self._working_on = ""
                case Progressed():
                    self._working_on = event.what
                case Warned():
                    self._warnings[event.sentence] = None

    def _fail(self, failure: BaseException) -> None:
        with self._lock:
            self._failure = self._failure or failure
            for pending in self._pending.values():
                if not pending.answer.done():
                    pending.answer.set_exception(self._failure)
        self._child.kill()

    def _running(self) -> str:
        what = next((pending.what for pending in list(self._pending.values())), "waiting for a request")
        return f"{what} ({self._working_on})" if self._working_on else what

    def _timed_out(self) -> ParityError:
        words = self._child.last_words()
        return RunnerTimeout(
            f"{self._name} sent nothing for {self._timeout:g} s, while {self._running()}; its process was ended.{_quoted(words)}",
            next_step="Allow more time with --timeout SECONDS.",
            detail=words,
        )

    def _died(self) -> ParityError:
        self._child.wait(0.5)
        ended, words = self._child.how_it_ended(), self._child.last_words()
        if not self._child.ended():
            ended = "closed its output without ending"
        if self._hello is None and not self._child.was_killed():
            return self._no_python(ended, words)
        died = RunnerDied(
            f"The runner of {self._name} {ended}, while {self._running()}.{_quoted(words)}",
            next_step=_OUT_OF_MEMORY if self._child.was_killed() else _CRASH,
            detail=words,
        )
        died.killed = self._child.was_killed()
        return died

    def _garbage(self, line: bytes) -> ParityError:
        line = line.rstrip(b"\n")
        shown = repr(line[:80])[1:] + (" …" if len(line) > 80 else "")
        if self._hello is None:
            return self._no_python(f"answers {shown}", self._child.last_words())
        return RunnerSpokeGarbage(
            f"The runner of {self._name} sent a line that is not valid protocol JSON, while {self._running()}: {shown}.",
            next_step="Something in its process writes to the runner's output; its last lines may show what.",
            detail=self._child.last_words(),
        )

    def _no_python(self, what: str, words: str) -> ParityError:
        if "SyntaxError" in words:  # a Python that cannot even read the first file it is given
            version = interrogate(Path(self._interpreter))
            return self._too_old(f"Python {version}" if version else "an older Python")
        return InterpreterBroken(
            f"{self._interpreter} does not start as Python: it {what}.{_quoted(words)}",
            next_step=_NAME_ANOTHER,
            detail=words,
        )

    def _unfit(self, hello: Hello) -> ParityError | None:
        if tuple(map(int, hello.python.split(".")[:2])) >= OLDEST_PYTHON:
            return None
        return self._too_old(f"Python {hello.python}")

    def _too_old(self, python: str) -> ParityError:
        return InterpreterBroken(
            f"{self._interpreter} is {python}; parity's runners need 3.8 or newer.",
            next_step=_NAME_ANOTHER,
        )


_OUT_OF_MEMORY = "The system most often sends SIGKILL when memory runs out: use ?batch_size=1, or run fewer other programs."
_CRASH = "The framework crashed: try it with ?device=cpu, with fewer rows at a time, or another version of it by @."
_NAME_ANOTHER = "Name a Python 3.8 or newer after the @ that starts by itself."


def _quoted(words: str) -> str:
    last = next((line for line in reversed(words.splitlines()) if line.strip()), "")
    return f" Its last lines: {last.strip()[:300].rstrip('.')}." if last else ""
