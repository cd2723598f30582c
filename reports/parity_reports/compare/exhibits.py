"""What tasks and passes show: a table each, whatever it is about. A terminal has the first row of each."""

from __future__ import annotations

from collections.abc import Sequence

from parity.records.audit import Audit
from parity.records.exhibit import Cell, Exhibit
from parity_reports.blocks import Column, Row, Table
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_exhibits", "exhibit_lines", "summarise_exhibits"]


def build_exhibits(audit: Audit, most: int) -> Section | None:
    """The section, with at most so many rows of each; None where nothing is shown."""
    if not audit.exhibits:
        return None
    tables = tuple(_table(exhibit, most) for exhibit in audit.exhibits)
    return Section("exhibits", "What was seen", "Seen", "", tables, count=len(tables))


def summarise_exhibits(audit: Audit, most: int) -> Section | None:
    """The same, shorter."""
    return build_exhibits(audit, most)


def exhibit_lines(audit: Audit) -> tuple[str, ...]:
    """One line for each: its title, and its first row."""
    return tuple(_line(exhibit) for exhibit in audit.exhibits)


def _line(exhibit: Exhibit) -> str:
    if not exhibit.rows:
        return f"{exhibit.title}: nothing to show"
    cells = zip(exhibit.columns, exhibit.rows[0], strict=True)
    first = ", ".join(f"{column.name} {wording.clip(_cell(value), 80)}" for column, value in cells)
    more = len(exhibit.rows) - 1 + exhibit.left_out
    return f"{exhibit.title}: {first}{f' ({wording.count(more)} more in the report)' if more else ''}"


def _table(exhibit: Exhibit, most: int) -> Table:
    rows = exhibit.rows[:most]
    return Table(
        exhibit.title,
        _columns(exhibit),
        tuple(Row(tuple(_cell(value) for value in row)) for row in rows),
        heading=exhibit.title,
        note=exhibit.note,
        left_out=exhibit.left_out + len(exhibit.rows) - len(rows),
    )


def _columns(exhibit: Exhibit) -> tuple[Column, ...]:
    """The columns; the last two of a pair of texts are the two sides."""
    sides: Sequence[str] = [""] * len(exhibit.columns)
    if exhibit.kind == "text_pair":
        sides = [*sides[:-2], "ref", "cand"]
    return tuple(
        Column(column.name, column.kind, "ref" if side == "ref" else "cand" if side == "cand" else "")
        for column, side in zip(exhibit.columns, sides, strict=True)
    )


def _cell(value: Cell) -> str:
    if isinstance(value, float):
        return wording.number(value)
    return wording.NOTHING if value is None else wording.count(value) if isinstance(value, int) else value
