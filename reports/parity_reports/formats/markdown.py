"""The audit as Markdown: what is pasted into a model review. Short, with every value escaped as data.

Names and texts stand in code spans, where nothing is markup, no address becomes a link and nobody is mentioned; sentences
that may quote them are escaped. The page is GitHub's flavour; a pipe is escaped in tables, also within a code span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from parity.records.audit import Audit
from parity_reports.blocks import Column, Facts, Points, Section, Table
from parity_reports.compare.measure import Measure
from parity_reports.compare.page import Page, Sizes, build_page
from parity_reports.compare.stages import build_ladder, runs
from parity_reports.text import wording
from parity_reports.text.visible import visible

__all__ = ["code", "command_block", "escaped", "render", "section_blocks"]

_SIZES = Sizes(flips=5, tokens=0, findings=10, stage_details=False)
_MOST_FIELDS = 15
_MOST_ROWS = 20


def render(audit: Audit) -> str:
    """The summary."""
    page = build_page(audit, _SIZES)
    blocks = [
        *_head(audit, page),
        *_stages(audit),
        *_decisions(page),
        *(section_blocks(page.scale) if page.scale is not None else ()),
        *_findings(page),
        *_not_compared(page),
        *_compared(page),
        "## What this does not show",
        "\n".join(f"- {escaped(limit)}" for limit in page.limits),
        "## Run it again",
        command_block(page.command),
    ]
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


def _head(audit: Audit, page: Page) -> Iterator[str]:
    yield f"# parity: {page.first.word.lower()}"
    yield f"**{escaped(page.first.headline.strip())}**"
    yield (
        f"- Reference {code(page.reference)} ({escaped(page.reference_framework)})\n"
        f"- Candidate {code(page.candidate)} ({escaped(page.candidate_framework)})\n"
        f"- {escaped(page.first.rule)}"
    )
    for note in page.first.notes:
        yield f"> {escaped(note)}"
    answers = [
        (answer.question, f"**{escaped(answer.answer.strip())}.** {escaped(answer.detail)}")
        for answer in page.first.answers
    ]
    yield "\n".join(f"- {question} {said}" for question, said in answers)


def _stages(audit: Audit) -> Iterator[str]:
    ladder = build_ladder(audit)
    yield "## Stages"
    if not ladder.rungs:
        yield "No stage was compared."
        return
    names = [one.name for one in ladder.passes]
    first = audit.first_divergence
    measured_in = names.index(first.pass_) if first is not None else ladder.columns[0]
    heads = ["Stage"]
    for column in ladder.columns:
        heads += [ladder.passes[column].title.capitalize(), "times floor"]
    limited = any(record.limit is not None for record in audit.stages)
    heads += [f"relative L2, {ladder.passes[measured_in].title}"]
    heads += ["floor", "limit"] if limited else []
    heads += ["max abs, at", "float64"]
    rows: list[list[str]] = []
    for run in runs(ladder):
        chosen = [run.measures[column] for column in ladder.columns]
        row = [code(run.stages, cell=True) + (" **first divergence**" if run.first else "")]
        row += [cell for measure in chosen for cell in _result(measure, run.length)]
        row += _numbers(
            run.measures[measured_in] or next(item for item in chosen if item),
            run.length,
            limited=limited,
        )
        rows.append(row)
    yield _table(heads, rows)


def _result(measure: Measure | None, length: int) -> list[str]:
    if measure is None:
        return ["", ""]
    reach = f" ({measure.reach})" if measure.reach and measure.status == "divergent" else ""
    return [f"{measure.word}{reach}", _up_to(measure.times, length)]


def _numbers(measure: Measure, length: int, *, limited: bool) -> list[str]:
    place = f" {code(measure.place, cell=True)}" if measure.place else ""
    permitted = [measure.floor, measure.limit] if limited else []
    return [_up_to(measure.relative, length), *permitted, measure.largest + place, measure.float64]


def _up_to(number: str, length: int) -> str:
    return f"up to {number}" if length > 1 and number not in ("0", wording.NOTHING) else number


def _decisions(page: Page) -> Iterator[str]:
    yield "## Decisions"
    yield escaped(page.predictions.sentence)
    if page.predictions.facts:
        yield "\n".join(f"- {escaped(name)}: {escaped(value)}" for name, value in page.predictions.facts)
    for measures in (page.predictions.temperatures, page.predictions.metrics):
        if measures.rows:
            yield _table(measures.heads, [[escaped(cell) for cell in row] for row in measures.rows])
    if page.predictions.flips:
        rows = [
            [
                code(value, cell=True)
                for value in (flip.place, wording.clip(flip.text, 100), flip.reference, flip.candidate)
            ]
            for flip in page.predictions.flips
        ]
        yield _table(["Row", "Text", "Reference", "Candidate"], rows)
    if page.predictions.flips_left_out:
        yield f"{wording.count(page.predictions.flips_left_out)} more that differ are in the record."
    yield "## Tokens"
    yield escaped(page.tokens.sentence)
    if page.tokens.kinds:
        yield "\n".join(f"- {code(kind)}: {number}" for kind, _, number in page.tokens.kinds)


def _findings(page: Page) -> Iterator[str]:
    yield "## Findings"
    if not page.findings:
        yield "None."
    for finding in page.findings:
        cause = f", cause {code(finding.cause)}" if finding.cause else ""
        evidence = "".join(
            f"\n    - {escaped(name)}: {code(wording.clip(value, 200))}"
            for name, value in finding.evidence[:8]
        )
        yield f"- {escaped(finding.sentence)} (stage {code(finding.stage)}{cause}){evidence}"
    if page.findings_left_out:
        yield f"{wording.count(page.findings_left_out)} more are in the record."


def _not_compared(page: Page) -> Iterator[str]:
    if page.not_compared:
        yield "## What could not be compared"
        yield _table(
            ["Stage", "Pass", "Side", "Reason", "Counts"],
            [[code(row[0], cell=True), *map(escaped, row[1:])] for row in page.not_compared],
        )


def _compared(page: Page) -> Iterator[str]:
    fields = [field for field in page.compared.differing if field.name != "subject"]
    if fields:
        yield "## What differs between the two"
        rows = [
            [code(clipped, cell=True) for clipped in _clipped(field.name, field.reference, field.candidate)]
            for field in fields
        ]
        yield _table(["Field", "Reference", "Candidate"], rows[:_MOST_FIELDS])
        if len(rows) > _MOST_FIELDS:
            yield f"{wording.count(len(rows) - _MOST_FIELDS)} more fields differ; they are in the record."


def command_block(command: str) -> str:
    """The command, and where it is in full if paths in it were shortened."""
    if not command:
        return "The command was not recorded."
    shortened = "\n\nPaths are shortened here; `audit.json` has the command in full."
    return code(command) + (shortened if "…/" in command else "")


def section_blocks(section: Section, *, always: bool = False) -> Iterator[str]:
    """What of a section is brief; a section without it is left to the page, unless it is `always` said."""
    said: list[str] = []
    for block in section.blocks:
        brief = isinstance(block, Points) or (isinstance(block, Table | Facts) and block.brief)
        if brief and block.heading:
            said.append(f"### {escaped(block.heading)}")
        if isinstance(block, Table) and block.brief:
            said.append(_block_table(block))
        elif isinstance(block, Facts) and block.brief:
            said.append("\n".join(f"- {escaped(name)}: {escaped(value)}" for name, value in block.rows))
        elif isinstance(block, Points):
            said.append("\n".join(f"- {escaped(item)}" for item in block.items))
    if said or always:
        yield f"## {section.title}"
        yield escaped(section.lede)
        yield from said


def _block_table(block: Table) -> str:
    rows = [
        [_cell(column, cell) for column, cell in zip(block.columns, row.cells, strict=True)]
        for row in block.rows[:_MOST_ROWS]
    ]
    left = block.left_out + max(0, len(block.rows) - _MOST_ROWS)
    more = f"\n\n{left:,} more are in the record." if left else ""
    return _table([column.name for column in block.columns], rows) + more


def _cell(column: Column, cell: str) -> str:
    return code(cell, cell=True) if column.kind == "code" else escaped(cell)


def _clipped(*values: str) -> list[str]:
    return [wording.clip(value, 120) for value in values]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)
