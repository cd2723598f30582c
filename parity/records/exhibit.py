"""Exhibits: what a task or a pass has to show, as plain rows, so that every format shows it without knowing either."""

from __future__ import annotations

from typing import Literal

from parity.records.places import Record

__all__ = ["Cell", "Exhibit", "ExhibitColumn"]

Cell = str | int | float | None


class ExhibitColumn(Record, frozen=True, kw_only=True):
    """A column: its head, and what it holds: "text", "number", or "data" (text of inputs or models, shown as such)."""

    name: str
    kind: Literal["text", "number", "data"] = "text"


class Exhibit(Record, frozen=True, kw_only=True):
    """Rows to be shown under a title.

    A "table" is shown as it is. In a "text_pair" the last two columns are the reference's and the candidate's text.
    `left_out` rows more were not kept; `of` is the pass or task that it comes from; `note` explains it.
    """

    title: str
    kind: Literal["table", "text_pair"]
    columns: list[ExhibitColumn]
    rows: list[list[Cell]]
    of: str = ""
    note: str = ""
    left_out: int = 0
