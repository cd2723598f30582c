"""The folder of a trace, read: its manifest checked, its shards and lines opened to any row.

The layout is described in `parity/manifest.py`; of parity nothing is imported.
"""

# What a file holds has no type until it was looked at.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from safetensors import safe_open

__all__ = ["AGAIN", "Lines", "Shard", "read_manifest"]

SCHEMA = "parity.trace/1"
AGAIN = "Copy it again from where it was recorded, or record it again with parity record."
_CHUNK = 1 << 20
_AXIS_COUNTS = {"token": "tokens", "word": "words"}


class Shard:
    """An open shard: slices of its stages by row, read from the map as they are asked for."""

    def __init__(self, path: str) -> None:
        self._file: Any = cast("Any", safe_open)(path, framework="numpy")
        self.names: set[str] = set(self._file.keys())
        self.rows: list[int] = self._file.get_tensor("rows").tolist()
        self._starts: dict[str, Any] = {}
        self._slices: dict[str, Any] = {}

    def row(self, stage: str, axes: Sequence[str], number: int) -> Any:
        """One row of a stage: `[real positions, width]` by position, else the row in its own shape."""
        if "shape." + stage in self.names:
            shape = self._counts("shape." + stage)[number]
            return self._cut(stage, *self._span("shape." + stage, number)).reshape(shape)
        counts = _AXIS_COUNTS.get(axes[1]) if len(axes) > 1 else None
        if counts in self.names:
            return self._cut(stage, *self._span(str(counts), number))
        return self._cut(stage, number, number + 1)[0]

    def length(self, axis: str, number: int) -> int | None:
        """How many real positions a row has, None where the trace does not count them."""
        name = _AXIS_COUNTS[axis]
        return int(self._counts(name)[number]) if name in self.names else None

    def _cut(self, stage: str, start: int, end: int) -> Any:
        if stage not in self._slices:
            self._slices[stage] = self._file.get_slice("stage." + stage)
        values = self._slices[stage]
        if start == end:  # the library takes no empty slice
            return values[0:1][:0] if values.get_shape()[0] else self._file.get_tensor("stage." + stage)
        return values[start:end]

    def _counts(self, name: str) -> Any:
        if name not in self._starts:
            counts = self._file.get_tensor(name)
            sizes = counts.prod(axis=1) if counts.ndim > 1 else counts
            self._starts[name] = (counts, np.concatenate([[0], np.cumsum(sizes)]))
        return self._starts[name][0]

    def _span(self, name: str, number: int) -> tuple[int, int]:
        self._counts(name)
        starts = self._starts[name][1]
        return int(starts[number]), int(starts[number + 1])


class Lines:
    """A JSON-lines file of the trace, any line of which can be read; its memory is one number a line."""

    def __init__(self, path: str) -> None:
        self._path = path
        lengths = [0]
        with Path(path).open("rb") as file:
            lengths.extend(len(line) for line in file)
        self._starts = np.cumsum(np.array(lengths, np.int64))

    def read(self, first: int, count: int) -> list[Any]:
        """`count` lines from the line `first`, counted from 0."""
        with Path(self._path).open("rb") as file:
            file.seek(int(self._starts[first]))
            return [json.loads(file.readline()) for _ in range(count)]


def read_manifest(folder: str, host: Any) -> dict[str, Any]:
    """The manifest, after it and every file it names were found to be as they were written."""

    def refuse(reason: str, next_step: str = AGAIN) -> Any:
        return host.Refusal("trace", f"{folder} {reason}.", next_step)

    path = os.path.join(folder, "manifest.json")
    if not os.path.isfile(path):
        there = os.path.exists(folder)
        raise refuse(
            "is not a trace: it holds no manifest.json" if there else "does not exist",
            "Name what parity record wrote.",
        )
    try:
        with Path(path).open("rb") as file:
            manifest: Any = json.loads(file.read())
    except (ValueError, RecursionError) as error:
        raise refuse(f"is damaged: manifest.json is not JSON ({error})") from None
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if not isinstance(schema, str) or not schema.startswith("parity.trace/"):
        raise refuse(
            f"is not a trace: its manifest.json says schema {schema!r}",
            "Name what parity record wrote.",
        )
    if schema != SCHEMA:
        raise refuse(f"is a trace of schema {schema}, and this parity reads {SCHEMA}", "Upgrade parity.")
    rest = {name: value for name, value in manifest.items() if name != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    if manifest.get("digest") != "sha256:" + hashlib.sha256(text.encode()).hexdigest():
        raise refuse("is damaged: manifest.json is not as it was written")
    for number, entry in enumerate(manifest["files"]):
        host.progress("checking the trace", number, len(manifest["files"]))
        name = entry["name"]
        file_path = os.path.join(folder, name)
        if os.path.basename(name) != name or not os.path.isfile(file_path):
            raise refuse(f"is damaged: {name} is not there")
        size = os.path.getsize(file_path)
        if size != entry["bytes"]:
            raise refuse(
                "is damaged: {} has {:,} bytes and was written with {:,}".format(name, size, entry["bytes"])
            )
        if _digest(file_path) != entry["sha256"]:
            raise refuse(f"is damaged: the bytes of {name} are not those that were written")
    return cast("dict[str, Any]", manifest)


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()
