"""The raw content of a file of outputs: its scores, its classes and its other columns, by the file's ending.

outputs_values.py finds the kind of the numbers. Only numpy is imported, and pyarrow for Parquet.
"""

# The content of a file has no type before it is checked.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import outputs_scores, outputs_selected, outputs_table
from .outputs_selected import Selection

__all__ = ["EMBEDDINGS", "ENDINGS", "NAMES", "READERS", "Raw", "Unreadable"]

EMBEDDINGS = "embeddings"
"""The column of vectors, where a file holds no logits."""
NAMES = {
    "ids": ("id", "ids", "idx", "guid"),
    "labels": ("label", "labels", "gold_label"),
    "texts": ("text", "texts", "sentence", "prompt"),
    "pairs": ("pair", "pairs", "text_pair"),
}
_SAME_CLASSES = (
    "Write the names in the order of the logits, the same list in every row; or rename the column."
)


class Unreadable(Exception):
    """Why a file has no outputs, and the next step."""

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step


class Raw(NamedTuple):
    """The content of a file before the kind of its numbers is known; `named` says that the scores themselves have class names;
    `selection` is what was selected, where there are no scores of classes."""

    logits: NDArray[Any]
    classes: list[str] | None
    columns: dict[str, Any]
    column: str
    named: bool = False
    selection: Selection | None = None


def _read_npz(path: str, column: str | None, chosen: list[str] | None) -> Raw:
    columns, classes = _npz(path)
    name = column or _column(columns)
    if name not in columns:
        raise Unreadable(f"{path} holds no array {name!r}; it has {_names(columns)}.", _which(name))
    return Raw(columns.pop(name), classes, columns, name)


def _read_rows(path: str, column: str | None, chosen: list[str] | None) -> Raw:
    parquet = path.lower().endswith(".parquet")
    rows: list[Any] = list(_parquet(path) if parquet else _json_lines(path))
    if not rows:
        raise Unreadable(f"{path} holds no row.", "Give a file with a row of logits for each example.")
    whole = not parquet and column is None and _alone(rows)
    if whole:
        rows = [{"": row} for row in rows]
    # The columns of all rows: an id that the first row lacks is still an id.
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise Unreadable(
                f"{path}, line {number + 1}: not an object.", 'Write {"logits": [...]} on each line.'
            )
    known = dict.fromkeys(name for row in rows for name in row)
    # A column with class names holds scores.
    telling = [
        name for name in known if "logits" not in known and outputs_scores.as_mapping(rows[0].get(name))
    ]
    scored = {"logits", EMBEDDINGS} & set(known) or set(telling) - outputs_selected.FORMS
    if not whole and column is None and not scored:
        found = _selection(path, rows, known)
        if found is not None:
            return found
    name = "" if whole else column or (telling[0] if len(telling) == 1 else _column(known))
    if name not in known:
        raise Unreadable(f"{path} has no column {name!r}; it has {_names(known)}.", _which(name))
    names = [other for other in known if other not in (name, "classes")]
    try:
        scores = outputs_scores.stack([row.get(name) for row in rows])
    except outputs_scores.BadRow as error:
        raise Unreadable(f"{path}, row {error.row + 1}: {error.what}.", error.next_step) from None
    classes = scores.classes if scores.classes is not None else _classes(path, rows)
    columns = {other: [row.get(other) for row in rows] for other in names}
    return Raw(scores.values, classes, columns, name or "line", scores.classes is not None)


def _selection(path: str, rows: list[Any], known: Iterable[str]) -> Raw | None:
    """What was selected in each row, where the file holds that."""
    try:
        selection = outputs_selected.read_selection(known, rows)
    except outputs_selected.BadSelection as error:
        raise Unreadable(f"{path}, row {error.row + 1}: {error.what}.", error.next_step) from None
    if selection is None:
        return None
    columns = {name: [row.get(name) for row in rows] for name in known if name not in selection.columns}
    return Raw(
        np.zeros((len(rows), 0), np.float32),
        None,
        columns,
        " and ".join(selection.columns),
        selection=selection,
    )


