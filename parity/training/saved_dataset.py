"""The rows of a folder that `datasets` saved, read without that library."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from parity.errors import RecipeError
from parity.inputs.table import Row

__all__ = ["saved_rows"]


def saved_rows(folder: Path) -> Iterator[Row]:
    """The rows of a folder that `Dataset.save_to_disk` wrote; classes by their names where the folder knows them."""
    try:
        state: dict[str, Any] = json.loads((folder / "state.json").read_text("utf-8"))
        info: dict[str, Any] = json.loads((folder / "dataset_info.json").read_text("utf-8"))
        files = [folder / str(one["filename"]) for one in state["_data_files"]]
        features = cast("dict[str, Any]", info.get("features") or {})
    except (OSError, ValueError, KeyError, TypeError):
        splits = sorted(one.parent.name for one in folder.glob("*/state.json"))
        raise RecipeError(
            f"{folder} is not one data set that `datasets` saved (no state.json).",
            next_step=f"Name one of its parts: {', '.join(splits)}."
            if splits
            else "Save it with save_to_disk().",
        ) from None
    if state.get("_indices_files") or any(file.parent != folder for file in files):
        raise RecipeError(
            f"{folder} holds a selection by indices, which parity cannot read.",
            next_step="Call flatten_indices() before save_to_disk().",
        )
    classes = {name: names for name, feature in features.items() if (names := _class_names(feature))}
    arrow: Any = importlib.import_module("pyarrow")
    number = 0
    for file in files:
        try:
            with file.open("rb") as content:
                for batch in arrow.ipc.open_stream(content):
                    for cells in cast("list[dict[str, Any]]", batch.to_pylist()):
                        number += 1
                        for name, names in classes.items():
                            cells[name] = _named(cells.get(name), names)
                        yield Row(number, cells)
        except (arrow.ArrowException, OSError) as error:
            raise RecipeError(f"{file} cannot be read: {str(error).splitlines()[0]}.") from None


def _class_names(feature: Any) -> list[str]:
    """The names of a feature of classes, or of a list of them; empty for any other."""
    whole = cast("dict[str, Any]", feature) if isinstance(feature, dict) else {}
    inner = whole.get("feature", whole)
    fields = cast("dict[str, Any]", inner) if isinstance(inner, dict) else {}
    return cast("list[str]", fields.get("names") or [])


def _named(value: Any, names: list[str]) -> Any:
    if isinstance(value, list):
        return [_named(one, names) for one in cast("list[object]", value)]
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else value
