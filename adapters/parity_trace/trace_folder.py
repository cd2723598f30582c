"""Reading the folder of a trace: its manifest is checked against its form, its files against their digests.

The layout is described in `parity/trace/manifest.py`; nothing of parity is imported. Every fault is a `Damaged` with the
reason; no part of a trace is used unchecked.
"""

# The content of a file has no type before it is checked.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from . import trace_forms as forms
from .trace_forms import Damaged

__all__ = ["DESCRIPTION", "Lines", "check_encoding", "check_example", "read_manifest"]

SCHEMAS = ("parity.trace/1", "parity.trace/2")
_COUNT = forms.Whole(0)
_PART = forms.Record({"stage": str, "kept": forms.Whole(1), "sums": forms.Whole(1)})
_STAGE = forms.Record({"name": str, "axes": forms.Each(str)}, {"module": forms.Maybe(str)})
_PARAMETER = forms.Record(
    {"name": str, "shape": forms.Each(_COUNT), "dtype": str, "digest": str}, {"packed": str, "tied": str}
)
# As `parity/border/description.py` has it; a test compares the two.
DESCRIPTION = forms.Record(
    {
        "framework": str,
        "versions": forms.Named(str),
        "stages": forms.Each(_STAGE),
        "can": forms.Record(
            {},
            {
                "accepts_feed": bool,
                "float64": bool,
                "pairs": forms.OneOf(("no", "optional", "required")),
                "tokens": bool,
                "words": forms.OneOf(("no", "given", "own")),
                **dict.fromkeys(("blank", "row_digests", "generate", "texts_only", "target"), bool),
            },
        ),
    },
    {
        **dict.fromkeys(("model_class", "task", "task_by", "dtype", "device", "name_used"), str),
        "tasks": forms.Each(str),
        "labels": forms.Maybe(forms.Each(str)),
        "multi_label": bool,
        "temperature": forms.Number(0.0),
        "weights_digest": forms.Maybe(str),
        "parameters": forms.Each(_PARAMETER),
        "weights_bytes": forms.Maybe(_COUNT),
        "served": forms.Named(str),
        "config": dict,
        "tokenizer": dict,
        "generation": dict,
        "overridden": forms.Each(forms.Record(dict.fromkeys(("setting", "before", "value"), str))),
        "origin": forms.Record(
            {}, dict.fromkeys(("commit", "tokenizer_commit", "tokenizer_digest"), forms.Maybe(str))
        ),
        "chosen": forms.Each(forms.Record(dict.fromkeys(("setting", "value", "library", "by"), str))),
        "scope": forms.OneOf(("full", "part", "outputs")),
        "max_rows": forms.Maybe(forms.Whole(1)),
        "batch_size": forms.Maybe(forms.Whole(1)),
        "max_tokens": forms.Maybe(_COUNT),
        "vocabulary_rows": forms.Maybe(_COUNT),
        "newly_initialised": forms.Each(str),
        "unused_weights": forms.Each(str),
        "not_run": forms.Each(
            forms.Record(
                {"part": str, "reason": str},
                {"tensors": forms.Each(_PARAMETER), "settings": dict, "always": bool, "requested": bool},
            )
        ),
        "drawn": forms.Named(forms.Each(str)),
        "excluded": forms.Named(forms.Each(str)),
        "reads": forms.Each(str),
        "notes": forms.Each(str),
        "values": forms.OneOf(("logits", "probabilities", "log_probabilities")),
        "rounded": forms.Number(-1.0),
        "decimals": forms.Maybe(_COUNT),
        **dict.fromkeys(("recorded", "training", "selects"), forms.Maybe(dict)),
    },
)
_FILE = forms.Record(
    {
        "name": str,
        "kind": forms.OneOf(("inputs", "encodings", "tensors")),
        "sha256": str,
        "bytes": _COUNT,
        "rows": _COUNT,
    },
    {"precision": forms.OneOf((None, "float64"))},
)
_MANIFEST = forms.Record(
    {
        "schema": str,
        "spec": str,
        "description": DESCRIPTION,
        "inputs": forms.Record(
            {"source": str, "count": forms.Whole(1), "digest": str}, {"labelled": _COUNT, "pairs": _COUNT}
        ),
        "kept": forms.Record({}, {"outputs_only": bool, "full_rows": forms.Maybe(_COUNT)}),
        "padding": forms.Record({}, {"side": forms.OneOf(("left", "right")), "values": dict}),
        "stages": forms.Each(_STAGE),
        "float64": forms.Maybe(forms.Record({"rows": forms.Each(_COUNT), "status": str})),
        "files": forms.Each(_FILE),
        "digest": str,
    },
    {"vocabulary": forms.Maybe(_PART)},
)
_ANSWERS = {"answers": forms.Each(str), "choice": forms.Maybe(dict)}
_EXAMPLE = forms.Record(
    {"text": str, "pair": forms.Maybe(str)},
    {"label": forms.Maybe(str), "id": forms.Maybe(str), "target": str, **_ANSWERS},
)
_FED = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "word_ids")


