"""One side of one question: its logits, which of its tokens are of the context, and the answers that they choose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.border.runner import Batch
from parity.inputs.example import Encoding, Example
from parity.measure.spans import Span, best_span, best_spans, span_score

__all__ = ["ANSWERS", "AnswerRow", "answer_row"]

ANSWERS = ("start_logits", "end_logits")
"""The stages that choose an answer, that of its begin first."""
Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


class AnswerRow(NamedTuple):
    """One side of one row: start and end logits of its real tokens, which of them are of the context, and its encoding.

    `null` is the place of the token whose logits score that there is no answer, as models for SQuAD 2 are trained; None where every
    question has one.
    """

    start: Floats
    end: Floats
    context: Booleans
    encoding: Encoding
    null: int | None = None

    def best(self) -> Span | None:
        """The best span of the context, or the one that stands for no answer where that scores higher; None without any."""
        span = best_span(self.start, self.end, self.context)
        if span is None or self.null is None:
            return span
        score = self._null_score()
        if not np.isfinite(score):
            return None
        return Span(self.null, self.null, score) if score > span.score else span

    def spans(self, count: int) -> list[tuple[int, int]]:
        """The best spans of the context, the best first."""
        return [span[:2] for span in best_spans(self.start, self.end, self.context, count)]

    def margin(self, chosen: Span, other: Span) -> float:
        """How much what this side chose scores above what the other one did; infinite where that could not be chosen here."""
        if self.null is not None and other[:2] == (self.null, self.null):
            return chosen.score - self._null_score()
        return chosen.score - span_score(self.start, self.end, self.context, other[:2])

    def scored(self) -> Floats:
        """[2, tokens] the logits of the tokens that an answer is chosen among."""
        among = self.context.copy()
        if self.null is not None:
            among[self.null] = True
        return np.stack([self.start, self.end])[:, among]

    def outside(self) -> bool:
        """Whether the largest start or end logit of the real tokens lies outside the context."""
        return any(not self.context[int(np.argmax(scores))] for scores in (self.start, self.end))

    def text(self, span: tuple[int, int], example: Example) -> str:
        """The characters of a span; the pieces where the tokenizer reports no offsets, nothing where there is no answer."""
        if self.null is not None and span == (self.null, self.null):
            return ""
        first, last = (self.encoding.offsets[place] for place in span)
        if first is None or last is None:
            return " ".join(self.encoding.pieces[span[0] : span[1] + 1])
        whole = example.text if example.pair is None else example.pair
        return whole[first[0] : last[1]]

    def _null_score(self) -> float:
        return float(self.start[self.null] + self.end[self.null])


def answer_row(batch: Batch, place: int, encoding: Encoding | None, null: str | None) -> AnswerRow | None:
    """A row of a batch; None where its tokens are not known. `null` is the piece of no answer (None: every question has one)."""
    real = batch.stages["real"].values[place].astype(bool)
    if encoding is None or int(real.sum()) != len(encoding.input_ids):
        return None
    start, end = (np.asarray(batch.stages[name].values[place], dtype=np.float64)[real] for name in ANSWERS)
    paired = 1 in encoding.segments
    context = [
        not special and (segment == 1 if paired else segment is not None)
        for segment, special in zip(encoding.segments, encoding.special, strict=True)
    ]
    found = AnswerRow(start, end, np.array(context, dtype=bool), encoding)
    return found if null is None else found._replace(null=_null_place(encoding, null))


def _null_place(encoding: Encoding, piece: str) -> int | None:
    """The first special token that is this piece, else the first of all; None where there is none."""
    special = [place for place, flag in enumerate(encoding.special) if flag]
    return next((place for place in special if encoding.pieces[place] == piece), next(iter(special), None))
