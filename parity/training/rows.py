"""The training and evaluation rows of a recipe: read from any of the formats, and written in the one that runners read.

Their canonical form is JSON lines with `text`, `pair`, `label`, `id`, `slice` (where they exist), or of rows of words with `words` and
`tags` in place of the first three; a part's digest is the SHA-256 of those bytes, so that the file can be verified.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NoReturn

import msgspec
from msgspec import Meta

from parity.errors import InputsError, MissingColumn, RecipeError, UnknownInputFormat
from parity.inputs.columns import Columns, find_columns
from parity.inputs.table import FORMATS, Row, find_source, rows
from parity.training.saved_dataset import saved_rows
from parity.training.word_rows import words_and_tags

__all__ = ["DataRow", "DataSettings", "Part", "label_order", "open_part"]

_Count = Annotated[int, Meta(ge=1)]


class DataSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[data]` of a recipe: files, columns (found by their usual names unless named), and how many rows of each."""

    train: str
    evaluation: str
    text: str | None = None
    pair: str | None = None
    label: str | None = None
    words: str | None = None
    tags: str | None = None
    id: str | None = None
    slices: str | None = None
    train_rows: _Count | None = None
    evaluation_rows: _Count | None = None


class DataRow(NamedTuple):
    """One row; what its file does not have is None. A row of words has no text."""

    text: str | None
    pair: str | None
    label: str | None
    id: str | None
    slice: str | None
    words: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """Its label, or its tags; none where it has neither."""
        if self.words is not None:
            return self.tags or ()
        return () if self.label is None else (self.label,)

    def line(self) -> bytes:
        """The row as a line of JSON, without what it does not have."""
        cells = {name: value for name, value in self._asdict().items() if value is not None}
        return json.dumps(cells, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True, kw_only=True)
class Part:
    """The training or the evaluation rows: counted and digested, and read again on demand.

    `labels` counts every label, or every tag of a word; `labelled` the rows that have any.
    """

    source: str
    columns: Columns
    slices: str | None
    count: int
    labels: dict[str, int]
    labelled: int
    digest: str
    read: Callable[[], Iterator[DataRow]] = field(repr=False, compare=False)


def open_part(
    recipe: Path,
    data: DataSettings,
    which: Literal["train", "evaluation"],
    columns: Columns | None = None,
    *,
    words: bool = False,
) -> Part:
    """Read and check one part in full. `columns` are those of the training rows, which the evaluation rows must have; `words`: its
    rows are lists of words.
    """
    named, limit = (
        (data.train, data.train_rows) if which == "train" else (data.evaluation, data.evaluation_rows)
    )
    place = Path(recipe.parent, Path(named).expanduser())
    if not place.exists():
        raise RecipeError(
            f"{recipe}: data.{which} = {named!r} is not there ({place}).",
            next_step="Name a file, seen from the recipe's folder.",
        )
    slices = data.slices if which == "evaluation" else None
    try:
        cells = _cells(place)
        first = next(cells(), None)
        if first is None:
            raise RecipeError(f"{place} holds no row.", next_step="Give a file with at least one.")
        found = _columns(place, first.cells, data, columns)
        if words and found.words is None:
            raise RecipeError(
                f"{place} has no column of words; it has {', '.join(map(repr, list(first.cells)[:20]))}.",
                next_step="Name the columns under [data]: words = … and tags = …, each a list on every row.",
            )
        found = found if words else found._replace(words=None, tags=None)
        if slices is not None and slices not in first.cells:
            raise _no_column(place, "slices", slices, first.cells)
        read = _Reading(place, cells, found, slices, limit)
        whole, labels, count, labelled = hashlib.sha256(), Counter[str](), 0, 0
        for row in read():
            whole.update(row.line())
            count += 1
            labels.update(row.labels)
            labelled += bool(row.labels)
    except MissingColumn as error:
        step = re.sub(
            r"Give --(\w+)-column one of these", r"Name one of these under [data], as \1 = …", error.next_step
        )
        step = re.sub(r"--(\w+)-column ([^\s.)]+)", r'\1 = "\2" under [data]', step)
        raise RecipeError(error.sentence, next_step=step) from None
    except UnknownInputFormat as error:
        step = f"Use one of {', '.join(FORMATS)}, or a folder that `datasets` saved."
        raise RecipeError(error.sentence, next_step=step) from None
    except InputsError as error:
        raise RecipeError(error.sentence, next_step=error.next_step) from None
    if limit is not None and count < limit:
        raise RecipeError(
            f"{place} holds {count} rows, and data.{which}_rows = {limit}.",
            next_step="Use a smaller number, or omit it.",
        )
    return Part(
        source=str(place),
        columns=found,
        slices=slices,
        count=count,
        labels=dict(labels),
        labelled=labelled,
        digest=f"sha256:{whole.hexdigest()}",
        read=read,
    )


