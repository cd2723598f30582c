"""Where runs are made: in processes of this machine, or on a Ray cluster. The same tasks, the same outcomes, in order.

On a cluster the folders of the tasks must lie on storage that all nodes see. A lost node costs its run: the task is
given to another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from parity.errors import ExecutorMissing
from parity.seeds.collect import Outcome, Task, collect

__all__ = ["run_here", "run_on_ray"]

Progress = Callable[[str, int, int | None], None]
_RETRIES = 3


def run_here(tasks: Sequence[Task], jobs: int, progress: Progress) -> list[Outcome]:
    """Every task, `jobs` at a time; each is a process of its own behind the border, and a thread here waits for it."""
    done = 0
    outcomes: list[Outcome] = []
    progress("runs", 0, len(tasks))
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures = [pool.submit(collect, task, partial(_named, progress, task.subject)) for task in tasks]
        try:
            for future in futures:
                outcomes.append(future.result())
                done += 1
                progress("runs", done, len(tasks))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return outcomes


def run_on_ray(tasks: Sequence[Task], address: str | None, jobs: int, progress: Progress) -> list[Outcome]:
    """Every task on Ray: on the cluster at `address`, or on one started here with `jobs` workers."""
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise ExecutorMissing(
            "--executor ray needs Ray, which is not installed beside parity.",
            next_step='Install it: pip install "parity-audit[ray]"',
        ) from error
    cluster: Any = ray
    try:
        if address is None:
            cluster.init(num_cpus=jobs, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        else:
            cluster.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ExecutorMissing(
            f"The Ray cluster {address} does not answer: {error}.", next_step="Check --address."
        ) from error
    try:
        remote = cluster.remote(num_cpus=1, max_retries=_RETRIES)(collect)
        waiting = [remote.remote(task) for task in tasks]
        left = list(waiting)
        progress("runs", 0, len(tasks))
        while left:
            _, left = cluster.wait(left, num_returns=1)
            progress("runs", len(tasks) - len(left), len(tasks))
        return [_outcome(cluster, task, reference) for task, reference in zip(tasks, waiting, strict=True)]
    finally:
        cluster.shutdown()


def _outcome(cluster: Any, task: Task, reference: Any) -> Outcome:
    try:
        outcome: Outcome = cluster.get(reference)
    except cluster.exceptions.RayError as error:
        return Outcome(
            task.subject, None, f"Its worker was lost {_RETRIES + 1} times: {error}", "worker-lost"
        )
    return outcome


def _named(progress: Progress, subject: str, what: str, done: int, total: int | None) -> None:
    progress(f"{subject}: {what}", done, total)
