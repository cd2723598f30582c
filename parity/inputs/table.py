"""The rows of a file, one generator per format, each row with the line number that a person would look for.

Nothing is kept: a file of ten million rows needs the memory of one. What a format means here:

    .txt      a text a line. A line is ended by LF or CRLF only, so that U+2028 or a form feed stays text. A blank line
              is an empty text; blank lines at the very end of the file are no examples.
    .jsonl    an object a line; blank lines are skipped.
    .csv .tsv a header, then rows of as many cells; a cell with a separator, a quote or a line break is quoted and
              quotes inside are doubled (RFC 4180; a .tsv the same with tabs); blank lines are skipped.
    .parquet  a row a row.
    .conll .iob  a word a line with its tag in the last column, a blank line after each sentence (parity/inputs/conll.py).

A byte order mark is not text. Bytes that the encoding cannot read are refused with their line and offset.
"""

from __future__ import annotations

import codecs
import csv
import importlib
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from parity.errors import (
    EmptyInputs,
    InputsError,
    InputsNotFound,
    MalformedLine,
    UndecodableInputs,
    UnknownInputFormat,
)
from parity.inputs.conll import TAGS, WORDS, sentences

__all__ = ["Row", "Source", "codec_named", "find_source", "rows"]

FORMATS = {
    ".txt": "txt",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".conll": "conll",
    ".iob": "conll",
}
_CELL_LIMIT = 1 << 26  # A quote that is never closed would otherwise read the rest of the file into one cell.
_CHUNK = 1 << 16


class Row(NamedTuple):
    """One row: the number of its first line (of itself, in Parquet), counted from 1, and its cells by column."""

    number: int
    cells: dict[str, Any]


class Source(NamedTuple):
    """A file that can be read from its start any number of times."""

    name: str
    format: str
    encoding: str
    open: Callable[[], IO[bytes]]

    def refuse(self, number: int, what: str, next_step: str = "") -> MalformedLine:
        """The error for a line (or row) that violates its format."""
        word = "row" if self.format == "parquet" else "line"
        return MalformedLine(f"{self.name}, {word} {number}: {what}.", next_step=next_step)


def find_source(path: str, encoding: str, *, words: bool = False) -> Source:
    """The file at `path`, with `words` a text file as sentences of words; raises InputsNotFound, EmptyInputs, UnknownInputFormat or InputsError (no such encoding)."""
    place = Path(path).expanduser()
    if not path:
        raise InputsNotFound(
            "The inputs have an empty name.", next_step="Give --inputs a file, or omit the option."
        )
    if place.is_dir():
        raise InputsNotFound(f"{path} is a folder, not a file of inputs.", next_step="Name a file inside it.")
    try:
        size = place.stat().st_size
        place.open("rb").close()
    except OSError as error:
        reason = (
            "there is no such file"
            if isinstance(error, FileNotFoundError)
            else (error.strerror or str(error))
        )
        raise InputsNotFound(
            f"The inputs {path} cannot be read: {reason}.",
            next_step="Give --inputs a readable file, or omit it to use the built-in probes.",
        ) from None
    kind = FORMATS.get(place.suffix.lower())
    kind = "conll" if words and kind == "txt" else kind
    if kind is None:
        raise UnknownInputFormat(
            f"{path} ends in {place.suffix or 'nothing'}, which is not an input format.",
            next_step=f"Use one of {', '.join(FORMATS)}, or pipe text or JSON lines in with --inputs -.",
        )
    if size == 0 and place.is_file():
        raise EmptyInputs(f"{path} is empty (0 bytes).", next_step="Give a file with at least one example.")
    return Source(path, kind, codec_named(encoding), lambda: place.open("rb"))


def rows(source: Source, columns: list[str] | None = None) -> Iterator[Row]:
    """Every row of the source, read as needed; `columns` names the columns to read, which saves time for Parquet."""
    try:
        if source.format == "parquet":
            yield from _parquet(source, columns)
            return
        with ExitStack() as stack:
            newline = "\n" if source.format in ("txt", "jsonl", "conll") else ""
            raw = stack.enter_context(source.open())
            text = stack.enter_context(io.TextIOWrapper(raw, encoding=source.encoding, newline=newline))
            yield from _READERS[source.format](source, text)
    except UnicodeDecodeError:
        raise _undecodable(source) from None


def _lines(source: Source, text: IO[str]) -> Iterator[Row]:
    blank = 0
    for number, line in enumerate(text, 1):
        line = line.removesuffix("\n").removesuffix("\r")
        if not line:
            blank += 1
            continue
        for earlier in range(number - blank, number):
            yield Row(earlier, {"text": ""})
        blank = 0
        yield Row(number, {"text": line})


