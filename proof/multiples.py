"""How often rounding passes a multiple of the noise floor, and a fault does not."""

from __future__ import annotations

from collections.abc import Sequence

from parity.records.audit import Audit

__all__ = ["MULTIPLES", "beyond", "largest_multiple", "lines", "multiple_in_words"]

MULTIPLES = (1, 2, 3, 5, 10, 20)
"""Those that are tabulated; parity's own is 5."""


def largest_multiple(audit: Audit) -> float:
    """The largest multiple of its noise floor that a stage of a comparison reaches in the precision of the sides; 0 where all are equal."""
    return max((one.times_floor or 0.0 for one in audit.stages), default=0.0)


def multiple_in_words(value: float) -> str:
    """As a cell shows it, and `float` reads it."""
    return f"{value:.2g}"


def beyond(cells: Sequence[str]) -> list[float]:
    """For each of MULTIPLES the share of these cells that pass it."""
    values = [float(cell) for cell in cells]
    return [sum(value > multiple for value in values) / len(values) for multiple in MULTIPLES]


def lines(head: str, rows: Sequence[tuple[str, Sequence[float]]]) -> list[str]:
    """A table of shares, one line a row: its name and the share at each of MULTIPLES."""
    return [
        f"| {head} | " + " | ".join(f"{multiple} times" for multiple in MULTIPLES) + " |",
        "| --- |" + " --- |" * len(MULTIPLES),
        *(
            f"| {name} | " + " | ".join(f"{100 * share:.3g} %" for share in shares) + " |"
            for name, shares in rows
        ),
    ]
