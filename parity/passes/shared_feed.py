"""Whether both sides fed themselves the same, and whose positions the candidate takes when it is given the reference's feed.

Which positions to use is found once in a comparison, by trying both.

A position is an index into a table, and two tables may begin at different rows: RoBERTa's first token reads the row after
the padding's, and a port may have cut off the rows before it. Then the same position is another row, and to force the
reference's positions on the candidate makes two different runs of two that are the same. A port that counts its positions
wrongly, on the other hand, is seen to be right in all else only once they are forced. The first
stage at which it matters decides between the two: positions are forced where that brings the candidate nearer to the reference.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from parity.align.batch import PairedStage, paired_stages
from parity.align.feed import Feed
from parity.align.plan import Plan
from parity.border.runner import Batch, Runner, written
from parity.errors import InputsDoNotFit
from parity.measure.stage_difference import Difference
from parity.records.pair import Pair
from parity.session.session import Session

__all__ = ["Fed", "SharedFeed"]


class Fed(NamedTuple):
    """`alike`: both fed themselves the same. `positions`: else the candidate is to be given the reference's positions too."""

    alike: bool
    positions: bool = False


class SharedFeed:
    """What is known so far: nothing, until a batch has been seen in which only the positions differ."""

    def __init__(self) -> None:
        self._forced: bool | None = None

    @property
    def positions(self) -> bool:
        """Whether the candidate is to be given the reference's positions, as far as is known."""
        return bool(self._forced)

    def compare(self, candidate: Session, plan: Plan, own: Pair[Batch]) -> Fed:
        """What both fed themselves, and what a shared feed takes; may run forwards of the candidate."""
        feeds = Feed.of(own.reference), Feed.of(own.candidate)
        if feeds[0].same_as(feeds[1]):
            return Fed(alike=True)
        if not candidate.described.can.accepts_feed or own.candidate.ended:
            return Fed(alike=False)
        forced = self._positions(candidate.runner, plan, own)
        settled = self._forced is not None and not forced
        return Fed(alike=settled and feeds[0].same_as(feeds[1], positions=False), positions=forced)

    def _positions(self, candidate: Runner, plan: Plan, own: Pair[Batch]) -> bool:
        """Whether the reference's positions are forced on the candidate.

        Never where the two have different layouts, which alone makes their positions differ.
        """
        if not _in_positions(own):
            return False
        if self._forced is None:
            without, with_them = (
                _distances(candidate, plan, own.reference, positions=positions) for positions in (False, True)
            )
            apart = next(
                (pair for pair in zip(with_them, without, strict=False) if pair[0] != pair[1]), (0.0, 0.0)
            )
            self._forced = apart[0] < apart[1]
        return self._forced


def _in_positions(own: Pair[Batch]) -> bool:
    """Whether the two differ in the positions of real tokens, though laid out alike."""
    stages = [side.stages for side in own]
    if own.reference.groups != own.candidate.groups:
        return False
    if not all("position_ids" in stage and "real" in stage for stage in stages):
        return False
    reals = [stage["real"].values.astype(bool) for stage in stages]
    if reals[0].shape != reals[1].shape or not np.array_equal(reals[0], reals[1]):
        return False
    here, there = (stage["position_ids"].values for stage in stages)
    return not np.array_equal(here[reals[0]], there[reals[0]])


def _distances(candidate: Runner, plan: Plan, reference: Batch, *, positions: bool) -> list[float]:
    """The relative L2 of each stage once the candidate ran on the reference's ids; infinite throughout where it cannot."""
    try:
        given = written(
            candidate.forward(
                inputs=Feed.of(reference).inputs(positions=positions, target=candidate.describe().can.target),
                stages=list(plan.stages),
                groups=reference.groups,
            )
        )
    except InputsDoNotFit:
        return [math.inf] * len(plan.stages)
    if given.failure is not None:
        return [math.inf] * len(plan.stages)
    found: list[float] = []
    for item in paired_stages(
        plan, Pair(reference, given), range(len(reference.stages["real"].values)), None
    ):
        if isinstance(item, PairedStage) and item.values.reference.dtype.kind == "f":
            difference = Difference()
            difference.add(item.values.reference, item.values.candidate, item.rows, item.positions)
            seen = difference.measurement()
            unknown = seen.relative_l2 is None or seen.non_finite_unequal
            found.append(math.inf if unknown else seen.relative_l2 or 0.0)
    return found
