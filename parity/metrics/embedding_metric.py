"""What a metric of embeddings is: how well the vectors of texts fit what is known of the texts, for two sides on the same texts."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from parity.statistics.interval import Interval

__all__ = ["EmbeddedTexts", "EmbeddingMeasurement", "EmbeddingMetric"]

Floats = npt.NDArray[np.float64]


class EmbeddedTexts(NamedTuple):
    """Texts with the directions [n, hidden] that both sides give them; `labels` [n] as the inputs have them, None where a text has none.

    `partners` [n] is the place of the other text of a pair (-1: the text is in none); both have the label of the pair.
    """

    reference: Floats
    candidate: Floats
    labels: list[str | None]
    partners: npt.NDArray[np.int64]


class EmbeddingMeasurement(NamedTuple):
    """The metric of both sides over `scored` texts or pairs, with the interval of candidate minus reference (None: nothing bounds it)."""

    reference: float
    candidate: float
    interval: Interval | None
    scored: int


class EmbeddingMetric(Protocol):
    """One metric of embeddings; `needs` says which columns of the inputs it is made of."""

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> str: ...

    def measure(self, texts: EmbeddedTexts, confidence: float) -> EmbeddingMeasurement | None:
        """None where the inputs have not what it needs."""
        ...
