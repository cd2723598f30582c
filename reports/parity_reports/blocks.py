"""What a section is made of: prose, tables, figures and lists, as plain records that every report places in its own markup.

`kind` is what a template tells them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from parity_reports.figures.drawings import Drawing

__all__ = ["Block", "Column", "Facts", "Figure", "Points", "Prose", "Row", "Section", "Table"]

Tone = Literal["", "hit", "soft", "dim"]


@dataclass(frozen=True)
class Prose:
    """A sentence or several; `heading` stands above it."""

    kind: ClassVar = "prose"
    text: str
    heading: str = ""


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    kind: ClassVar = "points"
    items: tuple[str, ...]
    heading: str = ""


@dataclass(frozen=True)
class Facts:
    """Names with their values. `brief`: also in the summary."""

    kind: ClassVar = "facts"
    label: str
    rows: tuple[tuple[str, str], ...]
    heading: str = ""
    collapsed: bool = False
    brief: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table: "number" stands right, "prose" may hold a long text, "code" a digest or a command."""

    name: str
    kind: Literal["text", "number", "prose", "code"] = "text"


@dataclass(frozen=True)
class Row:
    """A row of text; "hit" is bad, "soft" is to be noticed, "dim" does not count."""

    cells: tuple[str, ...]
    tone: Tone = ""


@dataclass(frozen=True)
class Table:
    """A table; `left_out` rows more are in the record. `brief`: also in the summary."""

    kind: ClassVar = "table"
    label: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    heading: str = ""
    note: str = ""
    left_out: int = 0
    collapsed: bool = False
    brief: bool = False


@dataclass(frozen=True)
class Figure:
    """A drawing with what it shows; its numbers stand in a table of the same section."""

    kind: ClassVar = "figure"
    label: str
    caption: str
    drawing: Drawing
    heading: str = ""


Block = Prose | Points | Facts | Table | Figure


@dataclass(frozen=True)
class Section:
    """A section: its anchor, its title, its name in the table of contents, and what is in it."""

    anchor: str
    title: str
    short: str
    lede: str
    blocks: tuple[Block, ...]
    count: int = 0
