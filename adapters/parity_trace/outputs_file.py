"""A file of outputs, read: what any other system said, a row of logits an example.

    .npz      arrays `logits` [rows, classes], and optionally `ids`, `labels`, `text`, `pair` [rows], `classes` [classes]
    .jsonl    an object a line: `logits` a list, and optionally `id`, `label`, `text`, `pair`, and `classes`, in every
              row the same list
    .parquet  the same by column

Nothing in it is executed: an .npz with pickled objects is refused. The runner loads this file by path, in a process
where parity is not; so it imports numpy alone (and pyarrow for Parquet).
"""

# What a file holds has no type until it was looked at.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import importlib
import json
import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Outputs", "Unreadable", "read_outputs"]

_NAMES = {
    "ids": ("id", "ids", "idx", "guid"),
    "labels": ("label", "labels", "gold_label"),
    "texts": ("text", "texts", "sentence"),
    "pairs": ("pair", "pairs", "text_pair"),
}
_MOST = int(np.finfo(np.float64).max)
_SAME_CLASSES = (
    "Write the names in the order of the logits, the same list in every row; or rename the column."
)


class Unreadable(Exception):
    """Why a file holds no outputs, and what to do."""

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step


class Outputs(NamedTuple):
    """Logits [rows, classes] in float32 or float64, and what stands beside them, one entry a row, None where absent."""

    logits: NDArray[Any]
    ids: list[str | None] | None
    labels: list[str | None] | None
    texts: list[str] | None
    pairs: list[str | None] | None
    classes: list[str] | None


def read_outputs(path: str, options: Mapping[str, str]) -> Outputs:
    """Read the file; raises Unreadable with the row where there is one to blame."""
    if not os.path.isfile(path):
        raise Unreadable(f"There is no file of outputs at {path}.", "Name a .npz, .jsonl or .parquet file.")
    column = options.get("logits", "logits")
    ending = os.path.splitext(path)[1].lower()
    if ending == ".npz":
        columns, classes = _npz(path)
        if column not in columns:
            raise Unreadable(f"{path} holds no array {column!r}; it has {_names(columns)}.", _which(column))
        logits = columns[column]
    elif ending in (".jsonl", ".ndjson", ".parquet"):
        rows = list(_parquet(path) if ending == ".parquet" else _json_lines(path))
        if not rows:
            raise Unreadable(f"{path} holds no row.", "Give a file with a row of logits for each example.")
        # Of all rows: an id that the first row lacks is an id all the same.
        known = dict.fromkeys(name for row in rows for name in row)
        if column not in known:
            raise Unreadable(f"{path} has no column {column!r}; it has {_names(known)}.", _which(column))
        names = [name for name in known if name not in (column, "classes")]
        columns = {name: [row.get(name) for row in rows] for name in names}
        logits, classes = _stack(path, [row.get(column) for row in rows]), _classes(path, rows)
    else:
        raise Unreadable(
            f"{path} ends in {ending or 'nothing'}, which outputs: does not read.",
            "Use .npz, .jsonl or .parquet.",
        )
    if logits.ndim != 2 or logits.dtype.kind not in "fiu" or 0 in logits.shape:
        raise Unreadable(
            f"{path}: logits have shape {list(logits.shape)} and dtype {logits.dtype}, where numbers [rows, classes] belong.",
            "Save them as a two-dimensional array.",
        )
    if "classes" in options:
        classes = [name.strip() for name in options["classes"].split(",")]
    if classes is not None and len(classes) != logits.shape[1]:
        raise Unreadable(
            f"{path} has {logits.shape[1]} logits a row and {len(classes)} class names.",
            "Give one name for each: ?classes=a,b,c.",
        )
    beside = {part: _beside(path, columns, names, len(logits)) for part, names in _NAMES.items()}
    wide = logits.dtype == np.float64 or logits.dtype.kind in "iu"
    texts = beside["texts"]
    return Outputs(
        logits.astype(np.float64 if wide else np.float32),
        beside["ids"],
        beside["labels"],
        None if texts is None else [_text(path, row, text) for row, text in enumerate(texts)],
        beside["pairs"],
        classes,
    )


def _npz(path: str) -> tuple[dict[str, Any], list[str] | None]:
    try:
        with np.load(path, allow_pickle=False) as file:
            columns: dict[str, Any] = {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise Unreadable(
            f"{path} is not an .npz that can be read safely ({error}).",
            "Save it with numpy.savez, without object arrays.",
        ) from None
    classes = columns.pop("classes", None)
    return columns, None if classes is None else [str(name) for name in classes.reshape(-1)]


def _json_lines(path: str) -> Iterator[dict[str, Any]]:
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
            if not isinstance(row, dict):
                raise Unreadable(
                    f"{path}, line {number}: not an object.", 'Write {"logits": [...]} on each line.'
                )
            yield row


def _parquet(path: str) -> Iterator[dict[str, Any]]:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
        errors: Any = importlib.import_module("pyarrow").ArrowException
    except ImportError:
        raise Unreadable(
            f"Reading {path} needs pyarrow, which is not installed.", "pip install pyarrow"
        ) from None
    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=1024):
            yield from batch.to_pylist()
    except (errors, OSError) as error:
        raise Unreadable(f"{path} is not Parquet that can be read ({error}).", "Write it again.") from None


def _stack(path: str, rows: list[Any]) -> NDArray[Any]:
    width: int | None = None
    for number, row in enumerate(rows):
        if not isinstance(row, list) or not all(_is_number(value) for value in row):
            raise Unreadable(
                f"{path}, row {number + 1}: logits are not a list of numbers.",
                "Write one number for each class.",
            )
        length = len(row)
        if width is not None and length != width:
            raise Unreadable(
                f"{path}, row {number + 1}: {length} logits where the rows before have {width}.",
                "Write one number for each class.",
            )
        width = length
        big = next((value for value in row if isinstance(value, int) and abs(value) > _MOST), None)
        if big is not None:
            raise Unreadable(
                f"{path}, row {number + 1}: a logit of {len(str(abs(big)))} digits is more than a float64 holds.",
                "Write numbers that a model can have said.",
            )
    return np.array(rows, np.float64)


def _classes(path: str, rows: list[dict[str, Any]]) -> list[str] | None:
    """The classes' names, which stand in every row where they stand in one."""
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


def _beside(
    path: str, columns: Mapping[str, Any], names: tuple[str, ...], count: int
) -> list[str | None] | None:
    name = next((name for name in names if name in columns), None)
    if name is None:
        return None
    values: Any = columns[name]
    values = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(values, list) or len(values) != count:
        raise Unreadable(
            f"{path}: {name!r} does not have one entry for each of the {count} rows.",
            "Save one for each row.",
        )
    return [_plain(value) for value in values]


def _plain(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _text(path: str, row: int, text: str | None) -> str:
    if text is None:
        raise Unreadable(
            f"{path}, row {row + 1}: the text is null.", "Give every row a text, or drop the column."
        )
    return text


def _names(columns: Mapping[str, Any]) -> str:
    return ", ".join(repr(name) for name in columns) or "nothing"


def _which(column: str) -> str:
    return "Say which it is: ?logits=NAME." if column == "logits" else "Name one of these: ?logits=NAME."
