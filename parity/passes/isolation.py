"""Rows run so that no stage of the candidate inherits an error: what each stage and each part then differs by, and what rounding does there.

In float64 where both sides compute in nothing less: then the rounding of a stage is what one rounding of its input changes. Elsewhere in
each side's own precision: then it is what the same stage gives in float64 on the same input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from parity.align.batch import PairedStage, paired_stages
from parity.align.calls import Calls, PairedPart, given, pair_parts, tensors_of
from parity.align.plan import Plan
from parity.align.rearranged import rearranged
from parity.border.interventions import Interventions
from parity.border.reply import StageTensor
from parity.border.runner import Batch
from parity.passes.after import AfterContext
from parity.passes.distance import Place
from parity.passes.forwards import FLOAT64, Forwards, check_fed, moved
from parity.passes.sample_feed import of_reference
from parity.records.pair import Pair

__all__ = ["Isolation"]

_NO_ROW = -1  # what holds for every row alike, as a table of positions does


class Isolation:
    """The rows of one run in one precision: `stages` by name, `parts` by the candidate's key, and what the layers took.

    `rearranged` are the arguments that are made of a part's tensors by moving values, by the names of the reference's first batch. `layers` are the candidate's answers by stage, of the first batch; `apart` the largest difference of each argument besides the hidden states, `base`
    that of what the model without its head returns, when its last stage returned the reference's.
    """

    def __init__(self, context: AfterContext, *, exact: bool) -> None:
        self._context = context
        self._forwards = Forwards(context, exact=exact)
        self.plan: Plan = context.plan
        self.stages: dict[str, Place] = {}
        self.parts: dict[str, Place] = {}
        self.pairs: list[PairedPart] = []
        self.calls: Pair[Calls] | None = None
        self.layers: dict[str, Mapping[str, Any]] = {}
        self.apart: dict[tuple[str, str], float] = {}
        self.owners: dict[str, float] = {}
        self.base = 0.0
        self.rearranged: dict[str, list[str]] = {}

    @property
    def after_model(self) -> list[str]:
        """The stages that modules after the model make of its output, one of the other."""
        return [
            seen.name
            for seen in self._context.sides.candidate.described.stages
            if seen.module is None and seen.axes == ["row", "hidden"] and seen.name in self.plan.stages
        ]

    @property
    def requested(self) -> str | None:
        """What a forward is requested with."""
        return self._forwards.precision

    @property
    def precision(self) -> str:
        """That of the forwards, by its name."""
        return self._forwards.named

    @property
    def least(self) -> float:
        """One rounding in this precision, the finer of the two sides'."""
        return self._forwards.least

    def allowed(self, place: Place) -> float:
        """What rounding explains of an own error."""
        return self._forwards.allowed(place)

    def add(self, window: Pair[int], rows: Sequence[int], keep: str = "") -> None:
        """Run one batch of rows of a window, which the runners `keep` under that name; raises what a forward failed with."""
        see = Interventions.see(tensors=True, keep=keep)
        reference = self._forward(0, see, self._forwards.precision, rows=rows, window=window.reference)
        feed = of_reference(self._context, reference, rows, window.candidate)
        total = self._forward(
            1, Interventions.see(tensors=False, keep=keep), self._forwards.precision, **feed
        )
        check_fed(reference, total)
        assert reference.calls is not None and total.calls is not None, "a runner that isolates answers so"
        calls = Pair(*(Calls.read(one.calls or {}, self.plan.stages) for one in (reference, total)))
        pairs = pair_parts(calls)
        if self.calls is None:
            self.calls, self.pairs = calls, pairs
        what = given(calls.reference, pairs, self.plan.stages)
        tensors = {name: one for name, one in reference.stages.items() if name.startswith("call.")}
        own = self._forward(1, Interventions.give(what, tensors), self._forwards.precision, **feed)
        self._measure(reference, total, own, pairs, rows)
        if calls is self.calls and any(self.apart.values()):
            self.rearranged = rearranged(calls.reference, tensors)
        if not self._has_noise:
            self._rounding(
                Pair(reference, own), Pair(what, tensors), calls, pairs, Pair((rows, window.reference), feed)
            )

    @property
    def _has_noise(self) -> bool:
        return any(place.noise.reference.relative is not None for place in self.stages.values())

    def _forward(self, number: int, asked: Interventions, precision: str | None, **feed: Any) -> Batch:
        return self._forwards.run(number, asked, precision, stages=self.plan.stages, feed=feed)

    def _measure(
        self, reference: Batch, total: Batch, own: Batch, pairs: Sequence[PairedPart], rows: Sequence[int]
    ) -> None:
        for other, into in ((total, "total"), (own, "own")):
            for item in paired_stages(self.plan, Pair(reference, other), rows, None):
                if isinstance(item, PairedStage) and item.stage in self.plan.stages:
                    place = self.stages.setdefault(item.stage, Place())
                    getattr(place, into).add(item.rows, *item.values)
        answer = own.calls or {}
        for pair, here, there in _part_outputs(self.plan, reference, own, pairs):
            self.parts.setdefault(pair.key, Place()).own.add(*_real(reference, rows, here, there))
        self.base = max(self.base, float(answer.get("base_apart", 0.0)))
        for stage, layer in answer.get("layers", {}).items():
            self.layers.setdefault(stage, layer)
            for name, apart in layer["apart"].items():
                self.apart[stage, name] = max(self.apart.get((stage, name), 0.0), float(apart))
        for found in (*answer.get("calls", ()), *answer.get("layers", {}).values()):
            for name, apart in found["owners"].items():
                seen = found["apart"].get(name, 0.0) if "apart" in found else apart
                owner = apart if "apart" in found else name
                self.owners[owner] = max(self.owners.get(owner, 0.0), float(seen))

    def _rounding(
        self,
        own: Pair[Batch],
        what: Pair[Any],
        calls: Pair[Calls],
        pairs: Sequence[PairedPart],
        feeds: Pair[Any],
    ) -> None:
        """The rounding of every stage and part on the rows of this batch: see the module."""
        rows, window = feeds.reference
        give, tensors = what
        mirrored = [PairedPart(Pair(pair.sides.reference, pair.sides.reference)) for pair in pairs]
        self_given = given(calls.reference, mirrored, self.plan.stages)
        fine = self._forwards.finer(0)
        changed = tensors if fine else {name: moved(one) for name, one in tensors.items()}
        precision = FLOAT64 if fine else self._forwards.precision
        again = self._forward(0, Interventions.give(self_given, changed), precision, rows=rows, window=window)
        self._noise(0, Pair(own.reference, again), mirrored, pairs, rows, seen=own.reference)
        if fine and self._forwards.finer(1):
            exact = self._forward(1, Interventions.give(give, tensors), FLOAT64, **feeds.candidate)
            self._noise(1, Pair(own.candidate, exact), pairs, pairs, rows, seen=own.reference)

    def _noise(
        self,
        number: int,
        batches: Pair[Batch],
        pairs: Sequence[PairedPart],
        named: Sequence[PairedPart],
        rows: Sequence[int],
        *,
        seen: Batch,
    ) -> None:
        for item in paired_stages(self.plan.one_sided(number), batches, rows, None):
            if isinstance(item, PairedStage) and item.stage in self.stages:
                self.stages[item.stage].noise[number].add(item.rows, *item.values)
        keys = {pair.key: name.key for pair, name in zip(pairs, named, strict=True)}
        found = _part_outputs(self.plan.one_sided(number), batches.reference, batches.candidate, pairs)
        for pair, here, there in found:
            place = self.parts.get(keys[pair.key])
            if place is not None:
                place.noise[number].add(*_real(seen, rows, here, there))


