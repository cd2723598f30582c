"""An opened shard of a trace: checked against the manifest, then read row by row from the map."""

# The content of a file has no type before it is checked.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from safetensors import SafetensorError, safe_open

from .trace_forms import Damaged

__all__ = ["Shard", "open_shard"]

_COUNTS = {"token": "tokens", "word": "words"}
_INTEGERS = ("I64", "I32", "I16", "I8", "U8")
_FLOATS = ("F64", "F32")
_FED = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "word_ids")
_LONGEST = 1 << 24  # of one row, in tokens: a mask is made as long as the longest row


class Shard:
    """An open shard: slices of its stages by row, read from the map on demand."""

    def __init__(self, file: Any, names: Sequence[str], rows: list[int]) -> None:
        self._file = file
        self.names = frozenset(names)
        self.rows = rows
        self._starts: dict[str, Any] = {}
        self._slices: dict[str, Any] = {}

    def row(self, stage: str, axes: Sequence[str], number: int) -> Any:
        """One row of a stage: `[real positions, width]` by position, else the row in its own shape."""
        if "shape." + stage in self.names:
            shape = self._counts("shape." + stage)[number]
            return self._cut(stage, *self._span("shape." + stage, number)).reshape(shape)
        counts = _COUNTS.get(axes[1]) if len(axes) > 1 else None
        if counts in self.names:
            return self._cut(stage, *self._span(str(counts), number))
        return self._cut(stage, number, number + 1)[0]

    def length(self, axis: str, number: int) -> Any:
        """How many real positions a row has, None where the trace does not count them."""
        name = _COUNTS[axis]
        return int(self._counts(name)[number]) if name in self.names else None

    def _cut(self, stage: str, start: int, end: int) -> Any:
        if stage not in self._slices:
            self._slices[stage] = self._file.get_slice("stage." + stage)
        values = self._slices[stage]
        if start == end:  # the library rejects empty slices
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


def open_shard(
    folder: str, entry: Mapping[str, Any], stages: Mapping[str, Sequence[str]], count: int
) -> Shard:
    """Open the shard of a manifest's entry; raises Damaged with the difference from the manifest.

    `stages` are the axes of every stage that the trace has, `count` the rows of the trace.
    """
    name = entry["name"]
    try:
        file: Any = cast("Any", safe_open)(os.path.join(folder, name), framework="numpy")
        tensors = list(file.keys())
        contents = _Contents(name, file, {tensor: _form(file, tensor) for tensor in tensors})
    except (SafetensorError, OSError, ValueError) as error:
        what = "is not a safetensors file ({})".format(str(error).split("\n")[0][:200])
        raise _damaged(name, what) from None
    rows = contents.rows(entry["rows"], count)
    lengths = {
        counts: contents.total(counts, (len(rows),))
        for counts in _COUNTS.values()
        if counts in contents.forms
    }
    for tensor in tensors:
        kind, _, stage = tensor.partition(".")
        if tensor == "rows" or tensor in _COUNTS.values():
            continue
        if kind not in ("stage", "shape") or stage not in stages or "stage." + stage not in contents.forms:
            raise _damaged(name, f"holds {_shown(tensor)}, which manifest.json does not list")
        if kind == "stage":
            contents.check_stage(stage, stages[stage], len(rows), lengths)
    return Shard(file, tensors, rows)


class _Contents(NamedTuple):
    """What an open file holds: each tensor's dtype and shape."""

    name: str
    file: Any
    forms: dict[str, tuple[str, tuple[int, ...]]]

    def rows(self, expected: int, count: int) -> list[int]:
        """The rows that the shard holds, of the `count` of the trace."""
        for tensor, (dtype, _) in self.forms.items():
            if dtype not in _INTEGERS + _FLOATS:
                raise _damaged(
                    self.name, f"holds {_shown(tensor)} as {dtype}, which is not a dtype of traces"
                )
        if "rows" not in self.forms or self.forms["rows"] != ("I64", (expected,)):
            raise _damaged(self.name, f"does not name its {expected:,} rows")
        rows: list[int] = self.file.get_tensor("rows").tolist()
        if rows and (min(rows) < 0 or max(rows) >= count or len(set(rows)) < len(rows)):
            raise _damaged(self.name, f"names a row twice, or one that is not among the {count:,}")
        return rows

    def check_stage(self, stage: str, axes: Sequence[str], rows: int, lengths: Mapping[str, int]) -> None:
        """Raise Damaged where a stage's tensor is not of the dtype and the shape that its rows need."""
        dtype, shape = self.forms["stage." + stage]
        if stage in _FED and dtype not in _INTEGERS:
            raise _damaged(self.name, f"holds {_shown(stage)} as {dtype} instead of whole numbers")
        expected = self._expected(stage, axes, rows, lengths)
        if shape[: len(expected) - 1] != expected[:-1] or len(shape) != expected[-1]:
            what = f"holds {_shown(stage)} of shape {list(shape)}, and its {rows} rows need another"
            raise _damaged(self.name, what)

    def _expected(
        self, stage: str, axes: Sequence[str], rows: int, lengths: Mapping[str, int]
    ) -> tuple[int, ...]:
        """The first length that a stage's tensor must have, then how many axes."""
        if "shape." + stage in self.forms:
            return self.total("shape." + stage, (rows, len(axes) - 1)), 1
        counts = _COUNTS.get(axes[1]) if len(axes) > 1 else None
        if counts in lengths:
            return lengths[str(counts)], len(axes) - 1
        return rows, len(axes)

    def total(self, tensor: str, shape: tuple[int, ...]) -> int:
        """The sum of the counts (for shapes, of the product of each row), in whole numbers that cannot overflow."""
        if self.forms[tensor] != ("I64", shape):
            raise _damaged(self.name, f"does not count {_shown(tensor)} for its {shape[0]} rows")
        total = 0
        for row in self.file.get_tensor(tensor).tolist():
            size = 1
            for length in row if isinstance(row, list) else [row]:
                if not 0 <= length <= _LONGEST:
                    what = f"says in {_shown(tensor)} that a row has length {length}"
                    raise _damaged(self.name, what)
                size *= length
            total += size
        return total


def _damaged(name: str, what: str) -> Damaged:
    return Damaged(f"is damaged: {name} {what}")


def _form(file: Any, name: str) -> tuple[str, tuple[int, ...]]:
    tensor = file.get_slice(name)
    return str(tensor.get_dtype()), tuple(tensor.get_shape())


def _shown(name: str) -> str:
    text = ascii(name)
    return text if len(text) <= 60 else text[:57] + "..."
