"""Spans: the stretch of tokens that a start and an end score for each token choose, and where the scores point without any mask.

The best span is the one with the largest sum of a start and an end score, among spans of tokens of the context of at most
`LONGEST` tokens, as the evaluation of SQuAD takes it (30 there; a pipeline of Transformers takes 15 where nothing is given).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.records.pair import Pair

__all__ = ["LONGEST", "AnswersSeen", "Span", "best_span", "best_spans", "span_score", "unmasked"]

LONGEST = 30
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


class Span(NamedTuple):
    """Tokens from `start` to `end`, both included, and the sum of their scores."""

    start: int
    end: int
    score: float


class AnswersSeen(NamedTuple):
    """What the logits of answers showed, in so many rows.

    `padding` counts the rows of each side whose largest start or end logit lies in padding, `apart` those in which it does on one side
    only, of which `rows_apart` are the first; `outside` those of each side in which it lies in padding, in the question or in a special
    token, so outside the context. `swapped` says that one side's start logits are the other's end logits, and the reverse.
    """

    rows: int = 0
    padding: Pair[int] = Pair(0, 0)
    apart: int = 0
    rows_apart: tuple[int, ...] = ()
    swapped: bool = False
    outside: Pair[int] = Pair(0, 0)


def best_span(start: Floats, end: Floats, context: Booleans) -> Span | None:
    """The best span of the tokens of the context; the first of equals. None where there is none, or a score there is not a number.

    start, end, context: [tokens].

    >>> best_span(np.array([9.0, 1, 2, 0]), np.array([0.0, 1, 0, 3]), np.array([False, True, True, True]))
    Span(start=2, end=3, score=5.0)
    """
    scores = _scores(start, end, context)
    if scores is None:
        return None
    place = int(np.argmax(scores))
    first, further = divmod(place, scores.shape[1])
    return Span(first, first + further, float(scores.flat[place]))


def best_spans(start: Floats, end: Floats, context: Booleans, count: int) -> list[Span]:
    """The best spans of the tokens of the context, at most `count`, the best first; of equals the first one."""
    scores = _scores(start, end, context)
    if scores is None:
        return []
    width = int(scores.shape[1])
    places = np.argsort(-scores, axis=None, kind="stable")[:count]
    found = (
        Span(place // width, sum(divmod(place, width)), float(scores.flat[place]))
        for place in map(int, places)
    )
    return [span for span in found if np.isfinite(span.score)]


def span_score(start: Floats, end: Floats, context: Booleans, span: tuple[int, int]) -> float:
    """The score of a span; minus infinity where it is not one that could be chosen."""
    scores = _scores(start, end, context)
    further = span[1] - span[0]
    if scores is None or not 0 <= further < scores.shape[1] or not 0 <= span[0] < len(scores):
        return float("-inf")
    return float(scores[span[0], further])


def unmasked(start: Floats, end: Floats, real: Booleans, least: float) -> bool:
    """Whether the largest start or end score of all positions lies in padding, by more than `least` above every real token's.

    start, end, real: [positions] of the batch that the row was run in.
    """
    if real.all() or not real.any():
        return False
    return any(bool(scores[~real].max() - scores[real].max() > least) for scores in (start, end))


def _scores(start: Floats, end: Floats, context: Booleans) -> Floats | None:
    """[tokens, lengths] the score of each span, minus infinity where it is not one of the context."""
    if not context.any() or not np.isfinite(start[context]).all() or not np.isfinite(end[context]).all():
        return None
    longest = min(LONGEST, len(start))
    begins, ends = np.where(context, start, -np.inf), np.where(context, end, -np.inf)
    padded = np.concatenate([ends, np.full(longest - 1, -np.inf)])
    found: Floats = begins[:, None] + np.lib.stride_tricks.sliding_window_view(padded, longest)
    return found
