"""Progress on the terminal: bars while a command runs, on stderr, and nothing where stderr is not a terminal."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import parity

__all__ = ["left", "watch"]


@contextlib.contextmanager
def watch(quiet: bool) -> Generator[Callable[[parity.Progress], None]]:
    """Shows progress; safe to call from any thread.

    Work with a name and a colon before it ("seed 3: training, epoch 2 of 20") keeps one bar.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import Progress as Bars
    from rich.text import Text

    class Left(ProgressColumn):
        """The time that is left, at the pace so far."""

        max_refresh = 0.5

        def render(self, task: Task) -> Text:
            return Text(left(task.elapsed, task.completed, task.total))

    lock = threading.Lock()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        Left(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, object] = {}

        def show(progress: parity.Progress) -> None:
            what, done, total = progress
            name = what.partition(": ")[0]
            with lock:
                if name not in tasks:
                    for task in bars.tasks:
                        if task.total is None or task.completed >= task.total:
                            bars.update(task.id, visible=False)
                    tasks[name] = bars.add_task(what, total=total)
                bars.update(tasks[name], description=what, completed=done, total=total, visible=True)  # type: ignore[arg-type]

        yield show


def left(elapsed: float | None, done: float, total: float | None) -> str:
    """The time that is left, in words; nothing where the pace is not known yet.

    >>> left(30.0, 2, 5), left(30.0, 0, 5), left(4000.0, 1, 3)
    ('0:45 left', '', '2:13:20 left')
    """
    if not elapsed or not done or not total or done >= total:
        return ""
    seconds = round(elapsed * (total - done) / done)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d} left" if hours else f"{minutes}:{seconds:02d} left"
