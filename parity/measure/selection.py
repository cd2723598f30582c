"""What a side selects, held against the logits of the other: the scores that these give to the same names, and whether one scores higher.

Scores are probabilities here. Rounding that moves a logit by e moves a probability by up to 2 e of itself, so that is what scores may differ by.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.noise import NOISE_FACTOR, UNIT_ROUNDOFF, StageNoise, rerun_limit
from parity.measure.spans import LONGEST

__all__ = ["Held", "Spans", "explained", "held", "noise_of_scores", "shares", "spans_of"]

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


class Held(NamedTuple):
    """Names of one place as the other side's logits score them: `scores` of the names, the place of the `best` of all, its score, the
    largest score of all that were not named (None: all were), and how many of the names are among as many that score highest."""

    scores: tuple[float, ...]
    best: int
    top: float
    unnamed: float | None
    common: int

    def margin(self, name: float) -> float:
        """By how much the best one scores above a name, in logits; infinite where the name scores nothing."""
        return math.log(self.top / name) if name > 0 else math.inf


class Spans(NamedTuple):
    """The best spans of a context, each with its first and last token and its share; the largest share first."""

    places: tuple[tuple[int, int], ...]
    scores: tuple[float, ...]


def shares(logits: Floats) -> Floats:
    """[n] the probabilities of logits [n], by a softmax in float64.

    >>> shares(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    powers: Floats = np.exp(logits - logits.max())
    powers /= powers.sum()
    return powers


def held(probabilities: Floats, names: Sequence[int]) -> Held:
    """These names (by their places) as probabilities [n] score them.

    >>> held(np.array([0.5, 0.3, 0.2]), [1])
    Held(scores=(0.3,), best=0, top=0.5, unnamed=0.5, common=0)
    """
    best = int(probabilities.argmax())
    others = np.delete(probabilities, list(names))
    return Held(
        tuple(float(probabilities[place]) for place in names),
        best,
        float(probabilities[best]),
        float(others.max()) if others.size else None,
        len(set(np.argsort(-probabilities, kind="stable")[: len(names)].tolist()) & set(names)),
    )


def spans_of(
    start: Floats, end: Floats, context: Booleans, scored: Booleans, longest: int, most: int
) -> Spans:
    """The best spans of the context, by the product of the shares that its start and its end have among the tokens that are `scored`.

    start, end, context, scored: [tokens]. The context is a part of what is scored: the first token of a row may stand for "no answer", and takes a share.
    """
    begins, ends = (np.where(context, _among(side, scored), 0.0) for side in (start, end))
    longest = min(longest or LONGEST, len(start))
    product = np.tril(np.triu(np.outer(begins, ends)), longest - 1).ravel()
    order = np.argsort(-product, kind="stable")[:most]
    places = [divmod(int(place), len(start)) for place in order if product[place] > 0]
    return Spans(tuple(places), tuple(float(product[first * len(start) + last]) for first, last in places))


def noise_of_scores(noises: Sequence[StageNoise | None], dtype: str, largest: float) -> StageNoise:
    """The rounding of scores, from that of the logits they follow from; where it was not measured, from their size and their dtype.

    largest: the largest magnitude of a logit.
    """
    known = [noise.max_abs for noise in noises if noise is not None]
    moved = sum(known) if known and len(known) == len(noises) else rerun_limit(dtype) * largest
    relative = 2.0 * moved + 2.0 * UNIT_ROUNDOFF
    return StageNoise(relative, relative)


def explained(higher: float, lower: float, noise: StageNoise) -> bool:
    """Whether rounding explains that one score is above another."""
    return higher <= lower * (1.0 + 2.0 * math.sqrt(2.0) * NOISE_FACTOR * noise.relative_l2)


def _among(logits: Floats, scored: Booleans) -> Floats:
    found = np.zeros(len(logits))
    if scored.any():
        found[scored] = shares(logits[scored])
    return found
