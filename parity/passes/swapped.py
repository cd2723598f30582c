"""The pass with two inputs exchanged: a graph whose inputs were named in another order than its model takes them is right again then.

It runs where the two sides are run by different frameworks, on one batch of the sampled rows, and only where they differ on the same inputs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parity.align.batch import PairedStage, paired_stages
from parity.align.feed import Feed
from parity.align.plan import Plan
from parity.border.runner import Batch, written
from parity.errors import ParityError
from parity.measure.stage_difference import Difference
from parity.passes.after import AfterContext, AfterSettings
from parity.records.after import AfterResult, SwappedInputs
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.session.session import Session

__all__ = ["SWAPPED"]

_INPUTS = ("attention_mask", "token_type_ids")
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class _Swapped:
    name: str = "swapped"
    title: str = "inputs swapped"
    sentence: str = "each side in turn with its attention mask and its token types exchanged"
    note: str = "on one batch, where two frameworks differ on the same inputs"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "shared"
    stage: str = "embeddings"

    def possible(self, sides: Pair[Session], plan: Plan, settings: AfterSettings) -> str:
        """Inputs are named by whoever exports a model to another framework."""
        described = Pair(*(side.described for side in sides))
        if described.reference.framework == described.candidate.framework:
            return "both sides are run by the same framework"
        if not all(side.can.accepts_feed for side in described):
            return "a side cannot be given inputs"
        return "" if plan.stages else "no stage was compared"

    def run(self, context: AfterContext) -> AfterResult:
        """Exchange the two on either side, and see whether it then agrees with the other."""
        rows = next(iter(context.window.batches(context.plan)), ())
        try:
            return self._run(context, list(rows))
        except ParityError as error:  # a look at what may explain a difference: what was compared stays so
            return AfterResult(reason=error.sentence.rstrip("."))

    def _run(self, context: AfterContext, rows: list[int]) -> AfterResult:
        number = context.window.numbers.reference
        own = written(context.sides.reference.runner.forward(rows, window=number))
        inputs = Feed.of(own).inputs(positions=False)
        if any(inputs.get(name) is None for name in _INPUTS):
            return AfterResult(reason="a side is not fed both")
        inputs = {name: None if values is None else values.copy() for name, values in inputs.items()}
        plain = _distances(context, inputs, inputs)
        if _agree(context, plain):
            return AfterResult(rows=len(rows), reason="both sides agree on the same inputs")
        mask, types = _INPUTS
        other = {**inputs, mask: inputs[types], types: inputs[mask]}
        for side, fed in (("candidate", (inputs, other)), ("reference", (other, inputs))):
            found = _distances(context, *fed)
            if found and _agree(context, found):
                stage = next(name for name in plain if plain[name] > context.floors.of(name).allowed)
                seen = SwappedInputs(side, _INPUTS, len(rows), stage, plain[stage], found[stage])
                return AfterResult(rows=len(rows), swapped=seen)
        return AfterResult(rows=len(rows), reason="the sides differ with the two exchanged as well")


def _agree(context: AfterContext, distances: Mapping[str, float]) -> bool:
    """Whether every stage is within what rounding explains."""
    return all(distance <= context.floors.of(stage).allowed for stage, distance in distances.items())


def _distances(context: AfterContext, reference: Inputs, candidate: Inputs) -> dict[str, float]:
    """The relative L2 of each stage where either side runs on these inputs; empty where one cannot."""
    batches: list[Batch] = []
    for side, inputs in zip(context.sides, (reference, candidate), strict=True):
        batch = written(side.runner.forward(inputs=inputs, stages=list(context.plan.stages)))
        if batch.failure is not None:
            return {}
        batches.append(batch)
    found: dict[str, float] = {}
    rows = range(len(reference["input_ids"]))
    for item in paired_stages(context.plan, Pair(*batches), rows, None):
        if isinstance(item, PairedStage) and item.values.reference.dtype.kind == "f":
            difference = Difference()
            difference.add(item.values.reference, item.values.candidate, item.rows, item.positions)
            seen = difference.measurement()
            unknown = seen.relative_l2 is None or seen.non_finite_unequal
            found[item.stage] = math.inf if unknown else seen.relative_l2 or 0.0
    return found


SWAPPED = _Swapped()
