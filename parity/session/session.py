"""A session: one opened subject, its process and its description, ready to tokenize and to run.

This is the only way to run a subject: compare, record, inspect, the seed audit and the conformance check all open sessions.

    with open_session(OpenRequest(subject)) as session:
        session.runner.tokenize(examples)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from types import TracebackType
from typing import NamedTuple, Self

from parity.border.description import Description
from parity.border.runner import Runner
from parity.environments.resolve import interpreter_for
from parity.records.subject import ChosenRecord, OverriddenRecord, SubjectRecord
from parity.session.without_effect import check_own_temperature
from parity.subjects.adapter import Adapter, check_options, find_adapter
from parity.subjects.progress import OnProgress, Progress, unwatched
from parity.subjects.subject import Subject

__all__ = ["OpenRequest", "Session", "open_session", "open_sessions", "parameter_count", "prepare"]


class OpenRequest(NamedTuple):
    """What is to be opened, and how: `name` is put before its progress where several subjects are open.

    `adapter` is the one of the subject's scheme when it is None; `threads` None is half the cores; `timeout` the seconds
    of silence after which the process is ended (None: never).
    """

    subject: Subject
    adapter: Adapter | None = None
    name: str = ""
    threads: int | None = None
    timeout: float | None = 600


class Session:
    """A subject that is being opened. A context manager: leaving it ends the process."""

    def __init__(self, request: OpenRequest, adapter: Adapter, on_progress: OnProgress) -> None:
        self.name = request.name
        self.subject = request.subject
        self.adapter = adapter
        self.interpreter = interpreter_for(
            request.subject.interpreter, adapter.environment, lambda what: on_progress(Progress(what))
        )
        self.runner = Runner.start(
            request.subject,
            adapter,
            interpreter=self.interpreter,
            threads=request.threads,
            timeout=request.timeout,
            on_progress=(lambda progress: on_progress(progress.of(self.name))) if self.name else on_progress,
        )

    @property
    def described(self) -> Description:
        """How the subject describes itself; waits until it is loaded, and raises what loading raised.

        Raises BadOptionValue for a temperature that has no effect on it.
        """
        return self.wait()

    def wait(self) -> Description:
        """Wait until the subject is loaded, for how it describes itself; raises as `described`."""
        described = self.runner.describe()
        check_own_temperature(self.subject, described)
        return described

    def reopen(self, option: tuple[str, str]) -> None:
        """Load the subject anew in its process, with one more option than it was written with; returns at once."""
        self.runner.reopen(self.subject._replace(options=(*self.subject.options, option)), self.adapter)

    def close(self) -> None:
        """End the process; from any thread, any number of times."""
        self.runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def record(self) -> SubjectRecord:
        """This subject as an audit keeps it."""
        described = self.described
        return SubjectRecord(
            spec=str(self.subject),
            framework=described.framework,
            versions=described.versions,
            weights_digest=described.weights_digest,
            model_class=described.model_class,
            task=described.task,
            dtype=described.dtype,
            device=described.device,
            labels=described.labels,
            temperature=described.temperature,
            scope=described.scope,
            parameters=parameter_count(described),
            newly_initialised=described.newly_initialised,
            unused_weights=described.unused_weights,
            config=described.config,
            tokenizer=described.tokenizer,
            notes=described.notes,
            warnings=sorted(self.runner.warnings),
            generation=described.generation,
            commit=described.origin.commit,
            tokenizer_commit=described.origin.tokenizer_commit,
            tokenizer_digest=described.origin.tokenizer_digest,
            weights_bytes=described.weights_bytes,
            served=described.served,
            overridden=[
                OverriddenRecord(setting=item.setting, before=item.before, value=item.value)
                for item in described.overridden
            ],
            chosen=[
                ChosenRecord(setting=item.setting, value=item.value, library=item.library, by=item.by)
                for item in described.chosen
            ],
        )


def open_session(request: OpenRequest, on_progress: OnProgress = unwatched) -> Session:
    """Start to open a subject; its description is waited for when it is read.

    Raises UnknownScheme, UnknownOption, BadOptionValue, InterpreterNotFound, and what building an environment raises.
    """
    adapter = request.adapter or find_adapter(request.subject)
    check_options(adapter, request.subject)
    return Session(request, adapter, on_progress)


def prepare(subject: Subject, on_progress: OnProgress = unwatched) -> None:
    """Do what opening a subject does first, and start nothing: its options are checked, its environment is built where it must be.

    Raises UnknownScheme, UnknownOption, BadOptionValue, InterpreterNotFound, and what building an environment raises.
    """
    adapter = find_adapter(subject)
    check_options(adapter, subject)
    interpreter_for(subject.interpreter, adapter.environment, lambda what: on_progress(Progress(what)))


def open_sessions(
    requests: Sequence[OpenRequest], stack: ExitStack, on_progress: OnProgress = unwatched
) -> list[Session]:
    """Open several subjects at once, so that only the slowest is waited for; `stack` closes them.

    Raises what opening one of them raises, at once, however long the others load.
    """
    adapters = [request.adapter or find_adapter(request.subject) for request in requests]
    for request, adapter in zip(requests, adapters, strict=True):
        check_options(adapter, request.subject)
    sessions = [
        stack.enter_context(Session(request, adapter, on_progress))
        for request, adapter in zip(requests, adapters, strict=True)
    ]
    on_progress(Progress("opening both sides"))
    pool = ThreadPoolExecutor(len(sessions))
    try:
        waiting = [pool.submit(session.wait) for session in sessions]
        done, _ = wait(waiting, return_when=FIRST_EXCEPTION)
        for answer in waiting:
            if answer in done:
                answer.result()
    finally:
        # The sessions are closed when this fails, which ends the wait of the other threads.
        pool.shutdown(wait=False)
    return sessions


def parameter_count(described: Description) -> int:
    """How many numbers a subject's parameters are."""
    return sum(math.prod(parameter.shape) for parameter in described.parameters)