class Lines:
    """A JSON-lines file of the trace, any line of which can be read; its memory is one number a line."""

    def __init__(self, folder: str, name: str, rows: int, check: Callable[[Any, str], None]) -> None:
        self._path = os.path.join(folder, name)
        self._name = name
        self._check = check
        lengths = [0]
        with Path(self._path).open("rb") as file:
            lengths.extend(len(line) for line in file)
        if len(lengths) - 1 != rows:
            raise Damaged(
                f"is damaged: {name} has {len(lengths) - 1:,} lines, and {rows:,} rows were recorded"
            )
        self._starts = np.cumsum(np.array(lengths, np.int64))

    def read(self, lines: Sequence[int]) -> list[Any]:
        """These lines, counted from 0, each of its form."""
        found: list[Any] = []
        with Path(self._path).open("rb") as file:
            before: int | None = None
            for number in lines:
                if before is None or number != before + 1:
                    file.seek(int(self._starts[number]))
                found.append(self._read(file.readline(), number))
                before = number
        return found

    def _read(self, line: bytes, number: int) -> Any:
        where = f"{self._name}, line {number + 1},"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Damaged(f"is damaged: {where} is not JSON ({_first_line(error)})") from None
        self._check(value, where)
        return value


def check_example(value: Any, where: str) -> None:
    """Raise Damaged where a line is not an example with its text, its pair, its label and its id."""
    forms.check_plain(value, where)
    forms.fit(value, _EXAMPLE, where)
    value.setdefault("label", None)
    value.setdefault("id", None)


def check_encoding(value: Any, where: str) -> None:
    """Raise Damaged where a line is not one row's encoding; a piece may be half of a surrogate pair."""
    forms.check_plain(value, where, surrogates=True)
    forms.check_encoding(value, where)


def read_manifest(
    folder: str, *, contents: bool = True, progress: Callable[[str, int, int], object] | None = None
) -> dict[str, Any]:
    """The manifest, of its form, and its files, checked for existence, length and, with `contents`, digest.

    Raises Damaged: foreign, newer, or damaged (and where).
    """
    manifest = _manifest(folder)
    names: set[str] = set()
    for number, entry in enumerate(manifest["files"]):
        if progress is not None:
            progress("checking the trace", number, len(manifest["files"]))
        if entry["name"] in names:
            raise Damaged(f"is damaged: {entry['name']} is listed twice")
        names.add(entry["name"])
        _check_file(folder, entry, contents)
    _check_sense(manifest)
    return manifest


