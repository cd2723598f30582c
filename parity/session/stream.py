"""Requests sent ahead: a runner computes the next ones while the host works on the last answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

__all__ = ["ahead"]

_Job = TypeVar("_Job")
_Sent = TypeVar("_Sent")


def ahead(
    jobs: Iterable[_Job], send: Callable[[_Job], _Sent], *, count: int = 2
) -> Iterator[tuple[_Job, _Sent]]:
    """Every job with what `send` returned for it (a reply), in order; up to `count` of them are sent and not yet yielded.

    A caller that stops early sends no more.

    >>> sent = []
    >>> for job, _ in ahead("abcd", sent.append):
    ...     print(job, sent)
    ...     if job == "b":
    ...         break
    a ['a', 'b']
    b ['a', 'b', 'c']
    """
    waiting: deque[tuple[_Job, _Sent]] = deque()
    for job in jobs:
        waiting.append((job, send(job)))
        if len(waiting) == count:
            yield waiting.popleft()
    yield from waiting
