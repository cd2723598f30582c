"""A breakdown: forwards of one side that failed in its own pass, and what that cost."""

from __future__ import annotations

from typing import NamedTuple

from parity.errors import RunError

__all__ = ["Breakdown"]


class Breakdown(NamedTuple):
    """The first failure of a side ("reference" or "candidate"), the first stage that it cost, and the rows of all of them."""

    side: str
    failure: RunError
    stage: str
    rows: int
