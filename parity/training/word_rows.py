"""Rows that are lists of words with a tag for each, in the training and evaluation rows of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn, cast

__all__ = ["words_and_tags"]

Refuse = Callable[[str | None, str], NoReturn]


def words_and_tags(
    cells: dict[str, Any], words: str, tags: str | None, refuse: Refuse
) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """The words of a row and its tags (None: it has none); `refuse` raises for a column, with what is wrong in it."""
    found = _listed(cells, words, refuse)
    if not found:
        refuse(words, "holds no word")
    if not all(isinstance(word, str) and word.strip() for word in found):
        refuse(words, "holds something other than words")
    if tags is None or cells.get(tags) is None:
        return tuple(map(str, found)), None
    beside = _listed(cells, tags, refuse)
    if len(beside) != len(found):
        refuse(tags, f"holds {len(beside)} tags for {len(found)} words")
    if not all(isinstance(tag, str | int) and not isinstance(tag, bool) for tag in beside):
        refuse(tags, "holds a tag that is neither a text nor a whole number")
    return tuple(map(str, found)), tuple(map(str, beside))


def _listed(cells: dict[str, Any], column: str, refuse: Refuse) -> Sequence[Any]:
    value: Any = cells.get(column)
    if not isinstance(value, list):
        refuse(column, "is missing" if value is None else "is not a list")
    return cast("Sequence[Any]", value)
