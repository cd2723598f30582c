"""The usual forms of scores as rows of numbers: lists, mappings of class to score, lists of {"label", "score"}.

Where a row names its classes, its scores are found by these names, in any order. Imports only numpy.
"""

# The content of a file has no type before it is checked.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["BadRow", "Scores", "as_mapping", "stack"]

_COUNTED = re.compile(r"LABEL_(\d+)")
_MOST = int(np.finfo(np.float64).max)
_ONE_EACH = "Write one number for each class."


class BadRow(Exception):
    """The fault of a row, counted from 0, and the next step."""

    def __init__(self, row: int, what: str, next_step: str) -> None:
        super().__init__(what)
        self.row = row
        self.what = what
        self.next_step = next_step


class Scores(NamedTuple):
    """Numbers [rows, classes], and the classes where the rows name them."""

    values: Any
    classes: list[str] | None


def stack(rows: Sequence[Any]) -> Scores:
    """Put the scores of all rows together; raises BadRow for the first that does not fit."""
    named = [as_mapping(row) for row in rows]
    first = named[0]
    if first is None:
        for number, mapping in enumerate(named):
            if mapping is not None:
                raise BadRow(number, "its scores have class names, and those of row 1 have none", _ONE_EACH)
        return Scores(np.array(_lists(rows), np.float64), None)
    classes = _in_order(list(first))
    listed: list[Any] = []
    for number, mapping in enumerate(named):
        if mapping is None:
            raise BadRow(number, "its scores have no class names, and those of row 1 have", _ONE_EACH)
        _same_classes(number, mapping, classes)
        listed.append([mapping[name] for name in classes])
    if len(classes) < 2:
        raise BadRow(
            0,
            f"it has a score for {classes[0]!r} alone",
            "Write the scores of all classes (pipelines give them with top_k=None).",
        )
    return Scores(np.array(_lists(listed), np.float64), classes)


def as_mapping(row: Any) -> dict[str, Any] | None:
    """A row's scores by class where it names its classes; None where it does not, or names one twice."""
    if isinstance(row, dict):
        if set(row) == {"label", "score"}:
            return {str(row["label"]): row["score"]}
        return {str(name): score for name, score in row.items()}
    if not isinstance(row, list) or not row:
        return None
    if all(isinstance(item, dict) and {"label", "score"} <= set(item) for item in row):
        pairs = [(str(item["label"]), item["score"]) for item in row]
    elif all(
        isinstance(item, tuple) and len(item) == 2 for item in row
    ):  # the form in which Parquet returns a map
        pairs = [(str(name), score) for name, score in row]
    else:
        return None
    found = dict(pairs)
    return found if len(found) == len(pairs) else None


def _same_classes(number: int, mapping: dict[str, Any], classes: list[str]) -> None:
    missing = [name for name in classes if name not in mapping]
    more = [name for name in mapping if name not in classes]
    if missing:
        raise BadRow(number, f"it has no score for the class {missing[0]!r}, which row 1 has", _ONE_EACH)
    if more:
        raise BadRow(
            number, f"it has a score for the class {more[0]!r}, which row 1 does not have", _ONE_EACH
        )


def _in_order(names: list[str]) -> list[str]:
    """Names that only count in their order: pipelines list the largest score first."""
    numbers = [_COUNTED.fullmatch(name) for name in names]
    if not all(numbers):
        return names
    return sorted(names, key=lambda name: int(name.partition("_")[2]))


def _lists(rows: Sequence[Any]) -> list[list[Any]]:
    width: int | None = None
    for number, row in enumerate(rows):
        if not isinstance(row, list) or not all(_is_number(value) for value in row):
            raise BadRow(number, "logits are not a list of numbers", _ONE_EACH)
        if width is not None and len(row) != width:
            raise BadRow(number, f"{len(row)} logits where the earlier rows have {width}", _ONE_EACH)
        width = len(row)
        big = next((value for value in row if isinstance(value, int) and abs(value) > _MOST), None)
        if big is not None:
            raise BadRow(
                number,
                f"a logit of {_digits(big)} digits is more than a float64 holds",
                "Write numbers that a model can compute.",
            )
    return list(rows)


def _digits(number: int) -> int:
    """How many decimal digits, without writing them: Python refuses to write very many."""
    count = int(abs(number).bit_length() * 0.30103)
    return count + int(abs(number) >= 10**count)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
