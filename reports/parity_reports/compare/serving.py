"""How the two are served: quantised, compiled or offloaded, what the weights take and how long a forward is, where the two differ in it."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.audit import Audit
from parity_reports.blocks import Column, Prose, Row, Table
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_serving", "serving_lines"]

_NAMES = {"quantised": "Weights", "compiled": "Code", "device_map": "Places"}


def build_serving(audit: Audit) -> Section | None:
    """The section; None where both are run as they were loaded, or alike."""
    if audit.reference.served == audit.candidate.served:
        return None
    columns = (
        Column("What"),
        Column("Reference", "data", "ref"),
        Column("Candidate", "data", "cand"),
        Column("Ratio", "number"),
    )
    table = Table("How each side is served", columns, tuple(map(Row, _rows(audit))))
    note = "The ratio is the candidate's to the reference's. Times are of this run, on this machine: they decide nothing."
    title = "How each side is served"
    return Section("serving", title, "Serving", "", (table, Prose(note)))


def serving_lines(audit: Audit) -> tuple[str, ...]:
    """The same for a terminal: a line for the size and one for the time."""
    if audit.reference.served == audit.candidate.served:
        return ()
    return tuple(
        f"{what.lower()}: {here} against {there}, ratio {ratio}"
        for what, here, there, ratio in _rows(audit)
        if ratio
    )


def _rows(audit: Audit) -> Iterator[tuple[str, str, str, str]]:
    here, there = audit.reference, audit.candidate
    for key in dict.fromkeys((*here.served, *there.served)):
        name = _NAMES.get(key, key)
        yield name, here.served.get(key, "as loaded"), there.served.get(key, "as loaded"), ""
    if here.weights_bytes and there.weights_bytes:
        sizes = [f"{wording.count(size)} bytes" for size in (here.weights_bytes, there.weights_bytes)]
        yield "Size of the weights", sizes[0], sizes[1], f"{there.weights_bytes / here.weights_bytes:.2f}"
    forwards = audit.provenance.forwards
    if forwards is not None:
        what = (
            f"Time of a forward of {wording.plural(forwards.rows, 'row')} (the least of {forwards.repeats})"
        )
        yield what, f"{forwards.reference:.4f} s", f"{forwards.candidate:.4f} s", f"{forwards.ratio:.2f}"
