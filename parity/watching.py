"""Progress on the terminal: bars while a command runs, on stderr, and nothing at all where stderr is not a terminal."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Generator

__all__ = ["watch"]

Progress = Callable[[str, int, int | None], None]


@contextlib.contextmanager
def watch(quiet: bool) -> Generator[Progress]:
    """A progress callback `(what, done, total)`, safe to call from any thread; `total` None means "no end known"."""
    if quiet or not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    lock = threading.Lock()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, object] = {}

        def progress(what: str, done: int, total: int | None) -> None:
            with lock:
                if what not in tasks:
                    for task in bars.tasks:
                        if task.total is None or task.completed >= task.total:
                            bars.update(task.id, visible=False)
                    tasks[what] = bars.add_task(what, total=total)
                bars.update(tasks[what], completed=done, total=total, visible=True)  # type: ignore[arg-type]

        yield progress
