"""The runner of a trace: it replays what was recorded, batch by batch.

The trace's layout is described in `parity/trace/manifest.py`; its digests are checked before anything of it is used. This
file imports nothing of parity: only the protocol connects the two.
"""

# The content of a file has no type before it is checked.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import trace_folder
from .trace_forms import Damaged
from .trace_shard import Shard, open_shard

if TYPE_CHECKING:
    from parity._in_process.host import Host

PROTOCOL = 2

_MASKS = {"token": "real", "word": "word_mask"}
_FED = ("attention_mask", "token_type_ids", "position_ids", "word_ids")


def _refusing(method: Callable[..., Any]) -> Callable[..., Any]:
    """Turns damage that is found later into a refusal that names the folder."""

    @wraps(method)
    def guarded(self: Session, *arguments: Any) -> Any:
        try:
            return method(self, *arguments)
        except Damaged as error:
            raise self.refusal(error) from None

    return guarded


class Place(NamedTuple):
    """The place of a row: its shard's file and its number in it."""

    shard: str
    number: int


class Session:
    """One trace, opened and checked."""

    def __init__(self, folder: str, temperature: str | None, host: Host) -> None:
        self._host = host
        self._folder = folder
        self._temperature = temperature
        self._open()

    def refusal(self, error: Any) -> Any:
        """The refusal for a damaged trace."""
        return self._host.Refusal("trace", f"{self._folder} {error.reason}.", error.next_step)

    @_refusing
    def _open(self) -> None:
        folder = self._folder
        self._manifest = trace_folder.read_manifest(folder, progress=self._host.progress)
        self._count = int(self._manifest["inputs"]["count"])
        self._axes = {stage["name"]: list(stage["axes"]) for stage in self._manifest["stages"]}
        padding = self._manifest["padding"]
        self._pad: dict[str, Any] = padding.get("values", {})
        self._left = padding.get("side") == "left"
        self._entries = {entry["name"]: entry for entry in self._manifest["files"]}
        self._open_shard = lru_cache(maxsize=32)(self._shard_at)
        self._places: dict[str | None, dict[int, Place]] = {None: {}, "float64": {}}
        kinds = {entry["kind"] for entry in self._manifest["files"]}
        for entry in self._manifest["files"]:
            if entry["kind"] == "tensors":
                places = self._places[entry.get("precision")]
                for number, row in enumerate(self._open_shard(entry["name"]).rows):
                    if row in places:
                        raise Damaged(f"is damaged: two shards hold row {row}")
                    places[row] = Place(entry["name"], number)
        if sorted(self._places[None]) != list(range(self._count)):
            raise Damaged("is damaged: its shards do not hold every row")
        sample = (self._manifest["float64"] or {"rows": []})["rows"]
        if sorted(sample) != sorted(self._places["float64"]):
            raise Damaged("is damaged: its shards hold other rows in float64 than manifest.json says")
        self._examples = trace_folder.Lines(folder, "inputs.jsonl", self._count, trace_folder.check_example)
        self._encodings = (
            trace_folder.Lines(folder, "encodings.jsonl", self._count, trace_folder.check_encoding)
            if "encodings" in kinds
            else None
        )

    def describe(self) -> dict[str, Any]:
        """The recorded description, limited to what the trace can replay."""
        manifest = self._manifest
        recorded: dict[str, Any] = dict(manifest["description"])
        stages = [stage for stage in recorded["stages"] if stage["name"] in self._axes]
        count = self._count
        recorded["stages"] = stages
        # Without a row kept in full there are only outputs, whatever was requested.
        full_rows = manifest["kept"].get("full_rows")
        bare = manifest["kept"].get("outputs_only") or full_rows == 0
        recorded["scope"] = "outputs" if bare else recorded.get("scope", "full")
        known = {
            name: recorded["can"][name] for name in ("pairs", "blank", "words") if name in recorded["can"]
        }
        recorded["can"] = dict(
            known,  # also of an earlier trace, where other abilities may have other names
            accepts_feed=False,
            float64=bool(self._places["float64"]),
            tokens=self._encodings is not None,
        )
        if self._temperature is not None:
            recorded["temperature"] = float(self._temperature)
        recorded["notes"] = list(recorded.get("notes", [])) + [
            "Replayed from a trace ({}) of {}, recorded on {:,} inputs.".format(
                manifest["digest"][:19], manifest["spec"], count
            )
        ]
        if "not_run" not in recorded:
            recorded["not_run"] = _not_run(recorded)
        recorded["recorded"] = {
            "count": count,
            "matched_by": "text",
            "digest": manifest["digest"],
            "spec": manifest["spec"],
            "full_rows": full_rows,
            "float64_rows": sorted(self._places["float64"]),
        }
        return recorded

    @_refusing
    def tokenize(self, examples: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The recorded encodings of these rows, which must hold the recorded texts."""
        rows = [int(example["row"]) for example in examples]
        end = max(rows, default=-1) + 1
        if end > self._count:
            raise self._host.Refusal(
                "trace",
                f"The trace {self._folder} was recorded on {self._count:,} inputs, and there are at least {end:,} here.",
                "Omit --inputs to use the trace's own, or record it again on these inputs.",
            )
        for row, known, example in zip(rows, self._examples.read(rows), examples):
            for part in ("text", "pair"):
                if known[part] != example[part]:
                    raise self._host.Refusal(
                        "trace",
                        f"The trace {self._folder} was recorded on other inputs: the {part} of row {row} is {_short(known[part])} there and {_short(example[part])} here.",
                        "Omit --inputs to use the trace's own, or record it again on these inputs.",
                    )
        encodings = [None] * len(rows) if self._encodings is None else self._encodings.read(rows)
        return {"rows": encodings, "kept": rows}

    @_refusing
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
            step = (
                "Compare on all the inputs it was recorded on, or record it again on these inputs."
                if precision
                else ""
            )
            raise self._host.Refusal("trace", f"The trace {self._folder} does not hold {what}.", step)
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
        """The end of the process releases everything."""

    def _write(
        self, stage: str, shards: Sequence[Shard], places: Sequence[Place], masks: dict[str, Any], write: Any
    ) -> None:
        if any("stage." + stage not in shard.names for shard in shards):
            return  # kept for the first rows only
        axes = self._axes[stage]
        if len({"shape." + stage in shard.names for shard in shards}) > 1:
            raise Damaged(f"is damaged: its shards hold {stage} in two ways")
        values = [shard.row(stage, axes, place.number) for shard, place in zip(shards, places)]
        if len({(value.dtype, value.ndim) for value in values}) > 1:
            raise Damaged(f"is damaged: its shards hold {stage} in two ways")
        pad = self._pad.get(stage, 0)
        kind = values[0].dtype
        if kind.kind in "iu" and pad != "column" and not np.iinfo(kind).min <= pad <= np.iinfo(kind).max:
            raise Damaged(f"is damaged: {stage} is padded with {pad}, which {kind.name} does not hold")
        mask = masks.get(axes[1]) if len(axes) > 1 else None
        if mask is not None and "shape." + stage not in shards[0].names:
            if len({value.shape[1:] for value in values}) > 1:
                raise Damaged(f"is damaged: its shards hold {stage} in two widths")
            columns = np.arange(mask.shape[1]).reshape((-1,) + (1,) * (values[0].ndim - 1))
            batch = np.empty(mask.shape + values[0].shape[1:], values[0].dtype)
            batch[...] = columns if pad == "column" else pad
            batch[mask] = np.concatenate(values)
        elif len({value.shape for value in values}) == 1:
            batch = np.stack(values)
        elif values[0].dtype.kind in "iu":
            shape = [max(sizes) for sizes in zip(*(value.shape for value in values))]
            batch = np.full([len(values), *shape], 0 if pad == "column" else pad, values[0].dtype)
            for number, value in enumerate(values):
                batch[number][tuple(slice(size) for size in value.shape)] = value
        else:
            raise self._host.Refusal(
                "trace",
                f"The rows of {stage} have different shapes and cannot be put in one batch.",
                "Compare it with a subject that runs one row at a time: ?batch_size=1.",
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
        # Words are counted by the model itself and always come first.
        return places_ >= longest - counts if self._left and axis == "token" else places_ < counts

    def _shard_at(self, name: str) -> Shard:
        return open_shard(self._folder, self._entries[name], self._axes, self._count)


def open(request: dict[str, Any], host: Host) -> Session:
    """Open the trace that the request names; refuses one that is damaged, foreign or newer, with the reason."""
    return Session(request["locator"], request["options"].get("temperature"), host)


def _short(text: Any) -> str:
    shown = json.dumps(text, ensure_ascii=False)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _not_run(recorded: dict[str, Any]) -> list[dict[str, Any]]:
    """A part that an older trace does not report: the class that its config names is not the one that was run."""
    config, ran = recorded.get("config"), recorded.get("model_class")
    named = config.get("architectures") if isinstance(config, dict) else None
    if not ran or not isinstance(named, list) or not named or ran in named:
        return []
    reason = "config.json names {}, and the trace was recorded from {}".format(
        " and ".join(map(str, named)), ran
    )
    return [{"part": "head", "reason": reason}]