def _manifest(folder: str) -> dict[str, Any]:
    path = os.path.join(folder, "manifest.json")
    if not os.path.isfile(path):
        there = os.path.exists(folder)
        raise Damaged(
            "is not a trace: it holds no manifest.json" if there else "does not exist",
            "Name what parity record wrote."
            if there
            else "Record one with parity record SUBJECT --out PATH.",
        )
    try:
        with Path(path).open("rb") as file:
            manifest: Any = json.loads(file.read())
        whole = manifest if isinstance(manifest, dict) else {}
        rest = {name: value for name, value in whole.items() if name != "digest"}
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    except (OSError, ValueError, RecursionError) as error:
        raise Damaged(f"is damaged: manifest.json is not JSON ({_first_line(error)})") from None
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if not isinstance(schema, str) or not schema.startswith("parity.trace/"):
        raise Damaged(
            f"is not a trace: its manifest.json has the schema {forms.shown(schema)}",
            "Name what parity record wrote.",
        )
    if schema not in SCHEMAS:
        raise Damaged(
            f"is a trace of schema {_printable(schema)}, and this parity reads {SCHEMAS[-1]} and earlier",
            "Upgrade parity, or record the trace again with this one.",
        )
    if manifest.get("digest") != "sha256:" + hashlib.sha256(text.encode()).hexdigest():
        raise Damaged("is damaged: manifest.json was changed after it was written")
    forms.check_plain(manifest, "manifest.json")
    forms.fit(manifest, _MANIFEST, "manifest.json")
    return cast("dict[str, Any]", manifest)


def _check_sense(manifest: dict[str, Any]) -> None:
    """Check that the parts of the manifest agree."""
    count, files = manifest["inputs"]["count"], manifest["files"]
    for kind, name in (("inputs", "inputs.jsonl"), ("encodings", "encodings.jsonl")):
        found = [entry for entry in files if entry["kind"] == kind]
        if [entry["name"] for entry in found] not in ([name], [] if kind == "encodings" else [name]):
            raise Damaged(f"is damaged: manifest.json lists no {name}, or another file of {kind}")
        if any(entry["rows"] != count for entry in found):
            raise Damaged(
                f"is damaged: {name} has {found[0]['rows']:,} rows in manifest.json, and {count:,} inputs were recorded"
            )
    stages: set[str] = set()
    for stage in manifest["stages"]:
        name, axes = stage["name"], stage["axes"]
        if name in stages:
            raise Damaged(f"is damaged: manifest.json names the stage {name} twice")
        stages.add(name)
        if axes[:1] != ["row"] or (name in _FED and axes != ["row", "token"]):
            raise Damaged(f"is damaged: the stage {name} has the axes {forms.some(axes)} in manifest.json")
    for name, value in manifest["padding"].get("values", {}).items():
        if value != "column":
            forms.fit(value, forms.Whole(), f"manifest.json.padding.values.{name}")
    rows = (manifest["float64"] or {"rows": []})["rows"]
    if rows and max(rows) >= count:
        raise Damaged(f"is damaged: manifest.json names row {max(rows)} in float64, and there are {count:,}")


def _check_file(folder: str, entry: dict[str, Any], contents: bool) -> None:
    name = entry["name"]
    path = os.path.join(folder, name)
    inside = os.path.basename(name) == name and name not in ("", ".", "..") and "\0" not in name
    if not inside or not os.path.isfile(path):
        raise Damaged(f"is damaged: {_printable(name)} is missing")
    if os.path.dirname(os.path.realpath(path)) != os.path.realpath(folder):
        raise Damaged(f"is damaged: {name} is a link to a file outside the trace")
    if (size := os.path.getsize(path)) != entry["bytes"]:
        raise Damaged(f"is damaged: {name} has {size:,} bytes and was written with {entry['bytes']:,}")
    if not contents:
        return
    try:
        digest = _digest(path)
    except OSError as error:
        raise Damaged(f"is damaged: {name} cannot be read ({error.strerror})") from None
    if digest != entry["sha256"]:
        raise Damaged(f"is damaged: {name} was changed after it was written")


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _first_line(error: BaseException) -> str:
    return _printable(str(error).split("\n")[0])[:200]


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")[:200]
