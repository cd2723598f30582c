"""Where runs are made: in processes of this machine, or on a Ray cluster. The same tasks, the same outcomes, in order.

On a cluster the folders of the tasks, the runs and what the subjects name must lie on storage that all nodes see, under
the same paths. A lost worker costs its run: the task is given to another one.
"""

from __future__ import annotations

import importlib
import os
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from parity.errors import ExecutorMissing, ParityError
from parity.seed_audit.runs.run_inputs import Outcome, Task, collect
from parity.session.session import Session
from parity.subjects.progress import OnProgress, Progress

__all__ = ["run_here", "run_on_ray"]

_RETRIES = 3
_POLL_SECONDS = 1.0  # between two checks of the workers' progress
_CONNECT_SECONDS = 10.0  # for a cluster to accept a connection
_PASSED = ("PARITY_RUNS", "PARITY_CACHE", "HF_HOME", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


class _Live:
    """The open sessions, so that all can be ended at once; one that starts afterwards is ended too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: list[Session] = []
        self._ended = False

    def add(self, session: Session) -> None:
        with self._lock:
            self._sessions.append(session)
            ended = self._ended
        if ended:
            session.close()

    def end(self) -> None:
        with self._lock:
            self._ended = True
            sessions = list(self._sessions)
        for session in sessions:
            session.close()


def run_here(tasks: Sequence[Task], progress: OnProgress, *, jobs: int) -> list[Outcome]:
    """Every task, `jobs` at a time; each is a process of its own behind the border, and a thread here waits for it.

    Whatever ends this early (Ctrl-C, a full disk) ends the processes too.
    """
    live = _Live()
    progress(Progress("runs", 0, len(tasks)))
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures = [
            pool.submit(collect, task, partial(_relay_named, progress, task.name), live.add) for task in tasks
        ]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                progress(Progress(f"{tasks[futures.index(future)].name}: done", 1, 1))
                progress(Progress("runs", done, len(tasks)))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            live.end()
            raise
    return [future.result() for future in futures]


def run_on_ray(
    tasks: Sequence[Task], progress: OnProgress, *, jobs: int, address: str | None = None
) -> list[Outcome]:
    """Every task on Ray: on the cluster at `address`, or on one started here with `jobs` workers."""
    ray = _ray(address, jobs)
    try:
        variables = {name: os.environ[name] for name in _PASSED if name in os.environ}
        remote = ray.remote(num_cpus=1, max_retries=_RETRIES)(_collect_there)
        waiting = [remote.remote(task, os.getcwd(), variables) for task in tasks]
        left = list(waiting)
        progress(Progress("runs", 0, len(tasks)))
        while left:
            ready, left = ray.wait(left, num_returns=1, timeout=_POLL_SECONDS)
            for task, reference in zip(tasks, waiting, strict=True):
                if reference in left:
                    _relay(task, progress)
                elif reference in ready:
                    progress(Progress(f"{task.name}: done", 1, 1))
            progress(Progress("runs", len(tasks) - len(left), len(tasks)))
        return [_outcome(ray, task, reference) for task, reference in zip(tasks, waiting, strict=True)]
    finally:
        ray.shutdown()


def _ray(address: str | None, jobs: int) -> Any:
    """Ray, connected. Raises ExecutorMissing."""
    # Ray counts its users over the network unless this is set before it is imported.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        ray: Any = importlib.import_module("ray")
    except ModuleNotFoundError as error:
        raise ExecutorMissing(
            "--executor ray needs Ray, which is not installed beside parity.",
            next_step='Install it: pip install "parity-audit[ray]"',
        ) from error
    if address is not None:
        _check_address(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "CRITICAL"}
    try:
        if address is None:
            ray.init(address="local", num_cpus=jobs, include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (OSError, RuntimeError, ValueError, AssertionError) as error:
        where = "No Ray can be started here" if address is None else f"No Ray cluster answers at {address}"
        reason = " ".join(str(error).split())[:200]
        raise ExecutorMissing(
            f"{where}: {reason or type(error).__name__}.",
            next_step="Give --address HOST:PORT of a cluster (ray start --head), or omit it to start one here.",
        ) from error
    return ray


def _check_address(address: str) -> None:
    """Check at once that a server listens there: Ray itself would keep trying for many minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not colon and address == "auto":
        return  # it looks for a cluster on this machine, and reports at once where there is none
    if not host or not port.isdecimal():
        raise ExecutorMissing(
            f"--address {address!r} is not HOST:PORT.", next_step="Write it as `ray start --head` prints it."
        )
    try:
        with socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS):
            pass
    except (OSError, OverflowError) as error:
        raise ExecutorMissing(
            f"No Ray cluster answers at {address}: {error}.",
            next_step="Start one there (ray start --head), or omit --address to start one here.",
        ) from error


def _collect_there(task: Task, folder: str, variables: dict[str, str]) -> Outcome:
    """The work of a worker: the same as here, in the same folder, with its progress in a file."""
    os.environ.update(variables)
    try:
        os.chdir(folder)
    except OSError as error:
        sentence = f"The worker does not see {folder}: {error.strerror}."
        return Outcome(
            task.subject, None, sentence, ExecutorMissing.slug, "Start in a folder that all nodes see."
        )
    written = 0.0
    file = _progress_file(task)

    def write(progress: Progress) -> None:
        nonlocal written
        if time.monotonic() - written >= _POLL_SECONDS:
            written = time.monotonic()
            with suppress(OSError):
                file.parent.mkdir(parents=True, exist_ok=True)
                draft = file.with_suffix(".draft")
                draft.write_text(f"{progress.done}\t{progress.total or ''}\t{progress.what}", "utf-8")
                draft.replace(file)

    return collect(task, write)


def _progress_file(task: Task) -> Path:
    return Path(f"{task.folder}.progress")


def _relay(task: Task, progress: OnProgress) -> None:
    with suppress(OSError, ValueError):
        done, total, what = _progress_file(task).read_text("utf-8").split("\t", 2)
        progress(Progress(what, int(done), int(total) if total else None).of(task.name))


def _outcome(ray: Any, task: Task, reference: Any) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, ParityError):
            return Outcome(task.subject, None, cause.sentence, cause.slug, cause.next_step)
        raise cause from error
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[0][:200]
        return Outcome(
            task.subject, None, f"Its worker was lost {_RETRIES + 1} times: {reason}", "runner-died"
        )
    if outcome.folder is not None and not Path(outcome.folder).is_dir():
        sentence = f"The results of the run are in {outcome.folder}, which this machine does not see."
        return Outcome(
            task.subject,
            None,
            sentence,
            ExecutorMissing.slug,
            "Set PARITY_RUNS to storage that all nodes see.",
        )
    return outcome


def _relay_named(on_progress: OnProgress, name: str, progress: Progress) -> None:
    on_progress(progress.of(name))
