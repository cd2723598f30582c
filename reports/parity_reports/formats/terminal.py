"""The audit in a terminal: the verdict, where the two differ first, whether it matters. Plain where there is no terminal.

Every text is a rich `Text`, never a string that rich would read for markup, and hidden characters are shown: nothing from
an input can colour, move or hide a line. What the output's encoding lacks is written as an escape.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from parity.records.audit import Audit
from parity.records.passes import PassRecord
from parity.records.subject import SubjectRecord
from parity_reports.compare.measure import Measure
from parity_reports.compare.screen import build_first_screen, main_finding
from parity_reports.compare.stages import Run, build_ladder, runs
from parity_reports.text import wording
from parity_reports.text.visible import visible

__all__ = ["Summary", "data", "print_summary", "show", "summary"]

_COLOURS = {"ok": "green", "bad": "red", "warn": "yellow", "": ""}
_MOST = 5


def summary(audit: Audit) -> Summary:
    """What a console prints of an audit."""
    return Summary(audit)


def show(audit: Audit) -> None:
    """Print it on standard output: what the command line calls, by entry point."""
    print_summary(audit, Console())


def print_summary(audit: Audit, console: Console) -> None:
    """Print it, long lines kept whole where the output is not a terminal."""
    console.print(Summary(audit), soft_wrap=not console.is_terminal)


class Summary:
    """A rich renderable of an audit."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        encoding = options.encoding
        plain = not console.is_terminal
        audit, first = self._audit, build_first_screen(self._audit)
        yield data(first.headline, encoding, f"bold {_COLOURS[first.tone]}")
        for note in first.notes:
            yield data(note, encoding, "yellow")
        yield Text()
        yield _plain_facts(audit, encoding) if plain else _facts(audit, encoding)
        yield Text()
        ladder = build_ladder(audit)
        lines = runs(ladder)
        if plain:
            yield from _plain_stages(ladder.passes, lines, encoding)
        else:
            yield _stage_table(ladder.passes, lines, encoding)
        yield Text()
        if audit.seed_scale is not None:
            yield data(f"beside seeds: {audit.seed_scale.sentence}", encoding)
        yield from _rest(audit, encoding)


def _lines(audit: Audit) -> list[tuple[str, str]]:
    first = build_first_screen(audit)
    return [
        ("reference", _subject(audit.reference)),
        ("candidate", _subject(audit.candidate)),
        *((answer.question, f"{answer.answer}. {answer.detail}") for answer in first.answers),
        ("rule", first.rule),
    ]


def _facts(audit: Audit, encoding: str) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, said in _lines(audit):
        grid.add_row(Text(name, style="dim"), data(said, encoding))
    return grid


def _plain_facts(audit: Audit, encoding: str) -> Text:
    lines = _lines(audit)
    width = max(len(name) for name, _ in lines)
    return Text("\n").join(data(f"{name:<{width}}  {said}", encoding) for name, said in lines)


def _subject(subject: SubjectRecord) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in subject.versions.items())
    return f"{subject.spec}  {versions}".rstrip() or wording.NOTHING


def _stage_table(passes: Sequence[PassRecord], lines: tuple[Run, ...], encoding: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    heads = (head for one in passes for head in (one.title, "times floor"))
    for head in ("stage", *heads, "largest difference"):
        table.add_column(Text(head))
    for line in lines:
        style = "red" if line.first else ""
        table.add_row(
            data(line.stages + (" (first)" if line.first else ""), encoding, style),
            *(cell for measure in line.measures for cell in _cells(measure, encoding)),
            data(_largest(line), encoding),
        )
    return table


def _cells(measure: Measure | None, encoding: str) -> tuple[Text, Text]:
    if measure is None:
        return Text("-"), Text("")
    return data(measure.word, encoding, _COLOURS[measure.tone]), data(measure.times, encoding)


def _plain_stages(passes: Sequence[PassRecord], lines: tuple[Run, ...], encoding: str) -> Iterator[Text]:
    for line in lines:
        said = [
            _plain_measure(one.title, measure)
            for one, measure in zip(passes, line.measures, strict=True)
            if measure is not None
        ]
        first = " <- first" if line.first else ""
        yield data(f"  {line.stages}: {'; '.join(said)}{first}", encoding)


def _plain_measure(title: str, measure: Measure) -> str:
    record = measure.record
    in_float64 = measure.float64_only or (record.status == "within_limit" and bool(record.reason))
    size = (
        f" ({wording.float64(record) if in_float64 else wording.relative(record)})"
        if record.relative_l2
        else ""
    )
    return f"{title} {measure.word}{size}"


def _largest(line: Run) -> str:
    measure = next((one for one in line.measures if one is not None), None)
    if measure is None or measure.record.max_abs.value is None:
        return measure.reach if measure is not None else ""
    permitted = (
        f" (up to {measure.largest_floor} is noise)" if measure.record.max_abs_floor is not None else ""
    )
    return (
        f"{measure.largest} at {measure.place}{permitted}"
        if measure.place
        else f"{measure.largest}{permitted}"
    )


def _rest(audit: Audit, encoding: str) -> Iterator[Text]:
    said = "" if audit.seed_scale is None else audit.seed_scale.sentence  # which has a line of its own
    others = [
        finding
        for finding in audit.findings
        if finding is not main_finding(audit) and finding.sentence != said
    ]
    for finding in others[:_MOST]:
        cause = f" [{finding.cause}]" if finding.cause else ""
        yield data(f"- {finding.stage}: {finding.sentence}{cause}", encoding)
    if len(others) > _MOST:
        yield data(f"- {len(others) - _MOST} more findings in the report", encoding)
    for item in audit.not_compared[:_MOST]:
        side = f" of the {item.side}" if item.side != "both" else ""
        yield data(
            f"? {item.stage}{side} was not compared: {item.reason}{'' if item.counts else ' (does not count)'}",
            encoding,
        )
    if len(audit.not_compared) > _MOST:
        yield data(f"? {len(audit.not_compared) - _MOST} more that were not compared in the report", encoding)


def data(text: str, encoding: str, style: str = "") -> Text:
    """Text as data: shown as it is, in what the output can encode."""
    shown = visible(text)
    try:
        shown = shown.encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:
        shown = shown.encode("ascii", "backslashreplace").decode("ascii")
    return Text(shown, style=style.strip())
