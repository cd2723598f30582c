"""The summary as Markdown: what is pasted into a model review. Short, with every value escaped as data.

Names and texts stand in code spans, where nothing is markup, no address becomes a link and nobody is mentioned; sentences
that may quote them are escaped. The page is GitHub's flavour; a pipe is escaped in tables, also within a code span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from parity_reports.blocks import (
    Block,
    Column,
    Command,
    Facts,
    FindingBlock,
    More,
    Points,
    Prose,
    StageCell,
    StageTable,
    Table,
)
from parity_reports.builders import AnyAudit, build_summary
from parity_reports.pages import Page, Section
from parity_reports.text import wording
from parity_reports.text.visible import visible

__all__ = ["code", "escaped", "render"]

_MOST_EVIDENCE = 8


def render(audit: AnyAudit) -> str:
    """The summary."""
    page = build_summary(audit)
    blocks = [*_head(page), *(text for section in page.sections for text in _section(section))]
    return "\n\n".join(blocks) + "\n"


def code(text: str, *, cell: bool = False) -> str:
    r"""A code span that holds any text; with `cell`, for a table.

    >>> print(code("a`b"), code("a|b", cell=True))
    ``a`b`` `a\|b`
    """
    shown = visible(text) or wording.NOTHING
    ticks = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    padding = " " if shown[0] in "` " or shown[-1] in "` " else ""
    span = f"{ticks}{padding}{shown}{padding}{ticks}"
    return span.replace("|", "\\|") if cell else span


def escaped(text: str) -> str:
    r"""A sentence in which nothing is markup, a link or a mention.

    >>> print(escaped("<b> *x* @you www.x"))
    \<b\> \*x\* @<!---->you www\.x
    """
    shown = re.sub(r"([\\`*_\[\]<>|~#!&$])", r"\\\1", visible(text))
    shown = shown.replace("://", "\\://")
    shown = re.sub(r"(?i)\bwww\.", lambda match: match.group()[:-1] + "\\.", shown)
    shown = re.sub(r"(?<!\w)@(?=\w)", "@<!---->", shown)
    return re.sub(r"^(\s*\d*)([-+=.)])(?=\s|\2|$)", r"\1\\\2", shown)


def _head(page: Page) -> Iterator[str]:
    first = page.first
    yield f"# {page.heading}: {first.word.lower()}"
    yield f"**{escaped(first.headline.strip())}** {escaped(first.rest)}".strip()
    subjects = [
        f"- {subject.role.capitalize()} {code(subject.name)}"
        + (f" ({escaped(subject.note)})" if subject.note else "")
        for subject in page.subjects
    ]
    yield "\n".join([*subjects, f"- {escaped(first.rule)}"])
    for note in first.notes:
        yield f"> {escaped(note)}"
    yield "\n".join(
        f"- {answer.question} **{escaped(answer.answer.strip())}.** {escaped(answer.detail)}"
        for answer in first.answers
    )


def _section(section: Section) -> Iterator[str]:
    yield f"## {section.title}"
    if section.lede:
        yield escaped(section.lede)
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    """A block as paragraphs; what only a page can show (figures, alignments, remarks) is none."""
    if isinstance(block, Prose | Points | Facts | Table) and block.heading:
        yield f"### {escaped(block.heading)}"
    match block:
        case Prose():
            yield escaped(block.text)
        case Points():
            yield "\n".join(f"- {escaped(item)}" for item in block.items)
        case Facts():
            yield "\n".join(f"- {_name(block, name)}: {escaped(value)}" for name, value in block.rows)
        case Table():
            yield _table(block)
            yield from _more(block.left_out, block.more)
        case StageTable():
            yield _stages(block)
        case FindingBlock():
            yield _finding(block)
        case More():
            yield from _more(block.count, block.what)
        case Command():
            yield _command(block.text)
        case _:
            pass


def _name(block: Facts, name: str) -> str:
    return code(name) if block.code == "names" else escaped(name)


def _more(count: int, what: str) -> Iterator[str]:
    if count:
        yield f"{wording.count(count)} {what} are in the record."


def _finding(block: FindingBlock) -> str:
    cause = f", cause {code(block.cause)}" if block.cause else ""
    evidence = "".join(
        f"\n    - {escaped(name)}: {code(wording.clip(value, 200))}"
        for name, value in block.evidence[:_MOST_EVIDENCE]
    )
    return f"- {escaped(block.sentence)} (stage {code(block.stage)}{cause}){evidence}"


def _command(command: str) -> str:
    """The command, and where it is in full if paths in it were shortened."""
    if not command:
        return "The command was not recorded."
    shortened = "\n\nPaths are shortened here; `audit.json` has the command in full."
    return code(command) + (shortened if "…/" in command else "")


def _stages(table: StageTable) -> str:
    heads = ["Stage"]
    for column in table.columns:
        heads += [table.passes[column].capitalize(), "times floor"]
    heads += [f"relative L2, {table.passes[table.chief]}"]
    heads += ["floor", "limit"] if table.limited else []
    heads += ["max abs, at", "float64"]
    rows: list[list[str]] = []
    for run in table.runs:
        chosen = [run.cells[column] for column in table.columns]
        row = [code(run.stages, cell=True) + (" **first divergence**" if run.first else "")]
        row += [cell for measured in chosen for cell in _result(measured, run.length)]
        chief = run.cells[table.chief] or next(item for item in chosen if item)
        rows.append([*row, *_numbers(chief, run.length, limited=table.limited)])
    return _lines(heads, rows)


def _result(cell: StageCell | None, length: int) -> list[str]:
    if cell is None:
        return ["", ""]
    reach = f" ({cell.reach})" if cell.reach and cell.divergent else ""
    return [f"{cell.word}{reach}", _up_to(cell.times, length)]


def _numbers(cell: StageCell, length: int, *, limited: bool) -> list[str]:
    place = f" {code(cell.place, cell=True)}" if cell.place else ""
    permitted = [cell.floor or wording.NOTHING, cell.limit or wording.NOTHING] if limited else []
    return [_up_to(cell.relative, length), *permitted, cell.largest + place, cell.float64]


def _up_to(number: str, length: int) -> str:
    return f"up to {number}" if length > 1 and number not in ("0", wording.NOTHING) else number


def _table(table: Table) -> str:
    rows = [
        [_cell(column, cell) for column, cell in zip(table.columns, row.cells, strict=True)]
        for row in table.rows
    ]
    return _lines([column.name for column in table.columns], rows)


def _cell(column: Column, cell: str) -> str:
    return code(cell, cell=True) if column.kind in ("code", "data") else escaped(cell)


def _lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)
