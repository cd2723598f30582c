"""The audit in a terminal: the verdict, its answers, and what must be known. Plain where there is no terminal.

Every text is a rich `Text`, never a string that rich would read for markup, and hidden characters are shown: nothing from
an input can colour, move or hide a line. What the output's encoding lacks is written as an escape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table as Grid
from rich.text import Text

from parity_reports.blocks import Block, Points, Prose, StageCell, StageTable
from parity_reports.builders import AnyAudit, build_glance
from parity_reports.pages import Page
from parity_reports.text.visible import visible

__all__ = ["print_summary"]

_COLOURS = {"ok": "green", "bad": "red", "warn": "yellow", "": ""}


def print_summary(audit: AnyAudit, console: Console) -> None:
    """Print it, long lines kept whole where the output is not a terminal."""
    console.print(_Summary(audit), soft_wrap=not console.is_terminal)


class _Summary:
    """A rich renderable of an audit."""

    def __init__(self, audit: AnyAudit) -> None:
        self._page = build_glance(audit)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        write = _Writer(options.encoding, plain=not console.is_terminal)
        yield from write.first_screen(self._page)
        for section in self._page.sections:
            for block in section.blocks:
                yield from write.block(block)


class _Writer(NamedTuple):
    """How text is written: in what the output can encode, in columns where it is a terminal."""

    encoding: str
    plain: bool

    def first_screen(self, page: Page) -> Iterator[Text | Grid]:
        """The verdict, the notes, and the subjects, answers and rule in two columns."""
        first = page.first
        headline = f"{first.lead} {first.headline} {first.rest}".strip()
        yield self._data(headline, f"bold {_COLOURS[first.tone]}")
        for note in first.notes:
            yield self._data(note, "yellow")
        yield Text()
        lines = [
            *((subject.role, subject.line) for subject in page.subjects if subject.line),
            *((answer.question, f"{answer.answer}. {answer.detail}") for answer in first.answers),
            ("rule", first.rule),
        ]
        if self.plain:
            width = max(len(name) for name, _ in lines)
            yield Text("\n").join(self._data(f"{name:<{width}}  {text}") for name, text in lines)
        else:
            grid = Grid.grid(padding=(0, 2))
            for name, text in lines:
                grid.add_row(Text(name, style="dim"), self._data(text))
            yield grid
        yield Text()

    def block(self, block: Block) -> Iterator[Text | Grid]:
        """A block as lines; what only a page can show is none."""
        match block:
            case StageTable():
                if self.plain:
                    yield from self._plain_stages(block)
                else:
                    yield self._stages(block)
                yield Text()
            case Prose():
                yield self._data(block.text)
            case Points():
                for item in block.items:
                    yield self._data(f"{block.mark} {item}", _COLOURS[block.tone])
            case _:
                pass

    def _stages(self, table: StageTable) -> Grid:
        grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim")
        heads = (head for name in table.passes for head in (name, "times floor"))
        for head in ("stage", *heads, "largest difference"):
            grid.add_column(Text(head))
        for run in table.runs:
            first = next((cell for cell in run.cells if cell is not None), None)
            grid.add_row(
                self._data(run.stages + (" (first)" if run.first else ""), "red" if run.first else ""),
                *(text for cell in run.cells for text in self._cell(cell)),
                self._data(first.extreme if first is not None else ""),
            )
        return grid

    def _cell(self, cell: StageCell | None) -> tuple[Text, Text]:
        if cell is None:
            return Text("-"), Text("")
        return self._data(cell.word, _COLOURS[cell.tone]), self._data(cell.times)

    def _plain_stages(self, table: StageTable) -> Iterator[Text]:
        for run in table.runs:
            results = [
                f"{name} {cell.word}{f' ({cell.size})' if cell.size else ''}"
                for name, cell in zip(table.passes, run.cells, strict=True)
                if cell is not None
            ]
            yield self._data(f"  {run.stages}: {'; '.join(results)}{' <- first' if run.first else ''}")

    def _data(self, text: str, style: str = "") -> Text:
        """Text as data: shown as it is, in what the output can encode."""
        shown = visible(text)
        try:
            shown = shown.encode(self.encoding, "backslashreplace").decode(self.encoding)
        except LookupError:
            shown = shown.encode("ascii", "backslashreplace").decode("ascii")
        return Text(shown, style=style.strip())
