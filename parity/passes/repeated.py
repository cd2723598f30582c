"""What passes that run the same rows of a side again share: which rows, in which batches, and where two runs of them differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.batch import PairedStage, paired_stages
from parity.align.plan import Plan
from parity.border.runner import Batch, Group, written
from parity.inputs.batches import sample_rows
from parity.measure.noise import Floor
from parity.measure.stage_difference import Difference
from parity.passes.after import AfterContext, AfterSettings
from parity.records.after import AfterResult, Repeat
from parity.records.pair import Pair
from parity.records.stage import NotCompared
from parity.session.session import Session

__all__ = ["Apart", "RepeatPass", "Repeated", "first_apart", "of_floor", "runs_itself"]

_ROWS = 16
_TOKENS = 2048


class RepeatPass:
    """What a pass that runs the same rows of each side again does; its file says what is run, and what is lost by a difference."""

    def possible(self, sides: Pair[Session], plan: Plan, settings: AfterSettings) -> str:
        """Where a side computes."""
        replayed = "neither side computes: both replay what was recorded"
        return "" if any(runs_itself(side) for side in sides) else replayed

    def run(self, context: AfterContext) -> AfterResult:
        """Each side that computes."""
        seen = [
            one
            for number, side in enumerate(context.sides)
            if runs_itself(side)
            for one in self.seen(context, number)
        ]
        repeats = [one for one in seen if isinstance(one, Repeat)]
        lost = [one for one in seen if isinstance(one, NotCompared)]
        lost += [
            NotCompared(stage=repeat.stage, side=repeat.side, reason=reason)
            for repeat in repeats
            if (reason := self.lost(repeat, context))
        ]
        return AfterResult(rows=len(Repeated(context, 0).rows), not_compared=lost, repeats=repeats)

    def seen(self, context: AfterContext, number: int) -> Iterable[Repeat | NotCompared]:
        """How one side (0, 1) differs from itself, if it does, and what of it could not be run."""
        raise NotImplementedError

    def lost(self, repeat: Repeat, context: AfterContext) -> str:
        """Why that prevents the comparison; empty where it does not."""
        raise NotImplementedError


class Apart(NamedTuple):
    """The first stage at which two runs of the same rows differ by more than is allowed, and in which rows."""

    stage: str
    relative_l2: float
    rows: tuple[int, ...]


class Repeated:
    """One side (0, 1) and up to sixteen of the sampled rows."""

    def __init__(self, context: AfterContext, number: int) -> None:
        self._context = context
        self._number = number
        self._side = context.sides[number]
        most = max(
            2, min(_ROWS, _TOKENS // max(context.window.lengths()))
        )  # several batches of them are held at once
        self.rows = [context.rows[place] for place in sample_rows(len(context.rows), most)]
        described = self._side.described
        # What has a column for each word of a vocabulary is not held for several batches: the layers before it are.
        wide = {seen.name for seen in described.stages if seen.axes[-1:] == ["vocabulary"]}
        self.plan = context.plan.one_sided(number).without(wide)
        self.size = min(described.batch_size or described.max_rows or len(self.rows), len(self.rows))

    def run(self, rows: Sequence[int], size: int) -> Batch:
        """One forward of rows, so many together; raises what it failed with."""
        groups = [Group(min(size, len(rows) - start)) for start in range(0, len(rows), size)]
        batch = written(
            self._side.runner.forward(
                rows,
                window=self._context.window.numbers[self._number],
                stages=list(self.plan.stages),
                groups=groups if len(groups) > 1 else (),
            )
        )
        if batch.failure is not None:
            raise batch.failure
        return batch

    def rows_of(self, batch: Batch, rows: Sequence[int]) -> Batch:
        """Some rows of a batch of all of them."""
        places = [self.rows.index(row) for row in rows]
        return batch._replace(
            stages={name: seen._replace(values=seen.values[places]) for name, seen in batch.stages.items()}
        )


def runs_itself(side: Session) -> bool:
    """Whether a side computes; one that replays gives the same whatever is requested of it."""
    return side.described.recorded is None


def first_apart(
    plan: Plan, batches: Pair[Batch], rows: Sequence[int], allowed: Callable[[str], tuple[float, float]]
) -> Apart | None:
    """Where two batches of the same rows first differ by more than `allowed` of a stage: relative L2, over all and of one position."""
    for item in paired_stages(plan, batches, rows, None):
        if not isinstance(item, PairedStage) or item.values.reference.dtype.kind != "f":
            continue
        whole, position = allowed(item.stage)
        found = _distance(item, np.ones(len(item.rows), dtype=bool), position)
        if found.relative_l2 > whole or found.worst > position:
            concerned = (
                row
                for row in rows
                if _distance(item, item.rows == row, position).worst > min(whole, position)
            )
            return Apart(item.stage, found.relative_l2, tuple(concerned))
    return None


def of_floor(floor: Floor) -> tuple[float, float]:
    """What rounding explains at a stage, whatever a policy permits: over all, and of one position."""
    noise = floor.allowed if floor.noise_allowed is None else floor.noise_allowed
    share = noise / floor.allowed if floor.allowed else 1.0
    return noise, floor.position_allowed * share


class _Distance(NamedTuple):
    """How far some positions are apart: relative L2 over all, and of the worst; infinite where a value is a number in one run only."""

    relative_l2: float
    worst: float


def _distance(item: PairedStage, chosen: NDArray[np.bool_], limit: float) -> _Distance:
    difference = Difference(limit)
    here, there = (np.asarray(side[chosen], dtype=np.float64) for side in item.values)
    difference.add(here, there, item.rows[chosen], item.positions[chosen])
    seen = difference.measurement()
    if seen.non_finite_unequal:
        return _Distance(math.inf, math.inf)
    return _Distance(seen.relative_l2 or 0.0, max(seen.worst_position, seen.relative_l2 or 0.0))
