"""The embeddings of the two sides: the angle and the length of each, and whether the nearest neighbours stay."""

from __future__ import annotations

from parity.records.decisions import LabelledMetric
from parity.records.places import Record

__all__ = ["Embeddings", "Neighbours"]


class Neighbours(Record, frozen=True, kw_only=True):
    """The share of the `at` nearest neighbours (by cosine) that both sides name, for each text of a `sample` among that sample.

    `changed` of these texts have a neighbour that is not shared. A text that the other side holds as near as its own last neighbour,
    to `tied`, counts as shared: copies of one text are equally near.
    """

    at: int
    overlap: float
    sample: int
    changed: int = 0
    tied: float = 0.0


class Embeddings(Record, frozen=True, kw_only=True):
    """How the vectors that both sides give for a text compare, each on its own encoding.

    `norm_ratio` is the mean of the candidate's length by the reference's, `reference_norm` and `candidate_norm` their mean lengths,
    `reference_unit` and `candidate_unit` whether every vector of a side has length 1. `undefined` rows have no direction on a side (a
    zero, a NaN) and are in none of these numbers. `pairs` counts the pairs of the inputs, whose texts
    were read one by one: the texts of pair n are the rows 2n and 2n + 1. `metrics` hold the vectors against scores or labels. `stage` holds the vectors; `pooled` says how they were made of it, empty where it
    holds one for each text.
    """

    rows: int
    cosine_min: float
    cosine_mean: float
    norm_ratio: float
    neighbours: Neighbours | None
    undefined: int = 0
    reference_norm: float = 0.0
    candidate_norm: float = 0.0
    reference_unit: bool = False
    candidate_unit: bool = False
    stage: str = "embedding"
    pooled: str = ""
    pairs: int = 0
    metrics: list[LabelledMetric] = []