def _part_outputs(
    plan: Plan, reference: Batch, other: Batch, pairs: Sequence[PairedPart]
) -> Iterable[tuple[PairedPart, Any, Any]]:
    """The first tensor of what each part gives, of both versions; of the reference it was seen, or written as a part too."""
    theirs = _written_parts(other)
    ours = _written_parts(reference)
    for pair in pairs:
        there = theirs.get(pair.key)
        here = ours.get(pair.key)
        if here is None:
            names = tensors_of(pair.sides.reference.gives)
            here = reference.stages.get(names[0]) if names else None
        if here is None or there is None or here.values.shape != there.values.shape or not here.values.ndim:
            continue
        values = there.values
        order = plan.labels.permutation if plan.labels is not None else None
        if order is not None and pair.sides.reference.stage == "logits" and values.shape[-1] == len(order):
            values = values[..., list(order)]
        yield pair, here.values, values


def _written_parts(batch: Batch) -> dict[str, StageTensor]:
    calls = (batch.calls or {}).get("calls", ())
    return {
        f"{one['path']}#{one['call']}": batch.stages[one["tensor"]]
        for one in calls
        if one.get("tensor") in batch.stages
    }


def _real(batch: Batch, rows: Sequence[int], here: Any, there: Any) -> tuple[Any, Any, Any]:
    """Both versions as vectors with the row of each: of real tokens alone where they have rows and tokens."""
    real = batch.stages.get("real")
    if real is not None and here.shape[:2] == real.values.shape and here.ndim > 2:
        chosen = real.values.astype(bool)
        return np.repeat(np.asarray(rows), chosen.sum(axis=1)), here[chosen], there[chosen]
    if here.shape[0] == len(rows):
        return np.asarray(rows), here, there
    return np.full(here.shape[0], _NO_ROW), here, there
