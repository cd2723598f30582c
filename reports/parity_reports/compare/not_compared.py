"""What could not be compared, with the reason and whether it counts; and which passes were run, and why others were not."""

from __future__ import annotations

from parity.records.audit import Audit
from parity.records.passes import PassRecord
from parity.records.passes_shown import passes_shown
from parity_reports.blocks import Column, Prose, Row, Table
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_not_compared", "summarise_not_compared"]

_TITLE = "What could not be compared"


def build_not_compared(audit: Audit) -> Section:
    """The section."""
    rows = _rows(audit)
    blocks = (
        (Prose("An item that counts prevents the verdict parity."), _table(rows))
        if rows
        else (Prose("Everything that either side reported was compared."),)
    )
    return Section("not-compared", _TITLE, "Not compared", "", (*blocks, *_passes(audit)), count=len(rows))


def summarise_not_compared(audit: Audit) -> Section | None:
    """The table alone; None where everything was compared."""
    rows = _rows(audit)
    return Section("not-compared", _TITLE, "Not compared", "", (_table(rows),)) if rows else None


def _table(rows: tuple[Row, ...]) -> Table:
    heads = ("Pass", "Side", "Reason", "Counts")
    return Table(_TITLE, (Column("Stage", "data"), *(Column(head) for head in heads)), rows)


def _passes(audit: Audit) -> tuple[Table, ...]:
    """Every pass, and on how many rows it was run; earlier records list none."""
    rows = tuple(
        Row((one.title, one.sentence, f"not run: {one.reason}" if one.reason and not one.rows else _ran(one)))
        for one in audit.passes
    )
    heads = (Column("Pass", "data"), Column("What it runs"), Column("Run on"))
    title = "Which passes were run"
    ran = sum(one.rows > 0 for one in audit.passes)
    heading = f"{title}: {ran} of {len(rows)}"
    return (Table(title, heads, rows, heading=heading, collapsed=True),) if rows else ()


def _ran(one: PassRecord) -> str:
    """On how many rows, with the reason why not on more."""
    ran = wording.plural(one.rows, "row") if one.rows else "not needed"
    return f"{ran}; {one.reason}" if one.reason else ran


def _rows(audit: Audit) -> tuple[Row, ...]:
    passes = passes_shown(audit)
    every = "both passes" if len(passes.all) == 2 else "all passes"
    return tuple(
        Row(
            (
                item.stage,
                passes.title(item.pass_) if item.pass_ else every,
                {"both": "both sides"}.get(item.side, item.side),
                item.reason,
                "yes" if item.counts else "no",
            )
        )
        for item in audit.not_compared
    )
