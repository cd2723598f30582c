"""A report as records: its subjects, its first screen, and its sections of blocks, the same for either audit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from parity_reports.blocks import Block, Facts, Points, Table

__all__ = ["Answer", "FirstScreen", "Page", "Section", "Subject", "brief_of"]

_MOST_ROWS = 20  # of a table in a summary


@dataclass(frozen=True)
class Section:
    """A section: its anchor, its title, its name in the table of contents, and what is in it."""

    anchor: str
    title: str
    short: str
    lede: str
    blocks: tuple[Block, ...]
    count: int = 0


@dataclass(frozen=True)
class Subject:
    """What was audited: its role ("reference", "baseline"), its name, a note beside it, and a line for a terminal ("": none).

    `side` colours the role: "ref", "cand", or "arm" for neither.
    """

    role: str
    name: str
    side: str = "arm"
    note: str = ""
    line: str = ""


@dataclass(frozen=True)
class Answer:
    """One of the four boxes; `target` is the section that says more."""

    question: str
    answer: str
    detail: str
    target: str
    link: str


@dataclass(frozen=True)
class FirstScreen:
    """What is read in ten seconds. `lead` is the verdict where the headline does not begin with it, `rest` follows the headline."""

    mark: str
    tone: str
    word: str
    headline: str
    notes: tuple[str, ...]
    answers: tuple[Answer, ...]
    rule: str
    lead: str = ""
    rest: str = ""


@dataclass(frozen=True)
class Page:
    """A report: whole, or as a summary, or as what a terminal shows; `name` is what made it, `heading` the summary's."""

    name: str
    heading: str
    title: str
    subjects: tuple[Subject, ...]
    first: FirstScreen
    sections: tuple[Section, ...]


def brief_of(section: Section) -> Section:
    """The section as it stands in a summary: its brief blocks alone."""
    return replace(section, blocks=tuple(found for block in section.blocks if (found := _brief(block))))


def _brief(block: Block) -> Block | None:
    if isinstance(block, Points):
        return block
    if isinstance(block, Facts):
        return block if block.brief else None
    if isinstance(block, Table) and block.brief:
        left = block.left_out + max(0, len(block.rows) - _MOST_ROWS)
        return replace(block, rows=block.rows[:_MOST_ROWS], left_out=left)
    return None
