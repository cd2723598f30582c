"""How far a long piece of work on a subject is: reported by runners, and passed on to whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["OnProgress", "Progress", "unwatched"]


class Progress(NamedTuple):
    """What is being done, and how much of it is finished; `total` is None where the end is not known.

    Where several things are done side by side, `what` begins with the name of one of them and a colon ("seed 3: training").

    >>> Progress("training", 2, 20).of("seed 3").what
    'seed 3: training'
    """

    what: str
    done: int = 0
    total: int | None = None

    def of(self, name: str) -> Progress:
        """The same, as that of one of several things done side by side."""
        return self._replace(what=f"{name}: {self.what}")


OnProgress = Callable[[Progress], None]


def unwatched(progress: Progress) -> None:
    """For work without a progress display."""
