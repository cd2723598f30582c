"""The seed audit in a terminal: the verdict, the four answers, the runs, and what must be known. Plain where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from parity.records.arm_statistics import ArmRecord
from parity.records.seed_audit import SeedAudit
from parity_reports.formats.terminal import data
from parity_reports.seeds.screen import SeedScreen, build_seed_screen
from parity_reports.text import units, wording

__all__ = ["SeedSummary", "print_summary"]

_COLOURS = {"ok": "green", "bad": "red", "warn": "yellow"}
_MOST = 12


def print_summary(audit: SeedAudit, console: Console) -> None:
    """Print it, long lines kept whole where the output is not a terminal."""
    console.print(SeedSummary(audit), soft_wrap=not console.is_terminal)


class SeedSummary:
    """A rich renderable of a seed audit."""

    def __init__(self, audit: SeedAudit) -> None:
        self._audit = audit

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        encoding, plain = options.encoding, not console.is_terminal
        audit = self._audit
        first = build_seed_screen(audit)
        yield data(
            f"{first.word}. {first.headline} {first.said}".strip(), encoding, f"bold {_COLOURS[first.tone]}"
        )
        for note in first.notes:
            yield data(note, encoding, "yellow")
        yield Text()
        lines = _lines(first)
        if plain:
            width = max(len(name) for name, _ in lines)
            yield Text("\n").join(data(f"{name:<{width}}  {said}", encoding) for name, said in lines)
        else:
            grid = Table.grid(padding=(0, 2))
            for name, said in lines:
                grid.add_row(Text(name, style="dim"), data(said, encoding))
            yield grid
        yield Text()
        for arm in audit.arms:
            yield from _arm(audit, arm, encoding)
        yield from _runs(audit, encoding)
        for finding in [item for item in audit.findings if item.severity != "bars"][:_MOST]:
            yield data(f"- {finding.sentence}", encoding)


def _lines(first: SeedScreen) -> list[tuple[str, str]]:
    return [
        *((answer.question, f"{answer.answer}. {answer.detail}") for answer in first.answers),
        ("rule", first.rule),
    ]


def _arm(audit: SeedAudit, arm: ArmRecord, encoding: str) -> Iterator[Text]:
    for name, metric in arm.metrics.items():
        spread, form = metric.spread, units.form_of(audit, name)
        over = f" over {wording.plural(metric.runs, 'run')}"
        sd = f", SD {units.size(form, spread.sd)}" if spread.sd is not None else ""
        new = f", a new run {units.interval(form, spread.new_run)}" if spread.new_run is not None else ""
        said = f"  {arm.arm}: {units.metric_name(form)} {units.value(form, spread.mean)}{over}{sd}{new}"
        yield data(said, encoding)
    if arm.agreement is not None and arm.agreement.kappa is not None:
        said = f"  {arm.arm}: kappa {units.similarity(arm.agreement.kappa.value)}, all runs agree on {wording.share(arm.agreement.unanimous)}"
        yield data(said, encoding)


def _runs(audit: SeedAudit, encoding: str) -> Iterator[Text]:
    named = {name for finding in audit.findings if finding.severity == "bars" for name in finding.runs}
    left = [run for run in audit.runs if run.standing != "kept" and run.name not in named]
    for run in left[:_MOST]:
        yield data(
            f"? {run.name} ({run.arm}) is in no mean: {run.reason or run.standing}", encoding, "yellow"
        )
    if len(left) > _MOST:
        yield data(f"? {len(left) - _MOST} more that are in no mean, in the report", encoding, "yellow")
