"""How a metric is written. It stands in the record, so that a report knows no metric by its name."""

from __future__ import annotations

from typing import Literal

from parity.records.places import Record

__all__ = ["MetricForm"]


class MetricForm(Record, frozen=True, kw_only=True):
    """How a metric's number is written: `scale` times the number, with so many decimals, and its unit.

    `unit` is that of a value ("%"), `step` that of a distance between two values ("points"); both are empty where there is none.
    """

    title: str
    better: Literal["higher", "lower"]
    scale: float = 1.0
    digits: int = 4
    unit: str = ""
    step: str = ""
