"""Answers that one side selects, with a score, held against the start and end logits of the other."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from parity.border.runner import Batch
from parity.border.selected import Selected, Selects
from parity.inputs.example import Encoding, Example
from parity.measure.selection import Spans, spans_of

__all__ = ["Answer", "answer_of"]

_WORDS = (
    re.compile(r"\w*"),
    re.compile(r"\S*"),
)  # what a tokenizer takes for one word: letters and digits, or all between spaces
_STAGES = ("start_logits", "end_logits")


class Answer(NamedTuple):
    """The answer of one row by the logits: the text of its best span, and the score of the answer that the other side selected (0: none is
    like it). `same`: that is the best one, or scores above it; `top` is the score of the best span."""

    text: str
    score: float
    top: float
    same: bool


class _Context(NamedTuple):
    """One row: its encoding, the text of its context, and the best spans of it."""

    encoding: Encoding
    text: str
    spans: Spans

    def place(self, span: tuple[int, int]) -> tuple[int, int] | None:
        """The characters of a span of tokens."""
        first, last = (self.encoding.offsets[token] for token in span)
        return None if first is None or last is None else (first[0], last[1])


def answer_of(
    batch: Batch,
    number: int,
    encoding: Encoding,
    example: Example,
    selected: tuple[Selected, Selects],
    start_token: str,
) -> Answer | str:
    """The answer by the logits of one row beside what the other side selected; the reason where it cannot be known.

    `start_token` is the piece that stands for "no answer", which takes a share of the scores.
    """
    one, selects = selected
    real = batch.stages["real"].values[number].astype(bool)
    if int(real.sum()) != len(encoding.input_ids):
        return "a side was fed other tokens than it reports"
    if selects.window and encoding.untruncated > selects.window:
        return f"its context is read in several parts of up to {selects.window} tokens"
    start, end = (np.asarray(batch.stages[name].values[number], dtype=np.float64)[real] for name in _STAGES)
    paired = 1 in encoding.segments
    places = zip(encoding.segments, encoding.special, strict=True)
    context = np.array(
        [not special and (segment == 1 if paired else segment is not None) for segment, special in places]
    )
    scored = context | np.array([bool(start_token) and piece == start_token for piece in encoding.pieces])
    if not context.any() or not all(np.isfinite(side[scored]).all() for side in (start, end)):
        return "its context has no tokens, or logits that are not finite"
    row = _Context(
        encoding,
        example.text if example.pair is None else example.pair,
        spans_of(start, end, context, scored, selects.longest, max(selects.spans, 1)),
    )
    best = row.place(row.spans.places[0])
    if best is None:
        return "a side does not report where its tokens stand in the text"
    text, top = row.text[slice(*best)], row.spans.scores[0]
    if one.span is None:
        return Answer(text, top, top, text.strip() == str(one.names[0]).strip())
    words = _WORDS if selects.spans > 1 else (None,)
    scores = [_score(row, one.span, word) for word in words]
    told = one.scores[0] if one.scores else None
    score = scores[0] if told is None else min(scores, key=lambda score: abs(score - told))
    inside = any(_alike(row.text, one.span, _widened(row.text, best, word)) for word in words)
    return Answer(row.text[slice(*one.span)] if inside else text, score, top, inside or score >= top)


def _score(row: _Context, answer: tuple[int, int], word: re.Pattern[str] | None) -> float:
    """The sum over the spans that make this answer when they are widened to whole words, wherever they stand."""
    total = 0.0
    for span, score in zip(row.spans.places, row.spans.scores, strict=True):
        place = row.place(span)
        if place is not None and _alike(row.text, answer, _widened(row.text, place, word)):
            total += score
    return total


def _alike(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    return text[slice(*one)].strip().lower() == text[slice(*other)].strip().lower()


def _widened(text: str, span: tuple[int, int], word: re.Pattern[str] | None) -> tuple[int, int]:
    """A span with the whole of the words that it begins and ends in; as it is without a way to tell words."""
    first, last = span
    if word is None or first >= last:
        return span
    while first > 0 and word.fullmatch(text[first - 1 : first + 1]):
        first -= 1
    while last < len(text) and word.fullmatch(text[last - 1 : last + 1]):
        last += 1
    return first, last
