"""Two texts from where they differ, short enough for a sentence."""

from __future__ import annotations

__all__ = ["from_where_they_differ"]

_SHOWN = 20


def from_where_they_differ(one: str, other: str) -> tuple[str, str]:
    """Up to twenty characters of two texts, from the first that differs.

    >>> from_where_they_differ("the film", "the plot")
    ('film', 'plot')
    """
    at = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return one[at : at + _SHOWN], other[at : at + _SHOWN]
