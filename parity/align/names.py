"""A few names of a list, for a sentence."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["some"]

_NAMED = 3


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are.

    >>> some(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
