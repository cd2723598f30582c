"""What tasks and passes show stands in every format, as data."""

from __future__ import annotations

import io

from rich.console import Console

from parity.records.exhibit import Exhibit, ExhibitColumn
from parity_reports import print_summary, render_html, render_junit, render_markdown
from tests.audit_parts import audit

ROWS: list[list[str | int | float | None]] = [[7, "<b>yes</b>", "no"], [1200, 0.25, None]]
SHOWN = Exhibit(
    title="What was spoken",
    kind="text_pair",
    note="Greedy.",
    columns=[ExhibitColumn(name=name, kind="data") for name in ("row", "reference", "candidate")],
    rows=ROWS,
    left_out=3,
)


def formats(exhibit: Exhibit) -> dict[str, str]:
    """The audit with this exhibit in every format."""
    shown = audit(exhibits=[exhibit])
    console = Console(file=io.StringIO(), width=200)
    print_summary(shown, console)
    assert isinstance(console.file, io.StringIO)
    return {
        "html": render_html(shown),
        "markdown": render_markdown(shown),
        "junit": render_junit(shown),
        "terminal": console.file.getvalue(),
    }


def test_every_format_has_its_title_and_first_row() -> None:
    texts = formats(SHOWN)
    assert [] == [name for name, text in texts.items() if "What was spoken" not in text]
    assert [] == [name for name, text in texts.items() if "yes" not in text]


def test_text_of_inputs_is_data() -> None:
    texts = formats(SHOWN)
    assert [] == [name for name in ("html", "junit") if "<b>yes</b>" in texts[name]]
    assert "`<b>yes</b>`" in texts["markdown"]


def test_numbers_are_written_as_elsewhere_and_what_is_cut_is_counted() -> None:
    texts = formats(SHOWN)
    assert "1,200" in texts["html"] and "0.25" in texts["html"]
    assert "(4 more in the report)" in texts["terminal"]
    assert "3 more" in texts["markdown"]


def test_without_exhibits_no_format_speaks_of_them() -> None:
    assert "What was seen" not in render_html(audit())
    assert "exhibits" not in render_junit(audit())
