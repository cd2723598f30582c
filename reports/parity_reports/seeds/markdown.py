"""The seed audit as Markdown: the verdict, its four answers, and the tables that a review needs, every value escaped as data."""

from __future__ import annotations

from collections.abc import Iterator

from parity.seed_audit import SeedAudit
from parity_reports.markdown import code, escaped, table
from parity_reports.seeds.blocks import Column, Facts, Points, Section, Table
from parity_reports.seeds.view import SeedPage, SeedSizes, build_seed_page

__all__ = ["render"]

_SIZES = SeedSizes(runs=15, contested=0)
_MOST_ROWS = 20


def render(audit: SeedAudit) -> str:
    """The summary."""
    page = build_seed_page(audit, _SIZES)
    blocks = [
        *_head(page),
        *(text for section in page.sections for text in _section(section)),
        "## What this does not show",
        "\n".join(f"- {escaped(limit)}" for limit in page.limits),
        "## Run it again",
        code(page.command) if page.command else "The command was not recorded.",
    ]
    return "\n\n".join(blocks) + "\n"


def _head(page: SeedPage) -> Iterator[str]:
    first = page.first
    yield f"# parity seeds: {first.word.lower()}"
    yield f"**{escaped(first.headline)}** {escaped(first.said)}".strip()
    arms = [f"- {name.capitalize()} {code(said)}" for name, said in page.population]
    yield "\n".join([*arms, f"- {escaped(first.rule)}"])
    for note in first.notes:
        yield f"> {escaped(note)}"
    yield "\n".join(
        f"- {answer.question} **{escaped(answer.answer.strip())}.** {escaped(answer.detail)}"
        for answer in first.answers
    )


def _section(section: Section) -> Iterator[str]:
    """What of a section is brief; a section without it is left to the page."""
    said: list[str] = []
    for block in section.blocks:
        if isinstance(block, Table) and block.brief:
            said.append(_table(block))
        elif isinstance(block, Facts) and block.brief:
            said.append("\n".join(f"- {escaped(name)}: {escaped(value)}" for name, value in block.rows))
        elif isinstance(block, Points):
            said.append("\n".join(f"- {escaped(item)}" for item in block.items))
    if said or section.anchor == "needed":
        yield f"## {section.title}"
        yield escaped(section.lede)
        yield from said


def _table(block: Table) -> str:
    rows = [
        [_cell(column, cell) for column, cell in zip(block.columns, row.cells, strict=True)]
        for row in block.rows[:_MOST_ROWS]
    ]
    left = block.left_out + max(0, len(block.rows) - _MOST_ROWS)
    more = f"\n\n{left:,} more are in the record." if left else ""
    return table([column.name for column in block.columns], rows) + more


def _cell(column: Column, cell: str) -> str:
    return code(cell, cell=True) if column.kind == "code" else escaped(cell)
