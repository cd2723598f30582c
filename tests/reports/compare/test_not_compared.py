"""A report says which passes were run, on how many rows, and why others were not."""

from __future__ import annotations

from parity.records.passes import PassRecord
from parity_reports.blocks import Prose, Table
from parity_reports.compare.not_compared import build_not_compared
from tests.audit_parts import audit


def ran(title: str, rows: int, reason: str = "") -> PassRecord:
    return PassRecord(
        name=title,
        title=title,
        sentence=f"what {title} runs",
        note="",
        phase="after",
        feed="own",
        rows=rows,
        reason=reason,
    )


def test_every_pass_is_listed_with_its_rows_or_the_reason_why_it_was_not_run() -> None:
    passes = [
        ran("own ids", 120),
        ran("layer by layer", 0, "no probabilities are compared"),
        ran("rows alone", 1, "one row was too long"),
        ran("run again", 0),
    ]
    said, table = build_not_compared(audit(passes=passes)).blocks
    assert isinstance(said, Prose) and isinstance(table, Table)
    assert [
        ("own ids", "what own ids runs", "120 rows"),
        ("layer by layer", "what layer by layer runs", "not run: no probabilities are compared"),
        ("rows alone", "what rows alone runs", "1 row; one row was too long"),
        ("run again", "what run again runs", "not needed"),
    ] == [row.cells for row in table.rows]
    assert ("Which passes were run: 2 of 4", True) == (table.heading, table.collapsed)


def test_a_record_that_lists_no_passes_has_no_such_table() -> None:
    assert [Prose] == [type(block) for block in build_not_compared(audit(passes=[])).blocks]
