"""Forms: the required shape of a trace's JSON, and the check of it.

A manifest, an example and an encoding come from a file that may have been edited: each is checked against its form once,
and needs no further checks later. Imports only the standard library.
"""

# The content of a file has no type before it is checked.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = [
    "AGAIN",
    "Damaged",
    "Each",
    "Maybe",
    "Named",
    "Number",
    "OneOf",
    "Record",
    "Whole",
    "check_encoding",
    "check_plain",
    "fit",
]

AGAIN = "Copy it again from where it was recorded, or record it again with parity record."
LEAST, MOST = -(2**63), 2**63 - 1
_DEEP = 64
_SHOWN = 40


_NOTHING: dict[str, Any] = {}


class Damaged(Exception):
    """Why a trace cannot be read, as the end of a sentence about its folder; and the next step."""

    def __init__(self, reason: str, next_step: str = AGAIN) -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step


class Whole(NamedTuple):
    """A whole number from `least` to `most`."""

    least: int = LEAST
    most: int = MOST


class Number(NamedTuple):
    """A finite number above `above`."""

    above: float


class Maybe(NamedTuple):
    """null, or the form."""

    form: Any


class Each(NamedTuple):
    """A list, each item of the form."""

    form: Any


class Named(NamedTuple):
    """An object of any keys, each value of the form."""

    form: Any


class OneOf(NamedTuple):
    """One of these values."""

    values: tuple[Any, ...]


class Record(NamedTuple):
    """An object with these keys at least, and optionally these; other keys are ignored."""

    needed: dict[str, Any]
    optional: dict[str, Any] = _NOTHING


_TYPES: dict[type, str] = {str: "a text", bool: "true or false", dict: "an object", list: "a list"}


def fit(value: Any, form: Any, where: str) -> None:
    """Raise Damaged where a value does not have its form; `where` names its place."""
    if isinstance(form, type):
        if not isinstance(value, form):
            raise _not(where, value, _TYPES[form])
    elif isinstance(form, Whole):
        if not isinstance(value, int) or isinstance(value, bool) or not form.least <= value <= form.most:
            raise _not(where, value, _range(form))
    elif isinstance(form, Number):
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not _finite(value, form.above):
            raise _not(where, value, f"a number above {form.above:g}")
    elif isinstance(form, Maybe):
        if value is not None:
            fit(value, form.form, where)
    elif isinstance(form, Each):
        fit(value, list, where)
        for place, item in enumerate(value):
            fit(item, form.form, f"{where}[{place}]")
    elif isinstance(form, Named):
        fit(value, dict, where)
        for name, item in value.items():
            fit(item, form.form, f"{where}.{name}")
    elif isinstance(form, OneOf):
        if not any(value == known and type(value) is type(known) for known in form.values):
            raise _not(where, value, "one of {}".format(", ".join(map(repr, form.values))))
    else:
        fit(value, dict, where)
        for name in form.needed:
            if name not in value:
                raise Damaged(f"is damaged: {where} has no {name!r}")
        for name, item in list(form.needed.items()) + list(form.optional.items()):
            if name in value:
                fit(value[name], item, f"{where}.{name}")


def check_plain(value: Any, where: str, *, surrogates: bool = False) -> None:
    """Raise Damaged where JSON holds values that parity cannot represent.

    That is what is nested more than 64 deep, whole numbers beyond 64 bits, and (unless `surrogates`) half of a surrogate
    pair, which is not a character.
    """
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > _DEEP:
            raise Damaged(f"is damaged: {where} is nested more than {_DEEP} levels deep")
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, str):
                if not surrogates and not _is_text(item):
                    raise Damaged(f"is damaged: {where} holds half of a surrogate pair")
            elif isinstance(item, int) and not LEAST <= item <= 2 * MOST + 1:
                raise Damaged(f"is damaged: {where} holds a number of more than 64 bits")
        level = below


def check_encoding(row: Any, where: str) -> None:
    """Raise Damaged where a line is neither null nor one row as a tokenizer gave it."""
    if row is None:
        return
    fit(row, dict, where)
    ids = row.get("input_ids")
    if not _whole_numbers(ids):
        raise Damaged(f"is damaged: {where} has no input_ids that are whole numbers")
    count = len(ids)
    for name, holds in _COLUMNS:
        column = row.get(name)
        if not isinstance(column, list) or len(column) != count or not all(map(holds, column)):
            raise Damaged(f"is damaged: {where} has other {name} than {count} tokens need")
    types: Any | None = row.get("token_type_ids")
    if types is not None and (not _whole_numbers(types) or len(types) != count):
        raise Damaged(f"is damaged: {where} has other token_type_ids than {count} tokens need")
    words: Any | None = row.get("words")
    if words is not None and (
        not isinstance(words, list) or len(words) != count or not all(map(_is_segment, words))
    ):
        raise Damaged(f"is damaged: {where} has other words than {count} tokens need")
    fit(row, _TEXTS, where)


def _is_offset(item: Any) -> bool:
    return item is None or (_whole_numbers(item) and len(item) == 2)


def _is_segment(item: Any) -> bool:
    return item is None or _whole_numbers([item])


def _is_mark(item: Any) -> bool:
    return isinstance(item, bool) or _whole_numbers([item])


def _is_piece(item: Any) -> bool:
    return isinstance(item, str)


_COLUMNS = (
    ("pieces", _is_piece),
    ("offsets", _is_offset),
    ("segments", _is_segment),
    ("special", _is_mark),
)
_TEXTS = Record({}, {"normalized": Maybe(str), "normalized_pair": Maybe(str), "untruncated": Whole()})


def _whole_numbers(values: Any) -> bool:
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        return False
    return not values or (min(values) >= LEAST and max(values) <= MOST)


def _finite(value: Any, above: float) -> bool:
    try:
        return math.isfinite(value) and value > above
    except OverflowError:  # a whole number that no float can represent
        return False


def _is_text(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _range(form: Whole) -> str:
    least, most = form
    if (least, most) == (LEAST, MOST):
        return "a whole number"
    return f"a whole number from {least}" if most == MOST else f"a whole number from {least} to {most}"


def _not(where: str, value: Any, expected: str) -> Damaged:
    return Damaged(f"is damaged: {where} is {shown(value)} instead of {expected}")


def shown(value: Any) -> str:
    """A value in a sentence: a few letters of it, and only what can be written in any encoding."""
    if isinstance(value, (dict, list)):
        return "{} of {}".format("an object" if isinstance(value, dict) else "a list", len(value))
    if isinstance(value, int) and not isinstance(value, bool) and not LEAST <= value <= MOST:
        return "a number of more than 64 bits"
    text = ascii(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def some(names: Sequence[str]) -> str:
    """The first few of several names."""
    return ", ".join(map(shown, names[:3])) + (" and more" if len(names) > 3 else "")
