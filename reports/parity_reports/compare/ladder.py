"""The ladder of stages: one rung a stage, all passes side by side, in the order in which the values are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parity.records.audit import Audit
from parity.records.passes import PassRecord
from parity.records.passes_shown import passes_shown
from parity.records.stage import StageRecord
from parity.stages import group_of, stage_title
from parity_reports.compare.measure import Measure, measure_of

__all__ = ["Ladder", "Run", "Rung", "build_ladder", "runs"]


@dataclass(frozen=True)
class Rung:
    """One stage, with what each pass of the ladder measured; None where a pass did not reach it."""

    stage: str
    title: str
    measures: tuple[Measure | None, ...]
    first: bool
    ignored: bool

    @property
    def tone(self) -> str:
        """The worst of all passes, which colours the rung."""
        tones = [measure.cell.tone for measure in self.measures if measure is not None]
        return next((tone for tone in ("bad", "warn") if tone in tones and not self.ignored), "")


@dataclass(frozen=True)
class Ladder:
    """All rungs; `passes` are those of the comparison, `columns` the places of those that measured something."""

    rungs: tuple[Rung, ...]
    passes: tuple[PassRecord, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Run:
    """Neighbouring rungs of one kind and result, as one line: `layer.1 to layer.5`."""

    stages: str
    measures: tuple[Measure | None, ...]
    first: bool
    length: int


def build_ladder(audit: Audit) -> Ladder:
    """The ladder of an audit."""
    shown = passes_shown(audit)
    names = tuple(one.name for one in shown.all)
    measures = {(record.stage, record.pass_): measure_of(record) for record in audit.stages}
    first = audit.first_divergence.stage if audit.first_divergence else None
    rungs = tuple(
        Rung(
            stage=stage,
            title=stage_title(stage),
            measures=tuple(measures.get((stage, name)) for name in names),
            first=stage == first,
            ignored=_ignored(audit, stage),
        )
        for stage in _order(names, audit.stages)
    )
    columns = tuple(
        place for place, name in enumerate(names) if any(record.pass_ == name for record in audit.stages)
    )
    return Ladder(rungs, shown.all, columns)


def runs(ladder: Ladder) -> tuple[Run, ...]:
    """The ladder in few lines: neighbours with the same result are one, the first divergence always its own."""
    grouped: list[list[Rung]] = []
    for rung in ladder.rungs:
        last = grouped[-1][-1] if grouped else None
        if last is not None and _alike(last, rung):
            grouped[-1].append(rung)
        else:
            grouped.append([rung])
    return tuple(
        Run(
            stages=rungs[0].stage if len(rungs) == 1 else f"{rungs[0].stage} to {rungs[-1].stage}",
            measures=tuple(
                _worst(list(column)) for column in zip(*(rung.measures for rung in rungs), strict=True)
            ),
            first=rungs[0].first,
            length=len(rungs),
        )
        for rungs in grouped
    )


def _order(passes: Sequence[str], records: Sequence[StageRecord]) -> list[str]:
    """Stages as first met; one that only a later pass has comes after the stage it followed there."""
    order: list[str] = []
    for name in passes:
        before: str | None = None
        for record in records:
            if record.pass_ != name:
                continue
            if record.stage not in order:
                order.insert(0 if before is None else order.index(before) + 1, record.stage)
            before = record.stage
    return order


def _ignored(audit: Audit, stage: str) -> bool:
    """Whether a stage does not count; earlier records list such stages in their policy only."""
    marked = any(record.ignored for record in audit.stages if record.stage == stage)
    return marked or stage in audit.policy.ignore


def _alike(one: Rung, other: Rung) -> bool:
    if one.first or other.first or _kind(one.stage) != _kind(other.stage):
        return False
    return _status(one) == _status(other) and one.ignored == other.ignored


def _status(rung: Rung) -> tuple[tuple[str, float | None] | None, ...]:
    """What the passes came to, and under which limits."""
    return tuple(
        None if measure is None else (measure.cell.word, measure.record.limit) for measure in rung.measures
    )


def _kind(stage: str) -> str:
    """What may stand in one line: what is fed to the model, what lies inside; each output stands by itself."""
    group = group_of(stage)
    return stage if group == "output" else "input" if group == "input" else "inside"


def _worst(measures: Sequence[Measure | None]) -> Measure | None:
    there = [measure for measure in measures if measure is not None]
    return max(
        there, key=lambda item: item.record.times_floor or item.record.relative_l2 or 0.0, default=None
    )
