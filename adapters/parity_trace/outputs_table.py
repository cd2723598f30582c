"""A table of outputs in text, CSV or TSV: a column a class, and beside them ids, labels, texts.

Standard library alone.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["BadTable", "Table", "read_table"]


class BadTable(Exception):
    """Why a table has no outputs, as the end of a sentence about its path; and the next step."""

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step


class Table(NamedTuple):
    """The scores of each row, the classes that head them (None: a column of lists), and the other columns by name."""

    scores: list[Any]
    classes: list[str] | None
    beside: dict[str, list[str | None]]


def read_table(
    path: str, delimiter: str, column: str | None, chosen: list[str] | None, known: frozenset[str]
) -> Table:
    """Read a table. `column` is the one that holds lists, where the user names it; `chosen` the classes, `known` the names of columns that are not classes."""
    rows = _rows(path, delimiter)
    header = [name.strip() for name in rows[0]]
    doubled = next((name for name in header if header.count(name) > 1), None)
    if doubled is not None:
        raise BadTable(f"names the column {doubled!r} twice", "Give every column a unique name.")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise BadTable(
                f", line {number}, has {len(row)} cells where the header has {len(header)}",
                "Write a cell for each column.",
            )
    if len(rows) < 2:
        raise BadTable("holds no row", "Give a file with a row of scores for each example.")
    columns = {name: [row[place] for row in rows[1:]] for place, name in enumerate(header)}
    lists = column or ("logits" if "logits" in columns else None)
    if lists is not None:
        if lists not in columns:
            raise BadTable(
                f"has no column {lists!r}; it has {', '.join(map(repr, header))}",
                "Name one of these: ?logits=NAME.",
            )
        scores = [_list(lists, number, cell) for number, cell in enumerate(columns.pop(lists), 2)]
        return Table(scores, None, _beside(columns))
    classes = [name for name in header if name not in known]
    if chosen is not None and set(chosen) <= set(header):
        classes = chosen
    if len(classes) < 2:
        raise BadTable(
            f"has no two columns of scores; it has {', '.join(map(repr, header))}",
            "Write one column for each class, headed by its name.",
        )
    numbers = {
        name: [_number(name, number, cell) for number, cell in enumerate(columns[name], 2)]
        for name in classes
    }
    scores = [[numbers[name][row] for name in classes] for row in range(len(rows) - 1)]
    return Table(scores, classes, _beside({name: columns[name] for name in header if name not in classes}))


def _rows(path: str, delimiter: str) -> list[list[str]]:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, delimiter=delimiter, strict=True) if row]
    except UnicodeDecodeError as error:
        raise BadTable(f"is not UTF-8 (byte {error.start})", "Save it as UTF-8.") from None
    except csv.Error as error:
        raise BadTable(f"is not a readable table ({error})", "Save it again as CSV or TSV.") from None
    if not rows:
        raise BadTable("holds no row", "Give a file with a header and a row of scores for each example.")
    return rows


def _number(name: str, line: int, cell: str) -> float:
    text = cell.strip()
    try:
        if "_" in text:
            raise ValueError
        return float(text)
    except ValueError:
        raise BadTable(
            f", line {line}, column {name!r}: {text[:40]!r} is not a number",
            "Every column that is not an id, a text, a pair or a label is a class and holds numbers; ?classes=a,b names the class columns.",
        ) from None


def _list(name: str, line: int, cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise BadTable(
            f", line {line}, column {name!r}: {cell[:40]!r} is not a list of numbers",
            "Write it as [0.1, 0.9], or one column for each class without ?logits.",
        ) from None


def _beside(columns: dict[str, list[str]]) -> dict[str, list[str | None]]:
    return {name: [cell if cell != "" else None for cell in cells] for name, cells in columns.items()}