def _column(known: Iterable[str]) -> str:
    """The column with the outputs where none was named: the logits, or else the embeddings."""
    names = set(known)
    return EMBEDDINGS if EMBEDDINGS in names and "logits" not in names else "logits"


def _alone(rows: list[Any]) -> bool:
    """Whether each line is only a row's scores: a list, or an object of numbers."""
    first = rows[0]
    if isinstance(first, list):
        return True
    free = not {"logits", "classes"} & set(first) and not any(
        set(names) & set(first) for names in NAMES.values()
    )
    return free and bool(first) and all(_is_number(value) for value in first.values())


def _read_table(path: str, column: str | None, chosen: list[str] | None) -> Raw:
    beside = frozenset(name for names in NAMES.values() for name in names)
    delimiter = "\t" if path.lower().endswith(".tsv") else ","
    try:
        table = outputs_table.read_table(path, delimiter, column, chosen, beside)
    except outputs_table.BadTable as error:
        apart = "" if error.reason.startswith(",") else " "
        raise Unreadable(f"{path}{apart}{error.reason}.", error.next_step) from None
    try:
        scores = outputs_scores.stack(table.scores)
    except outputs_scores.BadRow as error:
        raise Unreadable(f"{path}, line {error.row + 2}: {error.what}.", error.next_step) from None
    named = table.classes is not None or scores.classes is not None
    return Raw(scores.values, table.classes or scores.classes, table.beside, column or "logits", named)


READERS = {
    ".npz": _read_npz,
    ".jsonl": _read_rows,
    ".ndjson": _read_rows,
    ".parquet": _read_rows,
    ".csv": _read_table,
    ".tsv": _read_table,
}
ENDINGS = ".npz, .jsonl, .parquet, .csv or .tsv"


def _npz(path: str) -> tuple[dict[str, Any], list[str] | None]:
    try:
        with np.load(path, allow_pickle=False) as file:
            columns: dict[str, Any] = {name: file[name] for name in file.files}
    except Exception as error:  # noqa: BLE001 - a damaged archive or header makes the library raise any error
        raise Unreadable(
            f"{path} is not an .npz that can be read safely ({error or type(error).__name__}).",
            "Save it with numpy.savez, without object arrays.",
        ) from None
    classes = columns.pop("classes", None)
    return columns, None if classes is None else [str(name) for name in classes.reshape(-1)]


def _json_lines(path: str) -> Iterator[Any]:
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row: object = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise Unreadable(
                    f"{path}, line {number}: not JSON ({error}).", "Write one JSON object a line."
                ) from None
            if not isinstance(row, (dict, list)):
                raise Unreadable(
                    f"{path}, line {number}: not an object.", 'Write {"logits": [...]} on each line.'
                )
            yield row


def _parquet(path: str) -> Iterator[dict[str, Any]]:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise Unreadable(
            f"Reading {path} needs pyarrow, which is not installed.", "pip install pyarrow"
        ) from None
    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=1024):
            yield from batch.to_pylist()
    except Exception as error:  # noqa: BLE001 - for example a value that Python cannot represent
        raise Unreadable(f"{path} is not Parquet that can be read ({error}).", "Write it again.") from None


def _classes(path: str, rows: list[dict[str, Any]]) -> list[str] | None:
    """The names of the classes, which every row must have if one has them."""
    first = rows[0].get("classes")
    if first is not None and not (isinstance(first, list) and all(_is_name(name) for name in first)):
        raise Unreadable(f"{path}, row 1: classes are not a list of names.", _SAME_CLASSES)
    for number, row in enumerate(rows):
        if row.get("classes") != first:
            raise Unreadable(
                f"{path}, row {number + 1}: its classes are not those of row 1.",
                _SAME_CLASSES,
            )
    return None if first is None else [str(name) for name in first]


def _is_name(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _names(columns: Mapping[str, Any]) -> str:
    return ", ".join(repr(name) for name in columns) or "nothing"


def _which(column: str) -> str:
    return "Name the right one: ?logits=NAME." if column == "logits" else "Name one of these: ?logits=NAME."
