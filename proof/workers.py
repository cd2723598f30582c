"""Running cases in processes of their own, several at once.

What a case starts is forked from processes that have the frameworks imported (`tests/warm`), unless PARITY_TEST_COLD is set.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import shutil
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

from proof.table import Case, Row, Table, load_table
from tests.warm import client as warm

__all__ = ["Done", "run_cases"]


class Done(NamedTuple):
    """A case and its row; `lasting` where `run` returned it: what raised, or was killed, is not kept."""

    case: Case
    row: Row
    lasting: bool


def run_cases(table: Table, cases: Sequence[Case], jobs: int) -> Iterator[Done]:
    """Each case as it comes. One that kills its worker takes the pool with it: what was under way then is run again alone."""
    again: list[Case] = []
    if cases:
        for done in _pool(table, cases, jobs):
            if isinstance(done, Case):
                again.append(done)
            else:
                yield done
    for case in again:
        for done in _pool(table, [case], 1):
            yield _broken(table, case, "The worker was killed.") if isinstance(done, Case) else done


def _pool(table: Table, cases: Sequence[Case], jobs: int) -> Iterator[Done | Case]:
    # Not forked: torch's threads do not survive it.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_keep_warm) as pool:
        running: dict[Future[Row], Case] = {pool.submit(_run_one, table.name, case): case for case in cases}
        for future in as_completed(running):
            case = running[future]
            try:
                yield Done(case, future.result(), lasting=True)
            except BrokenProcessPool:
                yield case
            except Exception as error:  # noqa: BLE001 - whatever a table's module raises
                traceback.print_exception(error)
                yield _broken(table, case, f"The case raised {type(error).__name__}: {error}")


def _broken(table: Table, case: Case, sentence: str) -> Done:
    return Done(case, Row(("",) * len(table.columns), sentence), lasting=False)


def _keep_warm() -> None:
    folder = warm.begin()
    # A worker ends without `atexit`.
    multiprocessing.util.Finalize(None, shutil.rmtree, (folder,), {"ignore_errors": True}, exitpriority=0)


def _run_one(name: str, case: Case) -> Row:
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        return load_table(name).run(case, Path(folder))
