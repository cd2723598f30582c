"""Writing a trace: the values of one subject at every stage for one set of inputs, to be compared with later.

The format is described in manifest.py. A trace is written to a hidden folder beside its place and renamed when it is
complete, so that a folder of that name is never half written. Memory is that of one shard, whatever the number of rows.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, NamedTuple, Self

import msgspec

from parity.border.description import Description
from parity.errors import OutOfSpace, TraceError
from parity.inputs.example import Encoding, Example
from parity.inputs.inputs import Inputs
from parity.records.float64_status import coarser_status
from parity.session.in_part import PART
from parity.trace.manifest import (
    SCHEMA,
    SCHEMA_IN_PART,
    FileEntry,
    Kept,
    Manifest,
    RecordedInputs,
    Sample64,
    StageEntry,
    Vocabulary,
    is_trace,
    manifest_digest,
)
from parity.trace.padding import PaddingSeen
from parity.trace.shard import Form, Shard, Stage, form_of

__all__ = ["Recording", "TraceWriter", "check_place"]

SHARD_BYTES = 32 << 20
_ALL = Kept()


class Recording(NamedTuple):
    """What is recorded: which subject, as it is written and as it describes itself, on which inputs, and what of it is kept."""

    spec: str
    description: Description
    inputs: Inputs
    kept: Kept = _ALL


class TraceWriter:
    """Writes one trace; as a context manager it leaves nothing behind when an exception is raised inside it."""

    def __init__(
        self,
        path: Path,
        recording: Recording,
        *,
        force: bool = False,
        shard_bytes: int = SHARD_BYTES,
    ) -> None:
        """Begin; TraceError when `path` exists, unless it is a trace and `force` is set."""
        self._path = Path(os.path.abspath(path))
        check_place(path, force)
        with _room(path):
            self._folder = Path(tempfile.mkdtemp(prefix=f".{self._path.name}.", dir=self._path.parent))
            self._examples = _Lines(self._folder / "inputs.jsonl")
            self._encodings = _Lines(self._folder / "encodings.jsonl")
        self._spec, self._description, self._inputs, self._kept = recording
        self._shard_bytes = shard_bytes
        self._shards: dict[Form, Shard] = {}
        self._files: list[FileEntry] = []
        self._stages: dict[str, StageEntry] = {}
        self._seen = bytearray(recording.inputs.count)
        self._rows64: list[int] = []
        self._status64 = ""
        self._padding = PaddingSeen()

    def add_encodings(self, examples: Sequence[Example], encodings: Sequence[Encoding | None]) -> None:
        """The next examples in row order, as the subject encoded them (None: it shows no tokens)."""
        with _room(self._path):
            for example, encoding in zip(examples, encodings, strict=True):
                if example.row != self._examples.count:
                    raise ValueError(f"row {example.row} where row {self._examples.count} belongs")
                self._examples.write(example.kept())
                self._encodings.write(None if encoding is None else encoding._asdict())

    def add(
        self,
        rows: Sequence[int],
        stages: Mapping[str, Stage],
        *,
        precision: Literal["float64"] | None = None,
        status: str = "unchecked",
    ) -> None:
        """The subject's values for one batch; `status` is how far its float64 run was float64 throughout. The arrays are copied."""
        form = form_of(stages, precision)
        self._shards.setdefault(form, Shard(form)).add(rows, stages)
        for name, stage in stages.items():
            self._stages.setdefault(name, StageEntry(name, list(stage.axes)))
        if precision is None:
            for row in rows:
                self._seen[row] += 1
        else:
            self._rows64 += rows
            self._status64 = coarser_status(self._status64, status)
        self._padding.look_at(stages)
        if sum(shard.size for shard in self._shards.values()) >= self._shard_bytes:
            self._flush()

    def close(self) -> str:
        """Write the manifest, put the trace in its place, and return its digest."""
        missing = self._seen.count(0)
        if missing or self._examples.count != self._inputs.count or max(self._seen) > 1:
            raise ValueError(f"the trace lacks {missing} of {self._inputs.count} rows, or holds one twice")
        self._flush()
        with _room(self._path):
            files = [FileEntry("inputs.jsonl", "inputs", *self._examples.close(), self._examples.count)]
            written = self._encodings.close()
            if self._description.can.tokens:
                files.append(FileEntry("encodings.jsonl", "encodings", *written, self._encodings.count))
            else:
                (self._folder / "encodings.jsonl").unlink()
            manifest = msgspec.to_builtins(self._manifest([*files, *self._files]))
            manifest["digest"] = manifest_digest(manifest)
            text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
            (self._folder / "manifest.json").write_text(text, encoding="utf-8")
            self._put_in_place()
        return str(manifest["digest"])

    def abandon(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, story: TracebackType | None
    ) -> None:
        self.abandon()  # after close() there is nothing left

    def _manifest(self, files: list[FileEntry]) -> Manifest:
        inputs = self._inputs
        in_part = (name for name, stage in self._stages.items() if stage.axes[-1:] == ["kept"])
        part = next((Vocabulary(name, *PART) for name in in_part), None)
        return Manifest(
            schema=SCHEMA if part is None else SCHEMA_IN_PART,
            vocabulary=part,
            spec=self._spec,
            description=msgspec.to_builtins(self._description),
            inputs=RecordedInputs(inputs.source, inputs.count, inputs.digest, inputs.labelled, inputs.pairs),
            kept=self._kept,
            padding=self._padding.conclude(self._description.tokenizer),
            stages=list(self._stages.values()),
            float64=Sample64(sorted(self._rows64), self._status64 or "unchecked") if self._rows64 else None,
            files=files,
        )

    def _flush(self) -> None:
        for form, shard in self._shards.items():
            name = f"shard-{len(self._files):05d}.safetensors"
            with _room(self._path):
                written = shard.write(self._folder / name)
            self._files.append(FileEntry(name, "tensors", *written, len(shard.rows), form.precision))
        self._shards.clear()

    def _put_in_place(self) -> None:
        mask = os.umask(0)
        os.umask(mask)
        self._folder.chmod(0o777 & ~mask)  # a temporary folder is private
        if self._path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{self._path.name}.old.", dir=self._path.parent))
            self._path.rename(old / "trace")
            self._folder.rename(self._path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            self._folder.rename(self._path)


class _Lines:
    """A JSON-lines file that is digested while it is written."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("wb")
        self._hash = hashlib.sha256()
        self._bytes = self.count = 0

    def write(self, value: dict[str, Any] | None) -> None:
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        self._file.write(line)
        self._hash.update(line)
        self._bytes += len(line)
        self.count += 1

    def close(self) -> tuple[str, int]:
        self._file.close()
        return self._hash.hexdigest(), self._bytes


def check_place(path: Path, force: bool) -> None:
    """Raises TraceError when a trace cannot be written to `path`: its folder is missing, or it exists (unless it is a trace and `force` is set)."""
    if not path.absolute().parent.is_dir():
        raise TraceError(
            f"The folder {path.parent} does not exist.",
            next_step="Make it, or name another place with --out.",
        )
    if not path.exists() and not path.is_symlink():
        return
    if not (path.is_dir() and is_trace(path)):
        raise TraceError(
            f"{path} exists and is not a trace; it was not changed.",
            next_step="Name another place with --out.",
        )
    if not force:
        raise TraceError(
            f"The trace {path} exists.",
            next_step="Name another place with --out, or replace it with --force.",
        )


@contextmanager
def _room(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OutOfSpace(
                f"No space is left for the trace {path}.",
                next_step="Free some space, or keep less with --outputs-only or --full-rows N.",
            ) from error
        raise TraceError(
            f"The trace {path} cannot be written: {error.strerror or error}.",
            next_step="Name another place with --out.",
        ) from error
