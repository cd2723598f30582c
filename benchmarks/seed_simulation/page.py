"""The tables of the page about seed statistics."""

from __future__ import annotations

from pathlib import Path

from benchmarks.seed_simulation.claims import Row
from parity.seed_audit.measures.power import can_show

PAGE = Path(__file__).parents[2] / "docs" / "seed-statistics.md"


def table(rows: list[Row]) -> str:
    lines = [
        "| statistic | setting | runs | claimed | seen | +- | holds |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row.statistic} | {row.setting} | {row.runs} | {row.claim} | {row.seen:.3f} | {row.error:.3f} | "
        f"{'yes' if row.holds else '**no**'} |"
        for row in rows
    ]
    return "\n".join(lines)


def limits() -> str:
    """The table of what S runs can show."""
    lines = [
        "| S | mean's half-width | SD's interval | new run's half-width | detectable | by t alone | SD of paired differences for TOST | least p |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for runs in (3, 5, 10, 20, 30):
        shown = can_show(runs)
        lines.append(
            f"| {runs} | {shown.mean_half_width:.2f} | {shown.sd_low:.2f} to {shown.sd_high:.2f} | "
            f"{shown.new_run_half_width:.2f} | {shown.detectable:.2f} | {shown.detectable_alone:.2f} | {shown.tost_sd:.2f} | {shown.least_p:.2g} |"
        )
    return "\n".join(lines)


def between(page: str, mark: str, text: str) -> str:
    """The page with a text between two marks, in place of what was there."""
    start, end = f"<!-- {mark}: start -->", f"<!-- {mark}: end -->"
    return f"{page[: page.index(start) + len(start)]}\n\n{text}\n\n{page[page.index(end) :]}"
