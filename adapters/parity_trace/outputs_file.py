"""Reading a file of outputs: what any other system computed, one row of scores per example.

    .npz         arrays `logits` [rows, classes], or where there is none `embeddings` [rows, hidden], and optionally `ids`, `labels`, `text`, `pair` [rows], `classes` [classes]
    .jsonl       an object a line: `logits` a list, a mapping of class to score, or a list of {"label", "score"}; and
                 optionally `id`, `label`, `text`, `pair`, and `classes`, in every row the same list. Or such a mapping
                 or list alone on each line; or what a serving engine gives (outputs_selected.py)
    .parquet     the same by column
    .csv, .tsv   a header; a column for each class, and optionally `id`, `label`, `text`, `pair`

Whether the scores are logits, probabilities or log-probabilities is inferred from all rows (outputs_values.py). No code in it is
run: an .npz with pickled objects is refused. Only numpy is imported (and pyarrow for Parquet).
"""

# The content of a file has no type before it is checked.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import outputs_values
from .outputs_raw import EMBEDDINGS, ENDINGS, NAMES, READERS, Raw, Unreadable
from .outputs_selected import Selection

__all__ = ["Outputs", "read_outputs"]

_OF_SCORES = ("classes", "values", "activation", "temperature")


class Outputs(NamedTuple):
    """Logits [rows, classes] in float32 or float64, and the other columns, one entry per row, None where absent.

    `column` is their column, `stored` the dtype in the file (empty for text, which has none), `values` the kind of
    numbers in the file: where they are not logits, `logits` are computed from these probabilities. `embeds`: they are the vectors
    of texts, and decide nothing. Where there is a `selection` there are no logits: it is what was selected, and generated texts.
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
    embeds: bool = False
    selection: Selection | None = None


def read_outputs(path: str, options: Mapping[str, str]) -> Outputs:
    """Read the file; raises Unreadable, with the row where one is at fault."""
    if not os.path.isfile(path):
        raise Unreadable(f"The outputs file {path} does not exist.", f"Name a {ENDINGS} file.")
    ending = os.path.splitext(path)[1].lower()
    if ending not in READERS:
        raise Unreadable(
            f"{path} ends in {ending or 'nothing'}, which outputs: does not read.", f"Use {ENDINGS}."
        )
    chosen = [name.strip() for name in options["classes"].split(",")] if "classes" in options else None
    raw = READERS[ending](path, options.get("logits"), chosen)
    logits, classes = raw.logits, raw.classes
    if raw.selection is not None:
        return _selected(path, raw, raw.selection, options)
    if logits.ndim != 2 or logits.dtype.kind not in "fiu" or 0 in logits.shape:
        raise Unreadable(
            f"{path}: logits have shape {list(logits.shape)} and dtype {logits.dtype}, instead of numbers [rows, classes].",
            "Save them as a two-dimensional array.",
        )
    if chosen is not None and classes is not None and raw.named and set(chosen) == set(classes):
        logits = logits[:, [classes.index(name) for name in chosen]]
    classes = chosen if chosen is not None else classes
    if classes is not None and len(classes) != logits.shape[1]:
        raise Unreadable(
            f"{path} has {logits.shape[1]} logits per row and {len(classes)} class names.",
            "Give one name for each: ?classes=a,b,c.",
        )
    wide = logits.dtype == np.float64 or logits.dtype.kind in "iu"
    stored, logits = logits.dtype, logits.astype(np.float64 if wide else np.float32)
    embeds = raw.column == EMBEDDINGS and "logits" not in options
    if embeds and (without := next((name for name in _OF_SCORES if name in options), None)) is not None:
        raise Unreadable(
            f"{path} holds embeddings, and {without}={options[without]} is about scores of classes.",
            f"Omit it, or name the scores: ?logits={EMBEDDINGS}.",
        )
    values = _look_at(path, logits, stored, {"values": "logits"} if embeds else options)
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
        embeds,
    )


def _selected(path: str, raw: Raw, selection: Selection, options: Mapping[str, str]) -> Outputs:
    """The outputs of a file without scores of classes."""
    without = next((name for name in _OF_SCORES if name in options), None)
    if without is not None:
        raise Unreadable(
            f"{path} holds {raw.column}, and {without}={options[without]} is about scores of classes.",
            "Omit it.",
        )
    beside = {part: _beside(path, raw.columns, names, len(raw.logits)) for part, names in NAMES.items()}
    texts = beside["texts"]
    known = None if texts is None else [_text(path, row, text) for row, text in enumerate(texts)]
    return Outputs(
        raw.logits,
        beside["ids"],
        beside["labels"],
        known,
        beside["pairs"],
        None,
        raw.column,
        "",
        outputs_values.Values("logits"),
        selection=selection,
    )


def _look_at(path: str, logits: NDArray[Any], stored: Any, options: Mapping[str, str]) -> Any:
    """The kind of the numbers; refuses numbers that cannot be of the kind that the user states."""
    forced = options.get("values")
    found = outputs_values.look_at(
        logits, stored=stored, multi_label=options.get("activation") == "sigmoid", forced=forced
    )
    row = outputs_values.out_of_range(logits, found.kind, found.percent) if forced is not None else None
    if row is not None:
        raise Unreadable(
            f"{path}, row {row + 1}: these are not {found.kind.replace('_', '-')}: {logits[row].tolist()[:8]}.",
            "Omit ?values to let parity recognise them, or give ?values=logits.",
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
            f"{path}, row {row + 1}: the text is null.", "Give every row a text, or remove the column."
        )
    return text
