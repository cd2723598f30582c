"""The embedding ledger: the vectors of texts, each side on its own encoding, added up while batches go by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from parity.align.batch import PairedStage
from parity.align.plan import Plan
from parity.align.tasks import task_of
from parity.border.description import Description
from parity.inputs.example import Example
from parity.measure.embeddings import (
    TIED,
    EmbeddingSums,
    NeighbourMeasurement,
    Vectors,
    rows_sampled,
)
from parity.records.embeddings import Embeddings, Neighbours
from parity.records.exhibit import Exhibit, ExhibitColumn
from parity.records.pair import Pair

__all__ = ["Embedding", "EmbeddingLedger", "embedding_of"]

_STAGE = "embedding"
_SHOWN = 8
_NUMBERS = (
    "texts",
    "smallest cosine",
    "mean cosine",
    "length, candidate by reference",
    "share of nearest neighbours kept",
    "among texts",
)


class Embedding(NamedTuple):
    """Where the embeddings are: the stage, and whether they are the mean of its tokens; `inputs` is how many there are."""

    stage: str
    mean: bool
    inputs: int


def embedding_of(described: Pair[Description], plan: Plan, count: int) -> Embedding | None:
    """Where both sides have embeddings; None where they have none.

    Where both are bare encoders, and neither says how it is pooled, the mean of the tokens of the last stage is taken.
    """
    if _STAGE in plan.stages:
        return Embedding(_STAGE, mean=False, inputs=count)
    if not all(task_of(side).embeds for side in described):
        return None
    axes = {seen.name: tuple(seen.axes) for seen in described.reference.stages}
    tokens = [stage for stage in plan.stages if axes.get(stage) == ("row", "token", "hidden")]
    return Embedding(tokens[-1], mean=True, inputs=count) if tokens else None


class EmbeddingLedger:
    """What accumulates over the embeddings of a comparison."""

    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding
        self._sums = EmbeddingSums(rows_sampled(embedding.inputs), keep=_SHOWN)
        self._examples: dict[int, Example] = {}
        self._texts: dict[int, str] = {}

    def open_window(self, examples: Sequence[Example]) -> None:
        """The examples whose embeddings come next, for their texts."""
        self._examples = {example.row: example for example in examples}

    def add(self, item: PairedStage) -> None:
        """A stage of the first pass; of all but the embeddings' nothing is taken."""
        if item.stage != self._embedding.stage:
            return
        values = item.values
        vectors = (
            _means(item) if self._embedding.mean else Vectors(item.rows, values.reference, values.candidate)
        )
        self._sums.add(vectors)
        named = {far.row for far in self._sums.furthest}
        texts = {row: example.text for row, example in self._examples.items() if row in named}
        self._texts = {row: text for row, text in {**self._texts, **texts}.items() if row in named}

    def record(self) -> Embeddings | None:
        """What the audit keeps; None where no text has a direction on both sides."""
        sums = self._sums
        if not sums.rows:
            return None
        near = sums.neighbours()
        return Embeddings(
            rows=sums.rows,
            cosine_min=sums.furthest[0].cosine,
            cosine_mean=sums.cosine_mean,
            norm_ratio=sums.norm_ratio,
            neighbours=None if near is None else _neighbours(near),
            undefined=sums.undefined,
            reference_norm=sums.lengths[0],
            candidate_norm=sums.lengths[1],
            reference_unit=sums.is_unit(0),
            candidate_unit=sums.is_unit(1),
            stage=self._embedding.stage,
            pooled="mean of the tokens" if self._embedding.mean else "",
        )

    def exhibits(self, record: Embeddings) -> Iterator[Exhibit]:
        """The numbers, and the texts whose embeddings are furthest apart, where some are."""
        near = record.neighbours
        yield Exhibit(
            title="Embeddings",
            kind="table",
            columns=[ExhibitColumn(name=name, kind="number") for name in _NUMBERS],
            rows=[
                [
                    record.rows,
                    record.cosine_min,
                    record.cosine_mean,
                    record.norm_ratio,
                    None if near is None else near.overlap,
                    None if near is None else near.sample,
                ]
            ],
            of="embeddings",
            note=_sentence(record),
        )
        if record.cosine_min < 1.0 - TIED:
            yield self._furthest(record)

    def _furthest(self, record: Embeddings) -> Exhibit:
        near = self._sums.neighbours()
        kept = {} if near is None else dict(zip(near.rows.tolist(), near.kept.tolist(), strict=True))
        return Exhibit(
            title="Embeddings: the texts furthest apart",
            kind="table",
            columns=[
                ExhibitColumn(name="row", kind="number"),
                ExhibitColumn(name="cosine", kind="number"),
                ExhibitColumn(name="neighbours kept", kind="number"),
                ExhibitColumn(name="text", kind="data"),
            ],
            rows=[
                [far.row, far.cosine, kept.get(far.row), self._texts.get(far.row, "")]
                for far in self._sums.furthest
            ],
            of="embeddings",
            left_out=max(0, record.rows - len(self._sums.furthest)),
        )


def _means(item: PairedStage) -> Vectors:
    """The mean of each row's tokens, in float64; the tokens of a row lie side by side."""
    real = np.flatnonzero(np.ones(len(item.rows), dtype=bool) if item.real is None else item.real)
    rows = item.rows[real]
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]]) if len(rows) else real
    counts = np.diff(np.r_[starts, len(rows)])[:, None]
    sums = (np.add.reduceat(side[real], starts, axis=0, dtype=np.float64) for side in item.values)
    return Vectors(rows[starts], *(side / counts for side in sums))


def _neighbours(near: NeighbourMeasurement) -> Neighbours:
    return Neighbours(at=near.at, overlap=near.overlap, sample=near.sample, changed=near.changed, tied=TIED)


def _sentence(record: Embeddings) -> str:
    """The numbers in words, for the table's note."""
    made = (
        f" ({record.pooled} of {record.stage}, as neither side says how it is pooled)"
        if record.pooled
        else ""
    )
    found = [
        f"Over {record.rows:,} texts{made}: cosine at least {record.cosine_min:.6f}, {record.cosine_mean:.6f} on average",
        f"the candidate's vectors are {record.norm_ratio:.4g} times as long",
    ]
    near = record.neighbours
    if near is not None:
        found.append(
            f"{100 * near.overlap:.4g} % of the {near.at} nearest neighbours among {near.sample:,} texts are the same, "
            f"and {near.changed:,} texts have another one"
        )
    if record.undefined:
        found.append(f"{record.undefined:,} rows have no direction")
    return "; ".join(found) + "."
