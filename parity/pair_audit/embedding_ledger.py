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
    directions,
    rows_sampled,
)
from parity.metrics.embedding_metric import EmbeddedTexts
from parity.metrics.registry import embedding_metrics
from parity.records.decisions import LabelledMetric
from parity.records.embeddings import Embeddings, Neighbours
from parity.records.exhibit import Exhibit, ExhibitColumn
from parity.records.pair import Pair

__all__ = ["Embedding", "EmbeddingLedger", "embedding_of", "embeds_singly"]

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
    """Where the embeddings are: the stage, and whether they are the mean of its tokens; `inputs` is how many there are, in `pairs` or not."""

    stage: str
    mean: bool
    inputs: int
    pairs: bool = False
    confidence: float = 0.95


def embedding_of(
    described: Pair[Description], plan: Plan, count: int, *, pairs: bool = False, confidence: float = 0.95
) -> Embedding | None:
    """Where both sides have embeddings; None where they have none.

    Where both are bare encoders, and neither says how it is pooled, the mean of the tokens of the last stage is taken.
    """
    if _STAGE in plan.stages:
        return Embedding(_STAGE, mean=False, inputs=count, pairs=pairs, confidence=confidence)
    if not all(task_of(side).embeds for side in described):
        return None
    axes = {seen.name: tuple(seen.axes) for seen in described.reference.stages}
    tokens = [stage for stage in plan.stages if axes.get(stage) == ("row", "token", "hidden")]
    return Embedding(tokens[-1], True, count, confidence=confidence) if tokens else None


def embeds_singly(described: Pair[Description]) -> bool:
    """Whether both sides give each text of a pair a vector of its own; a recorded side holds what it was recorded on."""
    return all(task_of(side).singly and side.recorded is None for side in described)


class EmbeddingLedger:
    """What accumulates over the embeddings of a comparison."""

    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding
        self._sums = EmbeddingSums(rows_sampled(embedding.inputs, pairs=embedding.pairs), keep=_SHOWN)
        self._labels: dict[int, str] = {}
        self._examples: dict[int, Example] = {}
        self._texts: dict[int, str] = {}

    def open_window(self, examples: Sequence[Example]) -> None:
        """The examples whose embeddings come next, for their texts."""
        self._examples = {example.row: example for example in examples}
        self._labels |= {
            one.row: one.label for one in examples if one.label is not None and self._sums.samples(one.row)
        }

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
            pairs=self._embedding.inputs // 2 if self._embedding.pairs else 0,
            metrics=self._metrics(),
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
        if record.metrics:
            yield _against_labels(record.metrics)
        if record.cosine_min < 1.0 - TIED:
            yield self._furthest(record)

    def _metrics(self) -> list[LabelledMetric]:
        """What the vectors are worth for what the inputs tell of the texts; nothing where they tell nothing."""
        if not self._labels:
            return []
        rows, here, there = self._sums.sampled()
        known = {row: place for place, row in enumerate(rows.tolist())}
        partners = [known.get(row ^ 1, -1) if self._embedding.pairs else -1 for row in rows.tolist()]
        texts = EmbeddedTexts(
            directions(here),
            directions(there),
            [self._labels.get(row) for row in rows.tolist()],
            np.array(partners, dtype=np.int64),
        )
        confidence = self._embedding.confidence
        seen = [(one.name, one.measure(texts, confidence)) for one in embedding_metrics()]
        return [
            LabelledMetric(
                metric=name,
                reference=found.reference,
                candidate=found.candidate,
                difference=found.candidate - found.reference,
                low=None if found.interval is None else found.interval.low,
                high=None if found.interval is None else found.interval.high,
                confidence=confidence,
                labelled=found.scored,
            )
            for name, found in seen
            if found is not None
        ]

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


def _against_labels(metrics: Sequence[LabelledMetric]) -> Exhibit:
    needs = {one.name: one.needs for one in embedding_metrics()}
    return Exhibit(
        title="Embeddings against the labels",
        kind="table",
        columns=[
            ExhibitColumn(name="metric"),
            *(
                ExhibitColumn(name=name, kind="number")
                for name in ("reference", "candidate", "difference", "at least", "at most", "of")
            ),
        ],
        rows=[
            [one.metric, one.reference, one.candidate, one.difference, one.low, one.high, one.labelled]
            for one in metrics
        ],
        of="embeddings",
        note=f"Intervals of the difference at {metrics[0].confidence:.0%}. "
        + "; ".join(f"{one.metric} is of {needs[one.metric]}" for one in metrics)
        + ".",
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
