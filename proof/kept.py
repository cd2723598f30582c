"""What is kept of earlier runs: rows by case and by the digest of what they depend on, as JSON lines that are only added to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from proof.table import Case, Row, Table

__all__ = ["FOLDER", "ROOT", "Kept", "versions"]

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".proof"
_PACKAGES = ("numpy", "safetensors", "tokenizers", "torch", "transformers")


def versions() -> dict[str, str]:
    """The versions that results depend on, without the mark of a build."""
    return {name: version(name).partition("+")[0] for name in _PACKAGES}


class Kept:
    """The rows of one table that are known for the sources as they stand."""

    def __init__(self, table: Table, seed: int) -> None:
        self._path = FOLDER / f"{table.name}.jsonl"
        self._digest = _digest(table, seed)
        self._rows: dict[str, Row] = {}
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            entry = json.loads(line)
            if entry["digest"] == self._digest:
                self._rows[entry["key"]] = Row(tuple(entry["cells"]), entry["broken"])
        except (ValueError, KeyError, TypeError):
            return  # the last line of a run that was killed

    def forget(self) -> None:
        """Forget all rows of this table."""
        self._rows.clear()
        self._path.unlink(missing_ok=True)

    def row(self, case: Case) -> Row | None:
        """The row of this case, or None."""
        return self._rows.get(_key(case))

    def keep(self, case: Case, row: Row) -> None:
        """Add one row, at once."""
        self._rows[_key(case)] = row
        FOLDER.mkdir(exist_ok=True)
        entry = {
            "digest": self._digest,
            "key": _key(case),
            "case": case.name,
            "cells": list(row.cells),
            "broken": row.broken,
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\n" * self._torn() + json.dumps(entry) + "\n")

    def _torn(self) -> bool:
        """Whether the last line was cut off by a kill."""
        data = self._path.read_bytes()
        return bool(data) and not data.endswith(b"\n")


def _key(case: Case) -> str:
    return json.dumps([case.name, dict(case.data)], sort_keys=True)


def _digest(table: Table, seed: int) -> str:
    digest = hashlib.sha256(json.dumps([table.name, seed, versions()]).encode())
    for path in _sources(Path(table.module.__file__)):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def _sources(table: Path) -> Iterable[Path]:
    found = {path for root in ("parity", "adapters") for path in (ROOT / root).rglob("*") if path.is_file()}
    found |= set((ROOT / "proof").glob("*.py")) | {table, ROOT / "tests" / "models.py"}
    return sorted(path for path in found if "__pycache__" not in path.parts)
