"""A file of outputs, read: what any other system computed, a row of scores an example.

    .npz         arrays `logits` [rows, classes], and optionally `ids`, `labels`, `text`, `pair` [rows], `classes` [classes]
    .jsonl       an object a line: `logits` a list, a mapping of class to score, or a list of {"label", "score"}; and
                 optionally `id`, `label`, `text`, `pair`, and `classes`, in every row the same list. Or such a mapping
                 or list alone on each line
    .parquet     the same by column
    .csv, .tsv   a header; a column for each class, and optionally `id`, `label`, `text`, `pair`

Whether the scores are logits, probabilities or log-probabilities is told from all rows (outputs_values.py). Nothing in it is
executed: an .npz with pickled objects is refused. Of others, numpy alone is imported (and pyarrow for Parquet).
"""

# What a file holds has no type until it was looked at.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import importlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import outputs_scores, outputs_table, outputs_values

__all__ = ["Outputs", "Unreadable", "read_outputs"]

_NAMES = {
    "ids": ("id", "ids", "idx", "guid"),
    "labels": ("label", "labels", "gold_label"),
    "texts": ("text", "texts", "sentence"),
    "pairs": ("pair", "pairs", "text_pair"),
}
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
    """Logits [rows, classes] in float32 or float64, and what stands beside them, one entry a row, None where absent.

    `column` is where they stood, `stored` the dtype that the file tells (empty for text, which has none), `values` what the
    numbers of the file are: where they are no logits, `logits` are what has these probabilities.
    """

    logits: NDArray[Any]
    ids: list[str | None] | None
    labels: list[str | None] | None
    texts: list[str] | None
    pairs: list[str | None] | None
    classes: list[str] | None
    column: str
    stored: str
    values: Any


def read_outputs(path: str, options: Mapping[str, str]) -> Outputs:
    """Read the file; raises Unreadable with the row where there is one to blame."""
    if not os.path.isfile(path):
        raise Unreadable(f"There is no file of outputs at {path}.", f"Name a {_ENDINGS} file.")
    ending = os.path.splitext(path)[1].lower()
    if ending not in _READERS:
        raise Unreadable(
            f"{path} ends in {ending or 'nothing'}, which outputs: does not read.", f"Use {_ENDINGS}."
        )
    chosen = [name.strip() for name in options["classes"].split(",")] if "classes" in options else None
    raw = _READERS[ending](path, options.get("logits"), chosen)
    logits, classes = raw.logits, raw.classes
    if logits.ndim != 2 or logits.dtype.kind not in "fiu" or 0 in logits.shape:
        raise Unreadable(
            f"{path}: logits have shape {list(logits.shape)} and dtype {logits.dtype}, where numbers [rows, classes] belong.",
            "Save them as a two-dimensional array.",
        )
    if chosen is not None and classes is not None and raw.named and set(chosen) == set(classes):
        logits = logits[:, [classes.index(name) for name in chosen]]
    classes = chosen if chosen is not None else classes
    if classes is not None and len(classes) != logits.shape[1]:
        raise Unreadable(
            f"{path} has {logits.shape[1]} logits a row and {len(classes)} class names.",
            "Give one name for each: ?classes=a,b,c.",
        )
    wide = logits.dtype == np.float64 or logits.dtype.kind in "iu"
    stored, logits = logits.dtype, logits.astype(np.float64 if wide else np.float32)
    values = _look_at(path, logits, stored, options)
    beside = {part: _beside(path, raw.columns, names, len(logits)) for part, names in _NAMES.items()}
    texts = beside["texts"]
    return Outputs(
        outputs_values.as_logits(logits, values, multi_label=options.get("activation") == "sigmoid"),
        beside["ids"],
        beside["labels"],
        None if texts is None else [_text(path, row, text) for row, text in enumerate(texts)],
        beside["pairs"],
        classes,
        raw.column,
        stored.name if ending in (".npz", ".parquet") else "",
        values,
    )


