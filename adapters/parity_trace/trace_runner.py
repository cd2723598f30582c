"""Answers for a subject from its trace: what was recorded, batch by batch, and nothing else.

The trace's layout is described in `parity/manifest.py`; its digests are checked before a word of it is believed. This
file imports nothing of parity: what crosses the border is the protocol alone.
"""

# What a file holds has no type until it was looked at.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from safetensors import SafetensorError, safe_open

SCHEMA = "parity.trace/1"
_AGAIN = "Copy it again from where it was recorded, or record it again with parity record."
_CHUNK = 1 << 20
_AXIS_COUNTS = {"token": "tokens", "word": "words"}
_MASKS = {"token": "real", "word": "word_mask"}
_FED = ("attention_mask", "token_type_ids", "position_ids")


class Place(NamedTuple):
    """Where a row lies: its shard's file and its number in it."""

    shard: str
    number: int


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


class Session:
    """One trace, opened and found whole."""

    def __init__(self, folder: str, temperature: str | None, host: Any) -> None:
        self._host = host
        self._folder = folder
        self._manifest = read_manifest(folder, host)
        self._temperature = temperature
        self._count = int(self._manifest["inputs"]["count"])
        self._axes = {stage["name"]: list(stage["axes"]) for stage in self._manifest["stages"]}
        self._pad: dict[str, int] = self._manifest["padding"]["values"]
        self._left = self._manifest["padding"]["side"] == "left"
        self._open_shard = lru_cache(maxsize=32)(self._shard_at)
        self._places: dict[str | None, dict[int, Place]] = {None: {}, "float64": {}}
        kinds = {entry["kind"] for entry in self._manifest["files"]}
        for entry in self._manifest["files"]:
            if entry["kind"] == "tensors":
                for number, row in enumerate(self._open_shard(entry["name"]).rows):
                    self._places[entry["precision"]][row] = Place(entry["name"], number)
        if sorted(self._places[None]) != list(range(self._count)):
            raise self._damaged("its shards do not hold every row")
        self._examples = Lines(os.path.join(folder, "inputs.jsonl"))
        self._encodings = Lines(os.path.join(folder, "encodings.jsonl")) if "encodings" in kinds else None

    def describe(self) -> dict[str, Any]:
        """The recorded description, as far as the trace can stand for it."""
        manifest = self._manifest
        recorded: dict[str, Any] = dict(manifest["description"])
        stages = [stage for stage in recorded["stages"] if stage["name"] in self._axes]
        count = self._count
        recorded["stages"] = stages
        recorded["scope"] = "outputs" if manifest["kept"]["outputs_only"] else recorded["scope"]
        recorded["can"] = dict(
            recorded["can"],
            same_ids=False,
            float64=bool(self._places["float64"]),
            tokens=self._encodings is not None,
        )
        if self._temperature is not None:
            recorded["temperature"] = float(self._temperature)
        recorded["notes"] = list(recorded["notes"]) + [
            "Replayed from a trace ({}) of {}, recorded on {:,} inputs.".format(
                manifest["digest"][:19], manifest["spec"], count
            )
        ]
        recorded["recorded"] = {
            "count": count,
            "matched_by": "text",
            "digest": manifest["digest"],
            "spec": manifest["spec"],
            "full_rows": manifest["kept"]["full_rows"],
            "float64_rows": sorted(self._places["float64"]),
        }
        return recorded

    def tokenize(self, examples: Sequence[dict[str, Any]], first_row: int) -> dict[str, Any]:
        """The recorded encodings of these rows, which must hold the recorded texts."""
        end = first_row + len(examples)
        if end > self._count:
            raise self._host.Refusal(
                "trace",
                f"The trace {self._folder} was recorded on {self._count:,} inputs, and there are at least {end:,} here.",
                "Leave --inputs out to use the trace's own, or record it again on these.",
            )
        for row, (known, example) in enumerate(
            zip(self._examples.read(first_row, len(examples)), examples), first_row
        ):
            for part in ("text", "pair"):
                if known[part] != example[part]:
                    raise self._host.Refusal(
                        "trace",
                        f"The trace {self._folder} was recorded on other inputs: the {part} of row {row} is {_short(known[part])} there and {_short(example[part])} here.",
                        "Leave --inputs out to use the trace's own, or record it again on these.",
                    )
        if self._encodings is None:
            return {"rows": [None] * len(examples)}
        return {"rows": self._encodings.read(first_row, len(examples))}

    def forward(
        self,
        rows: Sequence[int] | None,
        inputs: dict[str, Any] | None,
        stages: Sequence[str] | None,
        precision: str | None,
        write: Any,
    ) -> dict[str, Any]:
        """The recorded rows, padded to the longest of them on the recorded side."""
        if rows is None or inputs is not None:
            raise self._host.Refusal(
                "trace", "A trace cannot be run on other ids than those it was recorded on."
            )
        known = self._places[precision]
        unknown = next((row for row in rows if row not in known), None)
        if unknown is not None:
            what = f"row {unknown} in {precision}" if precision else f"row {unknown}"
            raise self._host.Refusal("trace", f"The trace {self._folder} does not hold {what}.")
        places = [known[row] for row in rows]
        shards = [self._open_shard(place.shard) for place in places]
        masks = {axis: self._mask(axis, shards, places) for axis in _MASKS}
        if "input_ids" in self._axes:
            self._write("input_ids", shards, places, masks, write)
        if masks["token"] is not None:
            write("real", masks["token"].astype(np.uint8), ["row", "token"])
        for stage in _FED:
            if stage in self._axes:
                self._write(stage, shards, places, masks, write)
        if masks["word"] is not None:
            write("word_mask", masks["word"].astype(np.uint8), ["row", "word"])
        for stage in self._axes:
            fed = stage in ("input_ids", "real", "word_mask", *_FED)
            if not fed and (stages is None or stage in stages or stage.startswith("input.")):
                self._write(stage, shards, places, masks, write)
        sample = self._manifest["float64"]
        return {"float64": sample["status"]} if precision and sample else {}

    def close(self) -> None:
        """Nothing is held that the end of the process does not let go."""

    def _write(
        self, stage: str, shards: Sequence[Shard], places: Sequence[Place], masks: dict[str, Any], write: Any
    ) -> None:
        if any("stage." + stage not in shard.names for shard in shards):
            return  # kept for the first rows only
        axes = self._axes[stage]
        values = [shard.row(stage, axes, place.number) for shard, place in zip(shards, places)]
        pad = self._pad.get(stage, 0)
        mask = masks.get(axes[1]) if len(axes) > 1 else None
        if mask is not None and "shape." + stage not in shards[0].names:
            batch = np.full(mask.shape + values[0].shape[1:], pad, values[0].dtype)
            batch[mask] = np.concatenate(values)
        elif len({value.shape for value in values}) == 1:
            batch = np.stack(values)
        elif values[0].dtype.kind in "iu":
            shape = [max(sizes) for sizes in zip(*(value.shape for value in values))]
            batch = np.full([len(values), *shape], pad, values[0].dtype)
            for number, value in enumerate(values):
                batch[number][tuple(slice(size) for size in value.shape)] = value
        else:
            raise self._host.Refusal(
                "trace",
                f"The rows of {stage} have shapes of their own, and cannot be put in one batch.",
            )
        write(stage, batch, axes)

    def _mask(self, axis: str, shards: Sequence[Shard], places: Sequence[Place]) -> Any:
        lengths = [shard.length(axis, place.number) for shard, place in zip(shards, places)]
        known = [length for length in lengths if length is not None]
        if len(known) < len(lengths):
            return None
        counts = np.array(known)[:, None]
        longest = max(known)
        places_ = np.arange(longest)[None, :]
        # Words are counted by the model itself and always stand first.
        return places_ >= longest - counts if self._left and axis == "token" else places_ < counts

    def _shard_at(self, name: str) -> Shard:
        try:
            return Shard(os.path.join(self._folder, name))
        except SafetensorError as error:
            raise self._damaged(f"{name} is no safetensors file ({error})") from None

    def _damaged(self, reason: str) -> Any:
        return self._host.Refusal("trace", f"{self._folder} is damaged: {reason}.", _AGAIN)


def open(request: dict[str, Any], host: Any) -> Session:
    """Open the trace that the request names; refuses one that is damaged, foreign or newer, with the reason."""
    return Session(request["locator"], request["options"].get("temperature"), host)


def read_manifest(folder: str, host: Any) -> dict[str, Any]:
    """The manifest, after it and every file it names were found to be as they were written."""

    def refuse(reason: str, next_step: str = _AGAIN) -> Any:
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


def _short(text: Any) -> str:
    shown = json.dumps(text, ensure_ascii=False)
    return shown if len(shown) <= 60 else shown[:57] + "..."
