"""The manifest of a trace: what was recorded, of which subject, on which inputs, in which files with which digests.

A trace is a folder, usually called `NAME.trace/`:

    manifest.json                what this file describes
    inputs.jsonl                 the examples, a line each: text, pair, label, id
    encodings.jsonl              each row as the subject encoded it (absent for a subject without tokens)
    shard-00000.safetensors ...  the stages of some rows, real positions only

In a shard `rows` names the rows it holds; `tokens` (and `words`) count the real positions of each; `stage.NAME` holds
the rows one after the other: `[all tokens, hidden]` for a stage by token, `[rows, class]` for a stage by row, and for a
stage of any other form each row flattened, its shape in `shape.NAME` `[rows, axes]`. All stages of a shard hold all
its rows. Of a stage with a column for each word of a vocabulary a part is kept, as float64 `[all tokens, kept]` with the axis `kept`:
the largest logits (64, or as many as there are), largest first; their columns; the logit of the token that is there (the next one
for a causal model; NaN where there is none), the logarithm of the sum of all exponentials, the mean of all, the number of columns,
and random sums of all, with signs that `parity/measure/kept_logits.py` makes of each column's number. Such a trace has version 2.

A shard of precision "float64" holds the sample that the noise floor is measured on.

`digest` is a SHA-256 over the manifest without it, as JSON with sorted keys and no white space; as every other file's
digest is in the manifest, it covers the whole trace.

A trace is read and checked in full where it is replayed: by the runner of `trace:`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, cast

import msgspec

__all__ = [
    "SCHEMA",
    "SCHEMA_IN_PART",
    "FileEntry",
    "Kept",
    "Manifest",
    "Padding",
    "RecordedInputs",
    "Sample64",
    "StageEntry",
    "Vocabulary",
    "is_trace",
    "manifest_digest",
]

SCHEMA = "parity.trace/1"
SCHEMA_IN_PART = "parity.trace/2"
"""That of a trace which keeps a part of a vocabulary's logits; every other one is readable to earlier versions."""
_FAMILY = "parity.trace/"


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
    """How rows are put into a batch again: the padding side, and the padding values by input stage.

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


class Vocabulary(msgspec.Struct, frozen=True):
    """The stage of which a part is kept: at each position the `kept` largest logits and so many random `sums` of all."""

    stage: str
    kept: int
    sums: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `manifest.json`."""

    schema: str
    spec: str
    description: dict[str, Any]
    inputs: RecordedInputs
    kept: Kept
    padding: Padding
    stages: list[StageEntry]
    float64: Sample64 | None
    files: list[FileEntry]
    vocabulary: Vocabulary | None = None
    digest: str = ""


def manifest_digest(content: dict[str, Any]) -> str:
    """The digest of a manifest, over everything in it but the digest itself."""
    rest = {name: value for name, value in content.items() if name != "digest"}
    return (
        "sha256:"
        + hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    )


def is_trace(folder: Path) -> bool:
    """Whether a folder claims to be a trace of any version, complete or not."""
    try:
        content: object = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    named = cast("dict[str, object]", content).get("schema", "") if isinstance(content, dict) else ""
    return str(named).startswith(_FAMILY)
