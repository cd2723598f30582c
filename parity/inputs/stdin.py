"""Standard input as a file of inputs: it can be read once, and inputs are read twice, so it is copied to a file."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from typing import IO, Any

from parity.errors import EmptyInputs, UnknownInputFormat
from parity.inputs.table import Source, codec_named, rows

__all__ = ["standard_input"]

_CHUNK = 1 << 16
_PIPE = "Pipe texts or JSON lines into --inputs -."


def standard_input(encoding: str, stream: IO[bytes] | None = None) -> Source:
    """Standard input, copied to an anonymous file: JSON lines if its first line begins with `{`, else a text a line."""
    if stream is None and sys.stdin is None:  # closed by the caller (<&-)
        raise EmptyInputs("Standard input is closed.", next_step=_PIPE)
    spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the Source that reads it
    source_stream: IO[bytes] = sys.stdin.buffer if stream is None else stream
    while chunk := source_stream.read(_CHUNK):
        spool.write(chunk)
    spool.flush()
    if spool.tell() == 0:
        raise EmptyInputs("Standard input is empty.", next_step=_PIPE)
    source = Source(
        "standard input", "txt", codec_named(encoding), lambda: io.BufferedReader(_FromStart(spool))
    )
    with source.open() as file:
        if file.read(4) == b"PAR1":
            raise UnknownInputFormat(
                "Standard input holds Parquet, which cannot be read from a pipe.",
                next_step="Name the file: --inputs FILE.parquet.",
            )
    first = next(rows(source), None)
    jsonl = first is not None and str(first.cells["text"]).lstrip().startswith("{")
    return source._replace(format="jsonl") if jsonl else source


class _FromStart(io.RawIOBase):
    """A view of an open file from its first byte, with a position of its own, so that two can be read at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._file.fileno()).st_size}[
            whence
        ]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        data = os.pread(self._file.fileno(), len(buffer), self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
