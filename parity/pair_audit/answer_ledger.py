"""The answer ledger: the answers that both sides' start and end logits choose, added up while batches go by.

An answer is the best span of real tokens of the context: not of the question, of special tokens or of padding. What the logits point at
where a user masks nothing is counted beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from parity.align.answers import ANSWERS, AnswerRow, answer_row
from parity.border.runner import Batch
from parity.inputs.example import Encoding, Example
from parity.measure.noise import Floors
from parity.measure.spans import AnswersSeen, unmasked
from parity.metrics.answer_metric import PairedAnswers
from parity.metrics.registry import answer_metrics
from parity.pair_audit.answer_sums import BEST, SpanSums
from parity.pair_audit.token_ledger import NAMED_ROWS
from parity.records.decisions import Decisions, Flip, FlipRate, ImpliedTemperature, LabelledMetric
from parity.records.exhibit import Exhibit
from parity.records.pair import Pair
from parity.records.stage import NotCompared
from parity.session.window import Window
from parity.statistics.interval import one_sided_bounds

__all__ = ["AnswerLedger"]

_KEEP = 100


class AnswerLedger:
    """What accumulates over the start and end logits of both sides' first pass."""

    def __init__(self, floors: Floors, confidence: float, null: Pair[str] | None = None) -> None:
        """`null` is the piece of either side that scores that there is no answer; None where every question has one."""
        noises = [floors.of(stage).max_abs for stage in ANSWERS]
        self._noise = None if None in noises else sum(noise or 0.0 for noise in noises)
        self._limits = [floors.of(stage).allowed for stage in ANSWERS]
        self._confidence = confidence
        self._examples: dict[int, Example] = {}
        self._encodings: Pair[dict[int, Encoding | None]] = Pair({}, {})
        self._rows = self._unknown = self._undefined = self._undefined_both = self._explained = (
            self._differ
        ) = 0
        self._padding, self._outside = [0, 0], [0, 0]
        self._apart, self._named = 0, list[int]()
        self._flips: list[Flip] = []
        self._metrics = [PairedAnswers(metric) for metric in answer_metrics()]
        self._straight, self._crossed, self._size = 0.0, 0.0, 0.0
        self._null = null
        self._best = SpanSums(null=null is not None)

    def open_window(self, window: Window) -> None:
        """The rows whose logits come next."""
        self._examples = {example.row: example for example in window.examples}
        self._encodings = Pair(
            *(dict(zip(self._examples, encodings, strict=True)) for encodings in window.encodings)
        )

    def add(self, batches: Pair[Batch], rows: Sequence[int]) -> None:
        """The own batches of both sides, of these rows."""
        if any(name not in batch.stages for batch in batches for name in ("real", *ANSWERS)):
            return
        for place, row in enumerate(rows):
            sides = [
                answer_row(
                    batch,
                    place,
                    self._encodings[number].get(row),
                    None if self._null is None else self._null[number],
                )
                for number, batch in enumerate(batches)
            ]
            here, there = sides
            if here is None or there is None:
                self._unknown += 1
                continue
            self._rows += 1
            self._decide(Pair(here, there), self._examples[row])
            self._note_order(here, there)
            landed = [_in_padding(batch, place, self._noise or 0.0) for batch in batches]
            self._padding = [count + one for count, one in zip(self._padding, landed, strict=True)]
            outside = [side.outside() or one for side, one in zip((here, there), landed, strict=True)]
            self._outside = [count + one for count, one in zip(self._outside, outside, strict=True)]
            if landed[0] != landed[1]:
                self._apart += 1
                self._named += [row] if len(self._named) < NAMED_ROWS else []

    def _decide(self, sides: Pair[AnswerRow], example: Example) -> None:
        chosen = [side.best() for side in sides]
        here, there = chosen
        if here is None or there is None:
            self._undefined += 1
            self._undefined_both += here is None and there is None
            if here is not there:
                self._differ += 1
            return
        texts = [side.text(span[:2], example) for side, span in zip(sides, (here, there), strict=True)]
        if example.answers is not None:
            for metric in self._metrics:
                metric.add(texts[0], texts[1], example.answers)
        alike = sides.reference.encoding.input_ids == sides.candidate.encoding.input_ids
        best = [side.spans(BEST) for side in sides]
        said = [[side.text(span, example) for span in spans] for side, spans in zip(sides, best, strict=True)]
        silent = [span.start == side.null for side, span in zip(sides, (here, there), strict=True)]
        ours, theirs = best if alike else said
        self._best.add(ours, theirs, silent)
        if (here[:2] == there[:2]) if alike else (texts[0] == texts[1]):
            return
        self._differ += 1
        margins = [
            side.margin(chosen, other)
            for side, chosen, other in zip(sides, (here, there), (there, here), strict=True)
        ]
        moved = float("inf")
        if alike:
            one, other = (side.scored() for side in sides)
            moved = float(np.abs(one - other).max(axis=1).sum())
        # A flip's margin cannot exceed twice the movement.
        explained = self._noise is not None and moved <= self._noise and margins[0] <= 2 * moved * (1 + 1e-9)
        self._explained += explained
        if len(self._flips) < _KEEP:
            self._flips.append(
                Flip(
                    row=example.row,
                    id=example.id,
                    text=example.text,
                    reference=texts[0],
                    candidate=texts[1],
                    reference_margin=_finite(margins[0]),
                    candidate_margin=_finite(margins[1]),
                    max_abs_logit=_finite(moved),
                    explained_by_noise=explained,
                )
            )

    def _note_order(self, here: AnswerRow, there: AnswerRow) -> None:
        if here.start.shape != there.start.shape:
            return
        ours, theirs = np.stack([here.start, here.end]), np.stack([there.start, there.end])
        with np.errstate(invalid="ignore"):
            self._straight += float(((ours - theirs) ** 2).sum())
            self._crossed += float(((ours - theirs[::-1]) ** 2).sum())
            self._size += float((ours**2).sum())

    def seen(self) -> AnswersSeen:
        """What the logits showed beside the answers."""
        # Swapped, they are the same within rounding; as they stand, they are not.
        allowed = max(self._limits) ** 2 * self._size
        swapped = self._crossed <= allowed < self._straight
        return AnswersSeen(
            self._rows, Pair(*self._padding), self._apart, tuple(self._named), swapped, Pair(*self._outside)
        )

    def exhibits(self) -> Iterator[Exhibit]:
        """The best spans beside the answers."""
        yield from self._best.exhibits()

    def not_compared(self) -> list[NotCompared]:
        """Rows whose answers are not known, since a side does not report its tokens."""
        if not self._unknown:
            return []
        reason = (
            f"a side does not report the tokens of {self._unknown} rows, so that their answers are not known"
        )
        return [NotCompared(stage="answer", reason=reason)]

    def record(self) -> Decisions | None:
        """The answers as the audit keeps them; None where no row has any."""
        if not self._rows:
            return None
        rate = _rate(self._differ, self._rows, self._confidence)
        return Decisions(
            examples=self._rows,
            agree=self._rows - self._differ - self._undefined_both,
            flips=self._flips,
            flip_rate=rate,
            temperatures=[],
            implied_temperature=ImpliedTemperature(value=None, r2=0.0),
            unit="answer",
            flips_total=self._differ + self._undefined_both,
            flips_explained=self._explained,
            undefined=self._undefined,
            undefined_both=self._undefined_both,
            rows=self._rows,
            rows_flipped=self._differ,
            row_flip_rate=rate,
            metrics=[_scored(metric, self._confidence) for metric in self._metrics if metric.count],
            noun="answer",
            decided_by="the best span of real tokens of the context"
            + (", or none where the token of no answer scores higher" if self._null is not None else ""),
            probabilities=False,
        )


def _in_padding(batch: Batch, place: int, noise: float) -> bool:
    """Whether the largest logit of a row lies in the padding of the group that it was run in."""
    width, before = None, 0
    for group in batch.groups:
        if before <= place < before + group.rows:
            width = group.width
        before += group.rows
    real = batch.stages["real"].values[place][:width].astype(bool)
    start, end = (np.asarray(batch.stages[name].values[place][:width], dtype=np.float64) for name in ANSWERS)
    return unmasked(start, end, real, 2 * noise)


def _scored(metric: PairedAnswers, confidence: float) -> LabelledMetric:
    reference, candidate = metric.values()
    interval = metric.interval(confidence)
    return LabelledMetric(
        metric=metric.name,
        reference=reference,
        candidate=candidate,
        difference=candidate - reference,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        confidence=confidence,
        labelled=metric.count,
    )


def _rate(count: int, of: int, confidence: float) -> FlipRate:
    bounds = one_sided_bounds(count, of, confidence)
    return FlipRate(
        value=count / of, low=bounds.low, high=bounds.high, confidence=confidence, bounds="one-sided"
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