def label_order(labels: Iterable[str]) -> tuple[str, ...]:
    """The classes in the order of their logits: by number where all are whole numbers, else by name.

    >>> label_order(["10", "9"]), label_order(["no", "10"])
    (('9', '10'), ('10', 'no'))
    """
    names = set(labels)
    whole = all(re.fullmatch(r"-?\d+", name) for name in names)
    return tuple(sorted(names, key=lambda name: (int(name) if whole else 0, name)))


class _Reading:
    """Reads one part's rows from its file, as often as needed."""

    def __init__(
        self,
        place: Path,
        cells: Callable[[], Iterator[Row]],
        columns: Columns,
        slices: str | None,
        limit: int | None,
    ) -> None:
        self._place = place
        self._read = cells
        self._columns = columns
        self._slices = slices
        self._limit = limit

    def __call__(self) -> Iterator[DataRow]:
        columns = self._columns
        for row in islice(self._read(), self._limit):
            if columns.words is not None:
                yield self._of_words(row, columns.words)
                continue
            text = self._cell(row, columns.text)
            if text is None:
                raise self._refusal(row, columns.text, "is missing or null; every row needs a text")
            yield DataRow(
                text,
                self._cell(row, columns.pair),
                self._name(row, columns.label),
                self._name(row, columns.id),
                self._name(row, self._slices),
            )

    def _of_words(self, row: Row, column: str) -> DataRow:
        def refuse(name: str | None, what: str) -> NoReturn:
            raise self._refusal(row, name, what)

        words, tags = words_and_tags(row.cells, column, self._columns.tags, refuse)
        for word in words:
            self._whole(row, column, word)
        name, part = (self._name(row, one) for one in (self._columns.id, self._slices))
        return DataRow(None, None, None, name, part, words, tags)

    def _cell(self, row: Row, column: str | None) -> str | None:
        value: Any = None if column is None else row.cells.get(column)
        if value is not None and not isinstance(value, str):
            raise self._refusal(row, column, "is not a text")
        return self._whole(row, column, value)

    def _name(self, row: Row, column: str | None) -> str | None:
        """A label, an id or a slice: a text or a number; a whole number loses the `.0` that tables add beside nulls."""
        value: Any = None if column is None else row.cells.get(column)
        if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
            return None
        if isinstance(value, (list, dict)):
            raise self._refusal(row, column, "is neither a text nor a number")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return self._whole(row, column, str(value))

    def _whole(self, row: Row, column: str | None, text: str | None) -> str | None:
        if text is not None and any("\ud800" <= character <= "\udfff" for character in text):
            raise self._refusal(row, column, "holds half of a surrogate pair, which is not a character")
        return text

    def _refusal(self, row: Row, column: str | None, what: str) -> RecipeError:
        return RecipeError(
            f"{self._place}, row {row.number}: {column!r} {what}.",
            next_step="Fix the row, or name another column under [data].",
        )


def _columns(place: Path, first: dict[str, Any], data: DataSettings, training: Columns | None) -> Columns:
    if training is None:
        for key, named in (("words", data.words), ("tags", data.tags)):
            if named is not None and named not in first:
                raise _no_column(place, key, named, first)
        text, label = data.words or data.text, data.tags or data.label
        return find_columns(str(place), first, text=text, pair=data.pair, label=label, id=data.id)
    for name, column in (("text", training.text), ("pair", training.pair), ("words", training.words)):
        if column is not None and column not in first:
            raise _no_column(place, name, column, first)
    return Columns(
        training.text,
        training.pair,
        training.label if training.label in first else None,
        training.id if training.id in first else data.id,
        training.words,
        training.tags if training.tags in first else None,
    )


def _no_column(place: Path, key: str, column: str, first: dict[str, Any]) -> RecipeError:
    near = difflib.get_close_matches(column, first, n=1)
    return RecipeError(
        f"{place} has no column {column!r} (data.{key}); it has {', '.join(map(repr, list(first)[:20]))}.",
        next_step=f"Did you mean {near[0]!r}?" if near else "Name one of these.",
    )


def _cells(place: Path) -> Callable[[], Iterator[Row]]:
    if place.is_dir():
        return lambda: saved_rows(place)
    source = find_source(str(place), "utf-8")
    return lambda: rows(source)