def _sentences(source: Source, text: IO[str]) -> Iterator[Row]:
    for sentence in sentences(text, source.refuse):
        tags = {} if sentence.tags is None else {TAGS: sentence.tags}
        yield Row(sentence.number, {WORDS: sentence.words, **tags})


def _json_lines(source: Source, text: IO[str]) -> Iterator[Row]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            value: object = json.loads(line)
        except json.JSONDecodeError as error:
            raise source.refuse(
                number,
                f"not JSON ({error.msg.removesuffix(' at')} at column {error.colno})",
                "Write one JSON object a line.",
            ) from None
        except (ValueError, RecursionError) as error:
            raise source.refuse(number, f"not JSON that can be read ({error})") from None
        if not isinstance(value, dict):
            kind = {"list": "a list", "str": "a text", "NoneType": "null"}.get(
                type(value).__name__, "a number"
            )
            raise source.refuse(number, f"{kind} instead of an object", 'Write {"text": "…"} on each line.')
        yield Row(number, cast("dict[str, Any]", value))


def _separated(source: Source, text: IO[str]) -> Iterator[Row]:
    csv.field_size_limit(_CELL_LIMIT)
    reader = csv.reader(text, "excel" if source.format == "csv" else "excel-tab", strict=True)
    header: list[str] | None = None
    number = 1
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise source.refuse(
                number, str(error), "Put a cell that holds a quote in quotes, and double the inner quote."
            ) from None
        if cells is None:
            return
        if not cells:
            continue
        if header is None:
            header = [name.strip() for name in cells]
            twice = next((name for name in header if header.count(name) > 1), None)
            if twice is not None:
                raise source.refuse(
                    number, f"the header names the column {twice!r} twice", "Rename one of them."
                )
            continue
        if len(cells) != len(header):
            raise source.refuse(
                number,
                f"{len(cells)} cells where the header has {len(header)}",
                f"Put in quotes a cell that holds a {'comma' if source.format == 'csv' else 'tab'} or a line break.",
            )
        yield Row(number, dict(zip(header, cells, strict=True)))


def _parquet(source: Source, columns: list[str] | None) -> Iterator[Row]:
    # Imported here: pyarrow costs a quarter of a second, and only this format needs it. It has no types.
    parquet: Any = importlib.import_module("pyarrow.parquet")
    errors: Any = importlib.import_module("pyarrow").ArrowException
    number = 0
    with source.open() as file:
        try:
            # Unthreaded and unbuffered: the memory is that of a page, not of a row group.
            table = parquet.ParquetFile(file, pre_buffer=False, buffer_size=_CHUNK)
            for batch in table.iter_batches(batch_size=256, columns=columns, use_threads=False):
                for cells in cast("list[dict[str, Any]]", batch.to_pylist()):
                    number += 1
                    yield Row(number, cells)
        except UnicodeDecodeError:
            raise UndecodableInputs(
                f"{source.name}: one of the rows {number + 1} to {number + 256} is not UTF-8, which Parquet text is.",
                next_step="Write the file again with its text in UTF-8.",
            ) from None
        except (errors, OSError) as error:
            raise UnknownInputFormat(
                f"{source.name} is not Parquet that can be read ({str(error).splitlines()[0]}).",
                next_step="Write the file again, or rename it to the ending of its format.",
            ) from None


_READERS: dict[str, Callable[[Source, IO[str]], Iterator[Row]]] = {
    "txt": _lines,
    "jsonl": _json_lines,
    "csv": _separated,
    "tsv": _separated,
    "conll": _sentences,
}


def codec_named(encoding: str) -> str:
    """Python's name for a text encoding; raises InputsError when there is none of that name."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, ValueError):
        raise InputsError(
            f"The text encoding {encoding!r} is unknown.",
            next_step="Name one that Python knows: utf-8, latin-1, cp1252, utf-16.",
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def _undecodable(source: Source) -> UndecodableInputs:
    """Read the source again to find where it stops being text."""
    decoder = codecs.getincrementaldecoder(source.encoding)()
    line, before = 1, 0
    with source.open() as file:
        start = file.read(4)
        file.seek(0)
        while True:
            chunk = file.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                line += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                bad = error.object[error.start : error.start + 1].hex()
                offset = before - held + error.start
                line += error.object[: error.start].count(b"\n")
                break
            if not chunk:
                return UndecodableInputs(f"{source.name} is not text in {source.encoding}.")
            before += len(chunk)
    marked = re.match(rb"\xff\xfe|\xfe\xff", start)
    return UndecodableInputs(
        f"{source.name}, line {line}: byte 0x{bad} at offset {offset} is not {source.encoding.removesuffix('-sig')} text.",
        next_step=f"Name the file's encoding, for example --encoding {'utf-16' if marked else 'latin-1'}.",
    )
