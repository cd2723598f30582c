"""The selection ledger: what one side selects, held against the logits of the other (or its selection), added up while batches go by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from parity.align.known import Known, within_rounding
from parity.align.plan import Plan
from parity.align.selected_places import Place, Unplaced, place_row, vectors_at
from parity.align.selecting import SCORES, Selecting
from parity.align.texts import mask_piece
from parity.border.description import Description
from parity.border.runner import Batch
from parity.border.selected import Per, Selected, SelectedRow
from parity.inputs.example import Encoding, Example
from parity.measure.activation import SOFTMAX
from parity.measure.noise import Floor, Floors, StageNoise, floor_of
from parity.measure.selection import Held, explained, held, noise_of_scores, shares
from parity.pair_audit.selected_answers import answer_of
from parity.pair_audit.selection_sums import Chosen, Scored, SelectionSums
from parity.records.decisions import Decisions
from parity.records.exhibit import Exhibit
from parity.records.pair import Pair
from parity.records.stage import NotCompared, StageRecord
from parity.session.window import Window

__all__ = ["SelectionLedger"]

Floats = NDArray[np.float64]
_T = TypeVar("_T")
_UNITS: dict[Per, tuple[str, str]] = {
    "row": ("label", "example"),
    "token": ("label", "token"),
    "word": ("tag", "word"),
    "mask": ("predicted token", "next_token"),
    "next": ("next token", "next_token"),
    "answer": ("answer", "answer"),
}


class _Names(NamedTuple):
    """What was selected at one place as the other side scores it: the places of its names there, and how a place is written."""

    held: Held
    written: Callable[[int], str]
    known: list[int]


class SelectionLedger:
    """What accumulates over the selections of a comparison."""

    def __init__(self, described: Pair[Description], plan: Plan, floors: Floors, confidence: float) -> None:
        assert plan.selecting is not None, "no side selects"
        self._how: Selecting = plan.selecting
        self._floors = floors
        self._other = described[1 - self._how.number]
        digests = {side.tokenizer.get("vocabulary_digest") for side in described} - {None}
        self._foreign = len(digests) > 1
        self._mask = mask_piece(self._other.tokenizer)
        self._sums = SelectionSums(*_UNITS[self._how.per], confidence)
        self._classes = {name: place for place, name in enumerate(self._other.labels or ())}
        self._noise: StageNoise | None = None
        self._examples: dict[int, Example] = {}
        self._encodings: dict[int, Encoding | None] = {}

    def open_window(self, window: Window) -> None:
        """The rows whose batches come next."""
        self._examples = {example.row: example for example in window.examples}
        other = window.encodings[1 - self._how.number]
        self._encodings = dict(zip(self._examples, other, strict=True))

    def add(self, batches: Pair[Batch], rows: Sequence[int]) -> None:
        """The own batches of both sides, of these rows."""
        own, other = batches[self._how.number], batches[1 - self._how.number]
        selected = own.selected
        missing = _missing(own, other, len(rows), self._how.stages)
        if missing:
            for row in rows:
                self._sums.lose(row, missing)
            return
        if not self._how.stages:
            self._noise = self._noise or noise_of_scores((), self._other.dtype, 1.0)
            for row, here, there in zip(rows, selected, other.selected, strict=False):
                self._add_both(self._examples[row], here, there)
            return
        if self._how.per == "answer":
            for number, (row, one) in enumerate(zip(rows, selected, strict=False)):
                self._add_answer(number, self._examples[row], one, other)
            return
        places: list[Place] = []
        for number, (row, one) in enumerate(zip(rows, selected, strict=False)):
            seen = self._encodings.get(row), self._examples[row]
            found = place_row(self._how.per, other, number, one, seen, self._mask)
            if isinstance(found, Unplaced):
                self._sums.lose(row, found.reason)
            else:
                places += found
        for place, logits in vectors_at(other, self._how.stages[0], places):
            self._add_place(place, self._examples[rows[place.row]], logits / self._other.temperature)

    def _add_place(self, place: Place, example: Example, logits: Floats) -> None:
        one, noise = place.selected, self._noise_of(logits)
        names = self._names(one, logits)
        if isinstance(names, str):
            # The scores of the text's own tokens are compared whatever the others are called.
            self._sums.lose(example.row, names, counts=self._how.per != "next")
            return
        values, limit = names.held, 2.0 * self._floor(noise).allowed
        scored = [
            Scored(_shown(one, number), self._sides(ours, self._probability(theirs)))
            for number, (ours, theirs) in enumerate(zip(values.scores, one.scores, strict=False))
            if theirs is not None
        ]
        if self._how.selects.grouped:
            scored = []
        lowest = min((side.scores[self._how.number] for side in scored), default=None)
        above = values.unnamed if one.best and len(one.names) > 1 else None
        if lowest is not None and above is not None and not explained(above, lowest, noise):
            scored.append(Scored("not named", self._sides(above, lowest)))
        self._sums.score(example, one.at, scored, limit)
        if one.best:
            self._decide(one, example, names, noise)

    def _decide(self, one: Selected, example: Example, names: _Names, noise: StageNoise) -> None:
        values, first = names.held, names.known[0]
        best = names.written(values.best)
        same = values.best == first or best == str(one.names[0])
        score = values.scores[0]
        chosen = Chosen(
            self._sides(best, _shown(one, 0)),
            same,
            self._sides(None if same else values.margin(score), None),
            not same and explained(values.top, score, noise),
        )
        self._sums.decide(example, one.at, chosen)
        if len(one.names) > 1:
            self._sums.overlap(values.common, len(one.names))

    def _names(self, one: Selected, logits: Floats) -> _Names | str:
        """The names of a selection as places among the other side's columns; the reason where one of them has none."""
        selects = self._how.selects
        if self._how.per in ("mask", "next"):
            ids = [name for name in one.names if isinstance(name, int)]
            if self._foreign:
                return "its tokens are ids of another vocabulary"
            if len(ids) != len(one.names):
                return "its tokens are named by texts, and those of the other side by ids"
            if ids and not 0 <= min(ids) <= max(ids) < len(logits):
                return f"the token {max(ids)} is not in the other side's vocabulary of {len(logits)}"
            return _Names(held(shares(logits), ids), "token {}".format, ids)
        labels = self._other.labels or [str(place) for place in range(len(logits))]
        classes = list(range(len(labels)))
        if selects.among:
            missing = next((name for name in selects.among if name not in self._classes), None)
            if missing is not None:
                return f"the class {missing!r} is not one of the other side's"
            classes = [self._classes[name] for name in selects.among]
        spoken = [_ungrouped(labels[place]) if selects.grouped else labels[place] for place in classes]
        unknown = next((name for name in one.names if name not in spoken), None)
        if unknown is not None:
            return f"the class {unknown!r} is not one of the other side's"
        places = [spoken.index(str(name)) for name in one.names]
        return _Names(held(shares(logits[classes]), places), spoken.__getitem__, places)

    def _add_answer(self, number: int, example: Example, row: SelectedRow, other: Batch) -> None:
        encoding = self._encodings.get(example.row)
        if row.reason or not row.places or encoding is None:
            self._sums.lose(example.row, row.reason or "a side does not report its tokens")
            return
        special: Any = self._other.tokenizer.get("special_tokens") or {}
        one = row.places[0]
        found = answer_of(
            other, number, encoding, example, (one, self._how.selects), str(special.get("cls_token") or "")
        )
        if isinstance(found, str):
            self._sums.lose(example.row, found)
            return
        largest = max(float(np.abs(other.stages[name].values[number]).max()) for name in self._how.stages)
        noise = self._noise_of(np.array([largest]))
        told = one.scores[0] if one.scores and self._how.selects.scores != "none" else None
        if told is not None:
            scored = Scored(str(one.names[0]), self._sides(found.score, self._probability(told)))
            self._sums.score(example, 0, [scored], 2.0 * self._floor(noise).allowed)
        margin = math.log(found.top / found.score) if found.score > 0 else None
        chosen = Chosen(
            self._sides(found.text, str(one.names[0])),
            found.same,
            self._sides(None if found.same else margin, None),
            not found.same and explained(found.top, found.score, noise),
        )
        self._sums.decide(example, None, chosen)

    def _add_both(self, example: Example, here: SelectedRow, there: SelectedRow) -> None:
        """Two selections of one row: the same places, the same names, and the scores of the names that both have."""
        if here.reason or there.reason:
            self._sums.lose(example.row, here.reason or there.reason)
            return
        ours = {(one.at, one.best): one for one in here.places}
        theirs = {(one.at, one.best): one for one in there.places}
        if ours.keys() != theirs.keys():
            self._sums.lose(
                example.row, f"one side selects at {len(ours)} places, the other at {len(theirs)}"
            )
            return
        assert self._noise is not None, "it is set when a batch is added"
        for place, one in ours.items():
            known = dict(zip(theirs[place].names, theirs[place].scores, strict=False))
            scored = [
                Scored(
                    _shown(one, number), self._sides(self._probability(known[name]), self._probability(score))
                )
                for number, (name, score) in enumerate(zip(one.names, one.scores, strict=False))
                if score is not None and known.get(name) is not None
            ]
            self._sums.score(example, one.at, scored, 2.0 * self._floor(self._noise).allowed)
            if one.best and one.names:
                other = theirs[place].names[:1] or [""]
                names = self._sides(_shown(theirs[place], 0) if theirs[place].names else "", _shown(one, 0))
                self._sums.decide(example, one.at, Chosen(names, other[0] == one.names[0]))

    def not_compared(self) -> Iterator[NotCompared]:
        """What of the selections was not compared."""
        yield from self._sums.not_compared()
        record = self.stage()
        if record is not None and record.status == "not_comparable":
            yield NotCompared(stage=record.stage, pass_=record.pass_, reason=record.reason)
        if self._how.selects.grouped:
            yield NotCompared(
                stage=SCORES,
                reason="the scores of grouped entities are means over their words, and are not compared",
            )

    def stage(self) -> StageRecord | None:
        """The stage of the scores; None where there are none."""
        if self._noise is None:
            return None
        record, selects = self._sums.stage(self._floor(self._noise), self._floors.policy), self._how.selects
        if record is None or not selects.rounded:
            return record
        step = math.expm1(selects.rounded) if selects.scores == "log_probabilities" else selects.rounded
        name = Pair._fields[self._how.number]
        words = f"the {name}'s scores are rounded to {selects.decimals} decimals"
        return within_rounding(record, Known((name,), SOFTMAX, step, words))

    def record(self) -> Decisions | None:
        """The decisions as the audit keeps them; None where nothing was decided."""
        return self._sums.decisions()

    def exhibits(self) -> list[Exhibit]:
        """The scores that differ most."""
        return self._sums.exhibits()

    def _noise_of(self, logits: Floats) -> StageNoise:
        """The rounding of scores, found with the first logits that are seen."""
        if self._noise is None:
            measured = [self._floors.noise[1 - self._how.number].get(name) for name in self._how.stages]
            self._noise = noise_of_scores(measured, self._other.dtype, float(np.abs(logits).max()))
        return self._noise

    def _floor(self, noise: StageNoise) -> Floor:
        return floor_of(SCORES, {SCORES: noise}, {}, self._floors.policy, float64_is_pure=False)

    def _probability(self, score: float | None) -> float:
        score = math.nan if score is None else float(score)
        return math.exp(min(score, 0.0)) if self._how.selects.scores == "log_probabilities" else score

    def _sides(self, other: _T, own: _T) -> Pair[_T]:
        """A value of the other side and one of the side that selects, as a pair."""
        return Pair(other, own) if self._how.number == 1 else Pair(own, other)


def _missing(own: Batch, other: Batch, rows: int, stages: Sequence[str]) -> str:
    """Why nothing was selected in the rows of a batch, or nothing is there to hold it against; empty where both are."""
    failed = next((batch.failure for batch in (own, other) if batch.failure is not None), None)
    if failed is not None:
        return failed.sentence.rstrip(".")
    there = own.selected if stages else other.selected
    if len(own.selected) != rows or len(there) != rows:
        return f"{min(len(own.selected), len(there))} of {rows} rows were answered"
    lacking = next((name for name in stages if name not in other.stages), None)
    return "" if lacking is None else f"the other side announced {lacking} and did not produce it"


def _shown(one: Selected, number: int) -> str:
    return one.shown[number] if number < len(one.shown) else str(one.names[number])


def _ungrouped(name: str) -> str:
    return name[2:] if name[:2] in ("B-", "I-") else name
