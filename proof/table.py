"""A table of the proof: named cases, and the result of each."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Case", "Row", "Table", "load_table", "table_names"]


@dataclass(frozen=True)
class Case:
    """One row to be: its name, unique in its table, and the plain values that `run` needs."""

    name: str
    data: Mapping[str, str | int | float | bool] = field(default_factory=dict[str, str | int | float | bool])


@dataclass(frozen=True)
class Row:
    """What was measured, one cell a column; `broken` says in a sentence what is not as expected, and is empty where all is."""

    cells: tuple[str, ...]
    broken: str = ""


@dataclass(frozen=True)
class Table:
    """A table's module, checked."""

    name: str
    title: str
    expected: str
    columns: tuple[str, ...]
    module: Any

    def cases(self, seed: int) -> list[Case]:
        """The cases; raises ValueError where two have one name."""
        found: list[Case] = self.module.cases(seed)
        names = [case.name for case in found]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"Table {self.name} has several cases of one name: {', '.join(twice)}.")
        return found

    def summary(self, rows: Sequence[tuple[Case, Row]]) -> list[str]:
        """What all rows come to, as lines of Markdown; none where the table's module has no `summary`."""
        summed = getattr(self.module, "summary", None)
        return [] if summed is None else list(summed(rows))

    def run(self, case: Case, folder: Path) -> Row:
        """Run one case; raises ValueError where its cells are not as many as the columns."""
        row: Row = self.module.run(case, folder)
        if len(row.cells) != len(self.columns):
            raise ValueError(
                f"{len(row.cells)} cells for the columns {', '.join(self.columns)}: {row.cells}."
            )
        return row


def table_names() -> list[str]:
    """The names of all tables, sorted."""
    from proof import tables

    return sorted(module.name for module in pkgutil.iter_modules(tables.__path__))


def load_table(name: str) -> Table:
    """The table of this name."""
    module = importlib.import_module(f"proof.tables.{name}")
    return Table(name, module.TITLE, module.EXPECTED, tuple(module.COLUMNS), module)