def _look_at(path: str, logits: NDArray[Any], stored: Any, options: Mapping[str, str]) -> Any:
    """What the numbers are; refuses what cannot be what the user says it is."""
    forced = options.get("values")
    found = outputs_values.look_at(
        logits, stored=stored, multi_label=options.get("activation") == "sigmoid", forced=forced
    )
    row = outputs_values.out_of_range(logits, found.kind, found.percent) if forced is not None else None
    if row is not None:
        raise Unreadable(
            f"{path}, row {row + 1}: these are no {found.kind.replace('_', '-')}: {logits[row].tolist()[:8]}.",
            "Leave out ?values to have them looked at, or say ?values=logits.",
        )
    return found


class _Raw(NamedTuple):
    """What a file holds, before it is known what the numbers are; `named` says that the classes head the scores themselves."""

    logits: NDArray[Any]
    classes: list[str] | None
    columns: dict[str, Any]
    column: str
    named: bool = False


def _read_npz(path: str, column: str | None, chosen: list[str] | None) -> _Raw:
    columns, classes = _npz(path)
    name = column or "logits"
    if name not in columns:
        raise Unreadable(f"{path} holds no array {name!r}; it has {_names(columns)}.", _which(name))
    return _Raw(columns.pop(name), classes, columns, name)


def _read_rows(path: str, column: str | None, chosen: list[str] | None) -> _Raw:
    parquet = path.lower().endswith(".parquet")
    rows: list[Any] = list(_parquet(path) if parquet else _json_lines(path))
    if not rows:
        raise Unreadable(f"{path} holds no row.", "Give a file with a row of logits for each example.")
    whole = not parquet and column is None and _alone(rows)
    if whole:
        rows = [{"": row} for row in rows]
    # Of all rows: an id that the first row lacks is an id all the same.
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise Unreadable(
                f"{path}, line {number + 1}: not an object.", 'Write {"logits": [...]} on each line.'
            )
    known = dict.fromkeys(name for row in rows for name in row)
    # A column that names its classes says by itself that it holds scores.
    telling = [
        name for name in known if "logits" not in known and outputs_scores.as_mapping(rows[0].get(name))
    ]
    name = "" if whole else column or (telling[0] if len(telling) == 1 else "logits")
    if name not in known:
        raise Unreadable(f"{path} has no column {name!r}; it has {_names(known)}.", _which(name))
    names = [other for other in known if other not in (name, "classes")]
    try:
        scores = outputs_scores.stack([row.get(name) for row in rows])
    except outputs_scores.BadRow as error:
        raise Unreadable(f"{path}, row {error.row + 1}: {error.what}.", error.next_step) from None
    classes = scores.classes if scores.classes is not None else _classes(path, rows)
    columns = {other: [row.get(other) for row in rows] for other in names}
    return _Raw(scores.values, classes, columns, name or "line", scores.classes is not None)


def _alone(rows: list[Any]) -> bool:
    """Whether each line is a row's scores and nothing else: a list, or an object of nothing but numbers."""
    first = rows[0]
    if isinstance(first, list):
        return True
    free = not {"logits", "classes"} & set(first) and not any(
        set(names) & set(first) for names in _NAMES.values()
    )
    return free and bool(first) and all(_is_number(value) for value in first.values())


def _read_table(path: str, column: str | None, chosen: list[str] | None) -> _Raw:
    beside = frozenset(name for names in _NAMES.values() for name in names)
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
    return _Raw(scores.values, table.classes or scores.classes, table.beside, column or "logits", named)


_READERS = {
    ".npz": _read_npz,
    ".jsonl": _read_rows,
    ".ndjson": _read_rows,
    ".parquet": _read_rows,
    ".csv": _read_table,
    ".tsv": _read_table,
}
_ENDINGS = ".npz, .jsonl, .parquet, .csv or .tsv"


def _npz(path: str) -> tuple[dict[str, Any], list[str] | None]:
    try:
        with np.load(path, allow_pickle=False) as file:
            columns: dict[str, Any] = {name: file[name] for name in file.files}
    except Exception as error:  # noqa: BLE001 - whatever a damaged archive or header makes the library raise
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
    except Exception as error:  # noqa: BLE001 - a value that Python has no place for, among others
        raise Unreadable(f"{path} is not Parquet that can be read ({error}).", "Write it again.") from None


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
