"""The manifest of a trace: what was recorded, of whom, on which inputs, in which files with which digests.

A trace is a folder, by custom `NAME.trace/`:

    manifest.json                what this file describes
    inputs.jsonl                 the examples, a line each: text, pair, label, id
    encodings.jsonl              each row as the subject encoded it (absent for a subject without tokens)
    shard-00000.safetensors ...  the stages of some rows, real positions only

In a shard `rows` names the rows it holds; `tokens` (and `words`) count the real positions of each; `stage.NAME` holds
the rows one after the other: `[all tokens, hidden]` for a stage by token, `[rows, class]` for a stage by row, and for a
stage of any other form each row flattened, its shape in `shape.NAME` `[rows, axes]`. All stages of a shard hold all
its rows. A shard of precision "float64" holds the sample that the noise floor is measured on.

`digest` is a SHA-256 over the manifest without it, as JSON with sorted keys and no white space; as every other file's
digest is in the manifest, it stands for the whole trace.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, cast

import msgspec

from parity.border.description import Description
from parity.errors import TraceError

__all__ = [
    "SCHEMA",
    "FileEntry",
    "Kept",
    "Manifest",
    "Padding",
    "RecordedInputs",
    "Sample64",
    "StageEntry",
    "is_trace",
    "manifest_digest",
    "read_manifest",
]

SCHEMA = "parity.trace/1"
_FAMILY = "parity.trace/"
_AGAIN = "Copy it again from where it was recorded, or record it again with parity record."


class FileEntry(msgspec.Struct, frozen=True):
    """One file of the trace, relative to its folder."""

    name: str
    kind: Literal["inputs", "encodings", "tensors"]
    sha256: str
    bytes: int
    rows: int
    precision: Literal["float64"] | None = None


class RecordedInputs(msgspec.Struct, frozen=True):
    """The inputs that the trace was recorded on."""

    source: str
    count: int
    digest: str
    labelled: int = 0
    pairs: int = 0


class Kept(msgspec.Struct, frozen=True):
    """What was kept: every stage, the outputs only, or every stage of the first `full_rows` rows and outputs after."""

    outputs_only: bool = False
    full_rows: int | None = None


class Padding(msgspec.Struct, frozen=True):
    """How rows are put together into a batch again: the side, and what stands there by input stage.

    "column" is the number of the column, as position ids go on over the padding of some models.
    """

    side: Literal["left", "right"] = "right"
    values: dict[str, int | Literal["column"]] = {}


class StageEntry(msgspec.Struct, frozen=True):
    """One stage that some shard holds, in forward order."""

    name: str
    axes: list[str]


class Sample64(msgspec.Struct, frozen=True):
    """The rows recorded in double precision as well, and whether the model was in double precision throughout."""

    rows: list[int]
    status: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What `manifest.json` says."""

    schema: str
    spec: str
    description: dict[str, Any]
    inputs: RecordedInputs
    kept: Kept
    padding: Padding
    stages: list[StageEntry]
    float64: Sample64 | None
    files: list[FileEntry]
    digest: str = ""


def manifest_digest(content: dict[str, Any]) -> str:
    """The digest of a manifest, over everything in it but the digest itself."""
    rest = {name: value for name, value in content.items() if name != "digest"}
    return (
        "sha256:"
        + hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    )


def is_trace(folder: Path) -> bool:
    """Whether a folder says that it is a trace of any version, whole or not."""
    try:
        return str(_content(folder).get("schema", "")).startswith(_FAMILY)
    except TraceError:
        return False


def read_manifest(folder: Path, *, contents: bool = True) -> Manifest:
    """Read a trace's manifest and check it and, with `contents`, the bytes of every file against their digests.

    Raises TraceError with the reason: foreign, newer, or damaged (and which file).
    """
    content = _content(folder)
    schema = content.get("schema")
    if not isinstance(schema, str) or not schema.startswith(_FAMILY):
        raise TraceError(
            f"{folder} is not a trace: its manifest.json says schema {schema!r}.",
            next_step="Name what parity record wrote.",
        )
    if schema != SCHEMA:
        raise TraceError(
            f"{folder} is a trace of schema {schema}, and this parity reads {SCHEMA}.",
            next_step="Upgrade parity, or record the trace again with this one.",
        )
    try:
        digest = manifest_digest(content)
    except RecursionError:
        raise TraceError(
            f"{folder} is damaged: manifest.json is nested too deeply.", next_step=_AGAIN
        ) from None
    if content.get("digest") != digest:
        raise TraceError(
            f"{folder} is damaged: manifest.json was changed after it was written.", next_step=_AGAIN
        )
    try:
        manifest = msgspec.convert(content, Manifest)
        msgspec.convert(manifest.description, Description)
    except (msgspec.ValidationError, ValueError, OverflowError, RecursionError) as error:
        # A text with half of a surrogate pair is a ValueError of its own, which no terminal can show.
        reason = str(error).encode("utf-8", "backslashreplace").decode("utf-8")
        raise TraceError(f"{folder} is damaged: in manifest.json, {reason}.", next_step=_AGAIN) from None
    for entry in manifest.files:
        _check_file(folder, entry, contents)
    return manifest


def _content(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not folder.exists():
        raise TraceError(
            f"There is no trace at {folder}.", next_step="Record one with parity record SUBJECT --out PATH."
        )
    if not path.is_file():
        raise TraceError(
            f"{folder} is not a trace: it holds no manifest.json.", next_step="Name what parity record wrote."
        )
    try:
        content: object = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise TraceError(
            f"{folder} is damaged: manifest.json is not JSON ({error}).", next_step=_AGAIN
        ) from None
    if not isinstance(content, dict):
        raise TraceError(
            f"{folder} is not a trace: its manifest.json is not a JSON object.",
            next_step="Name what parity record wrote.",
        )
    return cast("dict[str, Any]", content)


def _check_file(folder: Path, entry: FileEntry, contents: bool) -> None:
    path = folder / entry.name
    if Path(entry.name).name != entry.name or not path.is_file():
        raise TraceError(f"{folder} is damaged: {entry.name} is not there.", next_step=_AGAIN)
    size = path.stat().st_size
    if size != entry.bytes:
        raise TraceError(
            f"{folder} is damaged: {entry.name} has {size:,} bytes and was written with {entry.bytes:,}.",
            next_step=_AGAIN,
        )
    if contents:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
                raise TraceError(
                    f"{folder} is damaged: {entry.name} was changed after it was written.",
                    next_step=_AGAIN,
                )
