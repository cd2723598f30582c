"""What a section is made of: prose, tables, figures and lists, as plain records that every format places in its own markup.

Data before markup: a format computes nothing, and knows nothing of what was audited. Text is raw; whoever renders it makes hidden
characters visible and escapes it. `kind` names the template of a block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from parity_reports.figures.drawings import Drawing

__all__ = [
    "AlignedPiece",
    "Alignment",
    "Block",
    "Column",
    "Command",
    "Facts",
    "Figure",
    "FindingBlock",
    "Fold",
    "More",
    "Points",
    "Prose",
    "Remarks",
    "Row",
    "StageCell",
    "StageRow",
    "StageRun",
    "StageTable",
    "Table",
    "Tone",
]

Tone = Literal["", "hit", "soft", "dim"]


@dataclass(frozen=True)
class Prose:
    """A sentence or several; `heading` stands above it."""

    kind: ClassVar = "prose"
    text: str
    heading: str = ""


@dataclass(frozen=True)
class Points:
    """A list of sentences; in a terminal `mark` stands before each, and `tone` colours them."""

    kind: ClassVar = "points"
    items: tuple[str, ...]
    heading: str = ""
    mark: str = "-"
    tone: str = ""


@dataclass(frozen=True)
class Remarks:
    """Sentences, each with the places that it is about."""

    kind: ClassVar = "remarks"
    items: tuple[tuple[str, str], ...]
    heading: str = ""


@dataclass(frozen=True)
class Facts:
    """Names with their values; `code` tells which of the two are identifiers. `brief`: also in the summary."""

    kind: ClassVar = "facts"
    label: str
    rows: tuple[tuple[str, str], ...]
    heading: str = ""
    collapsed: bool = False
    brief: bool = False
    code: Literal["", "names", "values"] = ""


@dataclass(frozen=True)
class Column:
    """A column of a table: a "number" is aligned right, "prose" may hold a long text, "code" a digest or a command.

    "data" is text that is data: as it is on the page, a code span in Markdown. `side` colours the head.
    """

    name: str
    kind: Literal["text", "number", "prose", "code", "data"] = "text"
    side: Literal["", "ref", "cand"] = ""


@dataclass(frozen=True)
class Row:
    """A row of text; "hit" is bad, "soft" is to be noticed, "dim" does not count."""

    cells: tuple[str, ...]
    tone: Tone = ""


@dataclass(frozen=True)
class Table:
    """A table; `left_out` rows more are in the record, `more` says which. `brief`: also in the summary."""

    kind: ClassVar = "table"
    label: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    heading: str = ""
    note: str = ""
    left_out: int = 0
    more: str = "more"
    collapsed: bool = False
    brief: bool = False
    look: Literal["", "fields", "all"] = ""


@dataclass(frozen=True)
class Figure:
    """A drawing with what it shows; its numbers stand in a table of the same section."""

    kind: ClassVar = "figure"
    label: str
    caption: str
    drawing: Drawing
    heading: str = ""


@dataclass(frozen=True)
class More:
    """How many more things are in the record only; `what` says which."""

    kind: ClassVar = "more"
    count: int
    what: str = "more"


@dataclass(frozen=True)
class StageCell:
    """One stage in one pass, in words. `size` and `extreme` are the relative and the largest difference as a phrase."""

    glyph: str
    word: str
    tone: str
    divergent: bool
    reach: str
    share_beyond: float | None
    relative: str
    floor: str
    limit: str
    times: str
    largest: str
    place: str
    float64: str
    size: str
    extreme: str


@dataclass(frozen=True)
class StageRow:
    """One stage, a cell a pass; None where a pass did not reach it."""

    title: str
    cells: tuple[StageCell | None, ...]
    tone: Tone = ""
    first: bool = False
    ignored: bool = False


@dataclass(frozen=True)
class StageRun:
    """Neighbouring stages with one result, as one line: `layer.1 to layer.5`."""

    stages: str
    cells: tuple[StageCell | None, ...]
    first: bool
    length: int


@dataclass(frozen=True)
class StageTable:
    """All stages in all passes, row by row and in runs. `columns` are the passes that measured something, `chief` the one whose
    numbers a short table shows."""

    kind: ClassVar = "stage_table"
    passes: tuple[str, ...]
    columns: tuple[int, ...]
    chief: int
    limited: bool
    rows: tuple[StageRow, ...]
    runs: tuple[StageRun, ...]


@dataclass(frozen=True)
class FindingBlock:
    """A finding with its evidence; `weight` says whether it counts."""

    kind: ClassVar = "finding"
    number: int
    stage: str
    sentence: str
    cause: str
    cause_title: str
    weight: str
    counts: bool
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AlignedPiece:
    """One step of an edit script: a piece on either side, or a run of equal ones."""

    mark: str
    differs: bool
    reference: str
    reference_note: str
    candidate: str
    candidate_note: str
    equal_run: int = 0


@dataclass(frozen=True)
class Alignment:
    """Two rows of tokens aligned piece by piece; `left_out` steps more are in the record."""

    kind: ClassVar = "alignment"
    label: str
    heading: str
    texts: tuple[str, ...]
    steps: tuple[AlignedPiece, ...]
    left_out: int


@dataclass(frozen=True)
class Fold:
    """Blocks that are closed until a reader opens them."""

    kind: ClassVar = "fold"
    heading: str
    blocks: tuple[Table, ...]


@dataclass(frozen=True)
class Command:
    """A command line; empty where it was not recorded."""

    kind: ClassVar = "command"
    text: str


Block = (
    Prose
    | Points
    | Remarks
    | Facts
    | Table
    | Figure
    | More
    | StageTable
    | FindingBlock
    | Alignment
    | Fold
    | Command
)
