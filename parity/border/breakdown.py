"""A breakdown: forwards of one side that failed in its own pass, and the stages and rows lost."""

from __future__ import annotations

from typing import NamedTuple

from parity.errors import RunError

__all__ = ["Breakdown"]


class Breakdown(NamedTuple):
    """The first failure of a side ("reference" or "candidate"), the first stage that was lost, and the rows of all failures."""

    side: str
    failure: RunError
    stage: str
    rows: int
