"""The cases of an audit, for a system that shows tests: records that say what passed, and what turns a build red."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from parity.records.provenance import Provenance

__all__ = ["Case", "Suite", "carried_over", "run_time"]


class Case(NamedTuple):
    """One test case; `outcome` is "passed", "failure", "error" or "skipped", `seconds` what it took where that is known.

    The text of one that passed is its output.
    """

    group: str
    name: str
    outcome: str = "passed"
    message: str = ""
    text: str = ""
    seconds: float = 0.0

    @property
    def red(self) -> bool:
        """Whether it turns a build red."""
        return self.outcome in ("failure", "error")


class Suite(NamedTuple):
    """A suite of cases. `started` is in ISO 8601 ("" where it is not known), `facts` are its properties."""

    name: str
    facts: Sequence[tuple[str, str]]
    cases: Sequence[Case]
    started: str = ""
    seconds: float = 0.0


def run_time(provenance: Provenance) -> tuple[str, float]:
    """When an audit started and the seconds that it took, as its provenance has them; "" and 0 where it has not."""
    seconds = provenance.seconds or 0.0
    return provenance.started, max(0.0, seconds) if math.isfinite(seconds) else 0.0


def carried_over(case: Case, fault: Case) -> Case:
    """The case as one that differs for the same fault as another: it turns nothing red."""
    message = f"carried over from {fault.name} ({fault.group}): {case.message}"
    return Case(case.group, case.name, "skipped", message, case.text)
