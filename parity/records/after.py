"""What the passes after the sweep have for the audit: stages, exhibits, and what could not be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from parity.records.exhibit import Exhibit
from parity.records.generation import Generation, TextsAgain
from parity.records.layers import LayerRecord, OriginRecord
from parity.records.lens import LensRecord
from parity.records.provenance import Forwards
from parity.records.stage import NotCompared, StageRecord

__all__ = ["AfterResult", "KeptBatch", "Repeat", "SwappedInputs", "joined"]


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


class Repeat(NamedTuple):
    """A side that gave other values for the same rows, at the first stage where it did.

    `kind` is what was done with the rows: the same batch again, the same batches in another order, or alone instead of in the
    side's batch of so many (`batch`). `rows` are those of the `of` rows that differ; `settles` says that further
    repeats differ less and less, as they do where a side keeps something from one call to the next. `alike` says that both sides
    were run in the same batches with the same padding, so that the comparison does not show this.
    """

    kind: Literal["same_batch", "other_order", "alone"]
    side: Literal["reference", "candidate"]
    stage: str
    relative_l2: float
    allowed: float
    rows: tuple[int, ...]
    of: int
    batch: int = 0
    settles: bool = False
    alike: bool = False


class KeptBatch(NamedTuple):
    """Rows that were run together in one precision, of which both runners keep under this name what their layers returned."""

    name: str
    precision: str | None
    rows: Sequence[int]


class AfterResult(NamedTuple):
    """What one pass after the sweep has, or all of them together.

    `rows` is how many rows it ran on, and `reason` why not, or not on all. `stages` are added to those that were measured, in
    order; a stage is named with the pass whose column it stands in. `texts` are those of one side that were generated again. `origins` take the
    place of those of the passes before. `kept` is what the passes after this one need not run again.
    """

    rows: int = 0
    reason: str = ""
    stages: Sequence[StageRecord] = ()
    not_compared: Sequence[NotCompared] = ()
    exhibits: Sequence[Exhibit] = ()
    swapped: SwappedInputs | None = None
    generation: Generation | None = None
    repeats: Sequence[Repeat] = ()
    forwards: Forwards | None = None
    layers: Sequence[LayerRecord] = ()
    origins: Sequence[OriginRecord] = ()
    lens: Sequence[LensRecord] = ()
    texts: Sequence[TextsAgain] = ()
    kept: Sequence[KeptBatch] = ()


def joined(results: Sequence[AfterResult]) -> AfterResult:
    """All results as one: lists one after the other, of everything else the first that is there."""
    generation = next((result.generation for result in results if result.generation), None)
    texts = [one for result in results for one in result.texts]
    if generation is not None and texts:
        generation = msgspec.structs.replace(generation, again=[*generation.again, *texts])
    return AfterResult(
        rows=max((result.rows for result in results), default=0),
        reason=next((result.reason for result in results if result.reason), ""),
        stages=[record for result in results for record in result.stages],
        not_compared=[item for result in results for item in result.not_compared],
        exhibits=[exhibit for result in results for exhibit in result.exhibits],
        swapped=next((result.swapped for result in results if result.swapped is not None), None),
        generation=generation,
        repeats=[repeat for result in results for repeat in result.repeats],
        forwards=next((result.forwards for result in results if result.forwards), None),
        layers=[layer for result in results for layer in result.layers],
        origins=next((result.origins for result in reversed(results) if result.origins), ()),
        lens=[layer for result in results for layer in result.lens],
        texts=texts,
        kept=[one for result in results for one in result.kept],
    )
