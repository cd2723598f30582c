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

import math
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import outputs_values
from .outputs_raw import ENDINGS, NAMES, READERS, Unreadable

__all__ = ["Outputs", "read_outputs"]


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
        raise Unreadable(f"There is no file of outputs at {path}.", f"Name a {ENDINGS} file.")
    ending = os.path.splitext(path)[1].lower()
    if ending not in READERS:
        raise Unreadable(
            f"{path} ends in {ending or 'nothing'}, which outputs: does not read.", f"Use {ENDINGS}."
        )
    chosen = [name.strip() for name in options["classes"].split(",")] if "classes" in options else None
    raw = READERS[ending](path, options.get("logits"), chosen)
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
    beside = {part: _beside(path, raw.columns, names, len(logits)) for part, names in NAMES.items()}
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
