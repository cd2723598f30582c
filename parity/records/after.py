"""What the passes after the sweep have for the audit: stages, exhibits, and what could not be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from parity.records.exhibit import Exhibit
from parity.records.generation import Generation
from parity.records.stage import NotCompared, StageRecord

__all__ = ["AfterResult", "SwappedInputs", "joined"]


class SwappedInputs(NamedTuple):
    """Two inputs of one side that are swapped: with each given in place of the other, it agrees with the other side.

    `straight` and `swapped` are the relative L2 at the first stage, as fed and with the two exchanged.
    """

    side: str
    inputs: tuple[str, str]
    rows: int
    stage: str
    straight: float
    swapped: float


class AfterResult(NamedTuple):
    """What one pass after the sweep has, or all of them together.

    `rows` is how many rows it ran on, and `reason` why not, or not on all. `stages` are added to those that were measured, in
    order; a stage is named with the pass whose column it stands in.
    """

    rows: int = 0
    reason: str = ""
    stages: Sequence[StageRecord] = ()
    not_compared: Sequence[NotCompared] = ()
    exhibits: Sequence[Exhibit] = ()
    swapped: SwappedInputs | None = None
    generation: Generation | None = None


def joined(results: Sequence[AfterResult]) -> AfterResult:
    """All results as one: lists one after the other, of everything else the first that is there."""
    return AfterResult(
        rows=max((result.rows for result in results), default=0),
        reason=next((result.reason for result in results if result.reason), ""),
        stages=[record for result in results for record in result.stages],
        not_compared=[item for result in results for item in result.not_compared],
        exhibits=[exhibit for result in results for exhibit in result.exhibits],
        swapped=next((result.swapped for result in results if result.swapped is not None), None),
        generation=next((result.generation for result in results if result.generation), None),
    )
