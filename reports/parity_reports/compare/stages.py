"""Stage by stage: the table of all stages in all passes, the two curves, and every further number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parity.records.audit import Audit
from parity.records.passes_shown import passes_shown
from parity_reports.blocks import (
    Block,
    Column,
    Figure,
    Fold,
    Prose,
    Remarks,
    Row,
    StageCell,
    StageRow,
    StageRun,
    StageTable,
    Table,
    Tone,
)
from parity_reports.compare.curves import float64_curve, relative_curve
from parity_reports.compare.ladder import Ladder, Rung, build_ladder, runs
from parity_reports.compare.measure import Measure
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_stage_table", "build_stages", "summarise_stages"]

_NOTHING_COMPARED = Prose("No stage was compared.")
_FLOAT64 = "In float64 the rounding error is far smaller: what remains is a difference between the two sides, however small."


def build_stages(audit: Audit, *, details: bool) -> Section:
    """The section, with every further number where `details` are wanted."""
    return Section(
        "stages",
        "Where the two differ: stage by stage",
        "Stages",
        "",
        tuple(_blocks(audit, build_ladder(audit), details=details)),
    )


def summarise_stages(audit: Audit) -> Section:
    """The table alone."""
    table = build_stage_table(audit)
    return Section("stages", "Stages", "Stages", "", (table if table.rows else _NOTHING_COMPARED,))


def build_stage_table(audit: Audit) -> StageTable:
    """All stages of an audit, one by one and in runs."""
    return _table(audit, build_ladder(audit))


def _blocks(audit: Audit, ladder: Ladder, *, details: bool) -> Iterator[Block]:
    if not ladder.rungs:
        yield _NOTHING_COMPARED
        return
    notes = [f"{one.title.capitalize()}: {one.note}." for one in ladder.passes]
    notes.append("Times floor: relative L2 in multiples of the measured noise floor.")
    yield Prose(" ".join(notes).replace("'", "’"))
    yield Figure("relative L2 by stage", "", relative_curve(ladder))
    yield _table(audit, ladder)
    yield Figure("relative L2 in float64 by stage", _FLOAT64, float64_curve(ladder))
    remarks = _remarks(audit)
    if remarks:
        yield Remarks(remarks, "Remarks")
    if details:
        numbers = tuple(_details(ladder.rungs, place, ladder.passes[place].title) for place in ladder.columns)
        yield Fold("All numbers by stage", numbers)


def _table(audit: Audit, ladder: Ladder) -> StageTable:
    first, names = audit.first_divergence, [one.name for one in ladder.passes]
    return StageTable(
        passes=tuple(one.title for one in ladder.passes),
        columns=ladder.columns,
        chief=names.index(first.pass_) if first is not None else next(iter(ladder.columns), 0),
        limited=any(record.limit is not None for record in audit.stages),
        rows=tuple(_row(rung) for rung in ladder.rungs),
        runs=tuple(StageRun(run.stages, _cells(run.measures), run.first, run.length) for run in runs(ladder)),
    )


def _row(rung: Rung) -> StageRow:
    tone: Tone = "hit" if rung.first else "soft" if rung.tone == "warn" else ""
    return StageRow(rung.title, _cells(rung.measures), tone, rung.first, rung.ignored)


def _cells(measures: Sequence[Measure | None]) -> tuple[StageCell | None, ...]:
    return tuple(None if measure is None else measure.cell for measure in measures)


def _remarks(audit: Audit) -> tuple[tuple[str, str], ...]:
    """Every reason once, with the stages it was given for."""
    passes = passes_shown(audit)
    places: dict[str, list[str]] = {}
    for record in audit.stages:
        if record.reason:
            place = f"{record.stage} ({passes.title(record.pass_)})"
            places.setdefault(record.reason, []).append(place)
    return tuple((text, wording.as_text(stages)) for text, stages in places.items())


def _details(rungs: Sequence[Rung], column: int, title: str) -> Table:
    """Every further number of one pass."""
    chosen = [(rung.title, rung.measures[column]) for rung in rungs]
    there = [(title, measure) for title, measure in chosen if measure is not None]
    limited = any(item.record.limit is not None for _, item in there)
    heads = (
        "stage",
        "allowed",
        *(["limit set"] if limited else []),
        "max abs that is noise",
        "float64 allowed",
        *(label for label, _ in there[0][1].more),
    )
    rows = tuple(
        Row(
            (
                title,
                wording.number(item.record.allowed),
                *([wording.number(item.record.limit)] if limited else []),
                wording.number(item.record.max_abs_floor, 0),
                wording.number(item.record.float64_allowed),
                *(value for _, value in item.more),
            )
        )
        for title, item in there
    )
    columns = tuple(Column(head) for head in heads)
    return Table(f"All numbers, {title}", columns, rows, heading=title, look="all")
