"""The stage ledger: what every stage differs by in every pass, and what could not be measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from parity.align.batch import PairedStage, Pairs, Unfit, paired_stages
from parity.align.plan import Plan
from parity.border.breakdown import Breakdown
from parity.border.runner import Batch
from parity.measure.measurement import Measurement
from parity.measure.noise import Floors
from parity.measure.relations import Relations
from parity.measure.stage_difference import Difference
from parity.passes import FIRST
from parity.records.pair import Pair

__all__ = ["Shown", "StageLedger"]

Passes = tuple[str, ...]
_T = TypeVar("_T")


class Shown(NamedTuple):
    """A pair of batches that counts in some passes: a batch which fed both sides the same is measured once and counts in several.

    `pairs` are the pairs of positions of each row (None: by their rank); `decides` says that the logits are those that either side
    decides with.
    """

    passes: Passes
    batches: Pair[Batch]
    rows: Sequence[int]
    pairs: Pairs | None
    decides: bool


class StageLedger:
    """What the stages showed.

    `unfit` says why a stage was not measured in a pass (it may have been in other batches); `failures` are those reasons that
    are failures of a runner; `whole` names the stages that hold whole numbers. `breakdowns` are the sides whose own forwards
    failed, `ended` says how the process of one ended, empty while both run. `relations` are those between the logits. `takers` get every stage of the first pass, as it comes.
    """

    def __init__(
        self,
        floors: Floors,
        decide: Callable[[PairedStage, Sequence[str]], None] | None,
        *takers: Callable[[PairedStage], None],
    ) -> None:
        self.unfit: dict[tuple[str, str], str] = {}
        self.failures: set[str] = set()
        self.whole: set[str] = set()
        self.breakdowns: dict[str, Breakdown] = {}
        self.ended = ""
        self.relations = Relations()
        self._differences: dict[Passes, dict[str, Difference]] = {}
        self._centred: dict[Passes, dict[str, Difference]] = {}
        self._floors = floors
        self._decide = decide
        self._takers = takers

    @property
    def empty(self) -> bool:
        """Whether no stage was measured."""
        return not any(self._differences.values())

    def measured(self, stage: str, pass_: str) -> Measurement | None:
        """What a stage differs by in a pass, over all batches that count in it; None where it was not measured."""
        return _merged(kept.get(stage) for kept in _of(self._differences, pass_))

    def centred(self, pass_: str, stage: str) -> Measurement | None:
        """The same of what decides minus its rows' means: a shift of a whole row moves no probability where a row is one distribution."""
        return _merged(kept.get(stage) for kept in _of(self._centred, pass_))

    def add(self, shown: Shown, plan: Plan) -> None:
        """Measure every stage of a pair of batches."""
        kept = self._differences.setdefault(shown.passes, {})
        for item in paired_stages(plan, shown.batches, shown.rows, shown.pairs, in_place=True):
            if isinstance(item, Unfit):
                self.refuse([item.stage], shown.passes, item.reason)
                continue
            here, there = item.values
            if item.stage not in kept:
                kept[item.stage] = Difference(2.0 * self._floors.of(item.stage).allowed)
            kept[item.stage].add(here, there, item.rows, item.positions, real=item.real)
            if here.dtype.kind != "f":
                self.whole.add(item.stage)
            elif item.centred is not None or (here.shape[1] > 1 and plan.centres(item.stage)):
                known = self._centred.setdefault(shown.passes, {})
                centred = known.setdefault(item.stage, Difference(centred=item.centred is None))
                sides = Pair(here, there) if item.centred is None else item.centred
                centred.add(sides.reference, sides.candidate, item.rows, item.positions)
            if not shown.decides:
                continue
            for take in self._takers:
                take(item)
            if item.stage == "logits" and here.dtype.kind == "f" and not item.wide:
                self.relations.add(here, there)
            if self._decide is not None and plan.decides(item.stage, here.shape[1]):
                self._decide(item, shown.batches.reference.stages[item.stage].axes)

    def add_own(self, item: PairedStage) -> None:
        """A stage that both sides give on their own ids, outside the batches of the sweep."""
        here, there = item.values
        own = (FIRST.name,)
        kept = self._differences.setdefault(own, {})
        if item.stage not in kept:
            kept[item.stage] = Difference(2.0 * self._floors.of(item.stage).allowed)
        kept[item.stage].add(here, there, item.rows, item.positions)
        centred = self._centred.setdefault(own, {}).setdefault(item.stage, Difference(centred=True))
        centred.add(here, there, item.rows, item.positions)

    def refuse(
        self, stages: Iterable[str], passes: Iterable[str], reason: str, *, failed: bool = False
    ) -> None:
        """Why stages could not be measured in some passes; the first reason of each is kept."""
        for stage in stages:
            for pass_ in passes:
                self.unfit.setdefault((stage, pass_), reason)
        if failed:
            self.failures.add(reason)

    def add_failures(self, batches: Pair[Batch], pass_: str, rows: int, plan: Plan) -> None:
        """The stages that a pair of own batches lost because a forward failed; what it wrote before is added as usual."""
        for side, batch in zip(Pair._fields, batches, strict=True):
            if batch.failure is None:
                continue
            missing = [stage for stage in plan.stages if stage not in batch.stages] or list(plan.stages[-1:])
            self.refuse(missing, [pass_], _reason(batch), failed=True)
            first = missing[0] if missing else "logits"
            known = self.breakdowns.get(side) or Breakdown(side, batch.failure, first, 0)
            self.breakdowns[side] = known._replace(rows=known.rows + rows)
            self.note_end(batch)

    def note_failure(self, batch: Batch) -> None:
        """A forward of a later pass that failed: a finding, and not the end while the process runs."""
        if batch.failure is not None:
            self.failures.add(_reason(batch))
            self.note_end(batch)

    def note_end(self, batch: Batch) -> None:
        """Whether the process of a side is gone, and how."""
        self.ended = self.ended or (_reason(batch) if batch.ended else "")

    def add_unasked(self, rows: int, passes: Iterable[str], plan: Plan) -> None:
        """Rows that were not run any more, because the process of a side had ended."""
        if rows:
            reason = f"{self.ended} ({rows} rows were not run any more)"
            self.refuse(plan.stages, list(passes), reason, failed=True)


def _reason(batch: Batch) -> str:
    return "" if batch.failure is None else batch.failure.sentence.rstrip(".")


def _of(kept: dict[Passes, _T], pass_: str) -> list[_T]:
    """What counts in a pass: what counts in several passes comes first, so that sums have one order."""
    return [
        kept[passes] for passes in sorted(kept, key=lambda names: (-len(names), names)) if pass_ in passes
    ]


def _merged(parts: Iterable[Difference | None]) -> Measurement | None:
    known = [part for part in parts if part is not None]
    return Difference.merged(known).measurement() if known else None
