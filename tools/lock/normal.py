"""What is compared of a recorded file: its lines, without what changes from one run of the same tree to the next.

A record is flattened to one line a value, named by its whole path, so that a line of a diff says what it is of:

    stages[layer.0 own].relative_l2 = 1.2e-08

Only what is listed here is normalised. Every other number is compared as it was written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

__all__ = ["normal_lines", "read_places", "write_places"]

PLACES = "places.json"

# Fields of a record by their path: clocks, memory, and the version of parity itself.
CLOCKS = re.compile(
    r"provenance\.(?:parity|started|seconds|cpu_seconds\..*|forwards\..*|host_peak_memory_kib)"
)

# The same fields in the table of the page, each the cell after its name.
CELLS = re.compile(
    r"(>(?:parity|started|seconds|cpu_seconds|forwards|host_peak_memory_kib)</th>\n<td>)[^\n]*(?=</td>)"
)

# What isolates the direction of a text and shows nothing: a page of another layout has it at other places.
ISOLATES = re.compile(r"</?bdi>")

# In every text file: what to look for, and what stands there instead.
TEXT: tuple[tuple[str, str], ...] = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\+00:00|Z| UTC)?", "<time>"),
    (r'\btime="[\d.]+"', 'time="<seconds>"'),
    (r"/tmp/parity-\w{8}", "<temporary>"),
)

# What identifies an element of a list, so that a line is about the same thing when another one is added before it.
NAMES = ("stage", "pass", "name", "arm", "metric", "kind", "slice", "temperature", "row", "runs")


def write_places(folder: Path, places: Mapping[str, str]) -> None:
    """Keep where a recording was made, beside its cases: these paths are replaced by their names."""
    (folder / PLACES).write_text(json.dumps(places, indent=1) + "\n", "utf-8")


def read_places(folder: Path) -> dict[str, str]:
    """The places of a recording, the longest path first."""
    places: dict[str, str] = json.loads((folder / PLACES).read_text("utf-8"))
    return dict(sorted(places.items(), key=lambda place: -len(place[1])))


def normal_lines(path: Path, places: Mapping[str, str]) -> list[str]:
    """The lines of one recorded file that are compared."""
    text = path.read_text("utf-8")
    for name, place in places.items():
        text = text.replace(place, f"<{name}>")
    for digest in _digests_by_chance(path.parent / "audit.json"):
        text = text.replace(digest, "<digest by chance>")
    if path.suffix == ".json":
        lines = [
            f"{where} = <clock>" if CLOCKS.fullmatch(where) else f"{where} = {value}"
            for where, value in _flat(json.loads(text))
        ]
        text = "\n".join(lines)
    elif path.suffix in {".html", ".xml"}:
        text = CELLS.sub(r"\1<clock>", re.sub(r">\s*<", ">\n<", ISOLATES.sub("", text)))
    for pattern, instead in TEXT:
        text = re.sub(pattern, instead, text)
    return [line.rstrip() for line in text.splitlines()]


def _digests_by_chance(audit: Path) -> list[str]:
    """The digests of weights that are drawn anew in each run.

    A model of which parameters are not in its file (the pooler of a BertModel from a masked language model's folder) gets random
    ones, and its digest is over these too: two sides of one folder have two digests.
    """
    if not audit.is_file():
        return []
    sides = [json.loads(audit.read_text("utf-8")).get(side, {}) for side in ("reference", "candidate")]
    return [
        side["weights_digest"] for side in sides if side.get("newly_initialised") and side["weights_digest"]
    ]


def _flat(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every value with its path; a list of plain values is one line."""
    parts: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        parts = [(f"{where}.{key}" if where else key, item) for key, item in items.items()]
    elif isinstance(value, list):
        listed = cast("list[Any]", value)  # type: ignore[redundant-cast]
        if any(isinstance(item, dict | list) for item in listed):
            parts = [(f"{where}[{_name(item, index)}]", item) for index, item in enumerate(listed)]
    if not parts:
        yield where, json.dumps(value, ensure_ascii=False)
    for path, item in parts:
        yield from _flat(item, path)


def _name(item: Any, index: int) -> str:
    if not isinstance(item, dict):
        return str(index)
    found = cast("dict[str, Any]", item)
    names = [str(found[name]) for name in NAMES if isinstance(found.get(name), str | int | float)]
    return " ".join(names) or str(index)
