"""The runs that are whole in a folder of runs, for the tests of whatever makes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

__all__ = ["Run", "finished_runs"]

RECORD = "run.json"


class Run(NamedTuple):
    """A finished run: its folder and what it tells of itself."""

    folder: Path
    record: dict[str, Any]


def finished_runs(root: Path) -> Iterator[Run]:
    """Every run that is whole, oldest first."""
    if not root.is_dir():
        return
    folders = [folder for folder in root.iterdir() if re.fullmatch(r"[0-9a-f]{24}", folder.name)]
    for folder in sorted(folders, key=lambda folder: (folder.stat().st_mtime, folder.name)):
        try:
            record: object = json.loads((folder / RECORD).read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(record, dict):
            yield Run(folder, cast("dict[str, Any]", record))
