"""The decision ledger: labels, flips, distributions and metrics, added up while batches of logits go by."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from parity.align.batch import PairedStage
from parity.align.labels import label_places
from parity.inputs.distinct import DistinctInputs
from parity.inputs.example import Example
from parity.measure.decisions import DecisionCount, FlipMeasurement
from parity.metrics.paired import LabelledSums, Words
from parity.pair_audit.choices import Choices, choices_of
from parity.pair_audit.headroom import headroom_of
from parity.pair_audit.probability_ledger import Deciding, ProbabilityLedger, finite
from parity.pair_audit.token_ledger import TokenLedger
from parity.records.decisions import (
    Decisions,
    Flip,
    FlipRate,
    ImpliedTemperature,
    LabelledMetric,
)
from parity.records.pair import Pair
from parity.records.stage import NotCompared
from parity.statistics.interval import Interval, one_sided_bounds

__all__ = ["DecisionLedger"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
_KEEP = 100
_NAMED = 32  # labels that are not a class, by name


class DecisionLedger:
    """What accumulates over the outputs that either side decides with, the candidate's classes in the reference's order.

    Special tokens decide nothing. `unknown_names` are the first
    labels of the inputs that are not a class, `unknown_labels` counts all; `words` counts those of one piece, how many of them differ, and
    the same of those of several; `numbered_labels` counts labels that are a
    class's number.
    """

    def __init__(self, deciding: Deciding, tokens: TokenLedger) -> None:
        plan, task = deciding.plan, deciding.plan.task
        assert task is not None and task.rule is not None, "without a rule there are no decisions"
        self._axes: Sequence[str] = ()
        self.unknown_labels = 0
        self.unknown_names: dict[str, None] = {}
        self.numbered_labels = 0
        self._deciding = deciding
        self._task, self._rule, own = task, task.rule, plan.temperatures
        self._tokens = tokens
        self._names = list(deciding.classes)
        self._count = DecisionCount(
            rule=task.rule,
            noise=deciding.noise,
            keep=_KEEP,
            rounding=plan.known.step if plan.known is not None else 0.0,
        )
        self._probabilities = (
            None if task.activation is None else ProbabilityLedger(deciding, task.activation, task.rule)
        )
        self._labelled = LabelledSums(
            rule=task.rule,
            applies=task.scored_by,
            reference_temperature=own.reference,
            candidate_temperature=own.candidate,
        )
        self._distinct = DistinctInputs()
        self._examples: dict[int, Example] = {}
        self._flipped: dict[int, Example] = {}
        self._answers: Pair[set[int]] = Pair(set(), set())
        self._places: dict[str, int] | None = None
        self._columns = 0
        self.words = [0, 0, 0, 0]
        self._strangers: dict[str, int] = {}

    def open_window(self, examples: Sequence[Example]) -> None:
        """The examples whose logits come next, for their labels and texts."""
        self._examples = {example.row: example for example in examples}

    def add(self, item: PairedStage, axes: Sequence[str]) -> None:
        """Outputs [n, columns] of both sides with the axes of the stage; where each token is decided, special ones are skipped."""
        choices, rows, positions = choices_of(item), item.rows, item.positions
        self._axes = axes
        if self.per == "token":
            real = self._tokens.decide(rows, positions, self._deciding.decided, self._deciding.mask)
            if not real.all():
                choices, rows, positions = choices.at(real), rows[real], positions[real]
            if not len(rows):
                return
        self._add(choices, rows, positions)

    def take_masked(self, item: PairedStage) -> None:
        """Outputs [n, columns] of both sides at masked tokens, all of which decide."""
        self._axes = ("row", "token")
        self._add(choices_of(item), item.rows, item.positions)

    def _add(self, choices: Choices, rows: Integers, positions: Integers) -> None:
        here, there = (np.asarray(side, dtype=np.float64) for side in choices.values)
        differing = self._count.add(here, there, rows, positions, choices.options)
        if self.per == "word":
            self._count_words(np.abs(there - here).max(axis=1, initial=0.0), rows, positions)
        self._distinct.add(np.unique(rows).tolist(), differing.tolist(), self._examples)
        if not self._rule.several:
            for given, values_of_side in zip(self._answers, (here, there), strict=True):
                finite = self._rule.usable(values_of_side)
                found = self._rule.chosen(values_of_side[finite]).argmax(axis=1)
                if choices.options is not None:
                    found = choices.options[finite][np.arange(len(found)), found]
                given.update(np.unique(found).tolist())
        if self._probabilities is not None:
            places = None if self.per == "input" else np.stack([rows, positions], axis=1)
            self._probabilities.add(choices, places)
        for flip in self._count.kept():
            if flip.row in self._examples:
                self._flipped.setdefault(flip.row, self._examples[flip.row])
        if not self.unscored:
            if self._places is None:
                self._places, self._columns = label_places(self._names, here.shape[1]), here.shape[1]
            if self.per == "word":
                self._add_words(Pair(here, there), rows, positions)
            else:
                self._labelled.add(here, there, [self._class_of(int(row), self._places) for row in rows])

    def _count_words(self, differing: Floats, rows: Integers, positions: Integers) -> None:
        """Words of one piece and of several, and how many of each differ by more than rounding explains."""
        pieces = self._tokens.pieces_of_words(rows, positions)
        beyond = ~(differing <= (self._deciding.noise or 0.0))
        for place, kind in ((0, pieces == 1), (2, pieces > 1)):
            self.words[place] += int(kind.sum())
            self.words[place + 1] += int((kind & beyond).sum())

    def _add_words(self, values: Pair[Floats], rows: Integers, positions: Integers) -> None:
        """Words with their tags; a tag that is not a class is a label of its own, which neither side predicts."""
        assert self._places is not None, "the classes are known by now"
        places: list[int] = []
        for row, position in zip(rows.tolist(), positions.tolist(), strict=True):
            example = self._examples.get(row)
            tags = None if example is None else example.tags
            places.append(-1 if tags is None else self._place_of(tags[int(position)], self._places))
        names = [*self._names[: values.reference.shape[1]]]
        names += [f"class {number}" for number in range(len(names), values.reference.shape[1])]
        words = Words(rows, [*names, *self._strangers])
        self._labelled.add(values.reference, values.candidate, places, words)

    @property
    def per(self) -> str:
        """What has a decision of its own: an input, a token or a word."""
        return self._task.per(self._axes)

    @property
    def unscored(self) -> str:
        """Why the decisions are not held against labels; empty where they are."""
        return self._task.unscored(self._task.per(self._axes))

    @property
    def answers(self) -> Pair[int] | None:
        """How many different classes each side predicts; None where an example may have several."""
        return None if self._rule.several else Pair(*(len(given) for given in self._answers))

    def record(self) -> Decisions:
        """The decisions as the audit keeps them."""
        seen = self._count.measurement(self._deciding.confidence)
        made, plan = self._probabilities, self._deciding.plan
        distinct, distinct_flipped = self._distinct.counts() or (0, 0)
        metrics = () if self.unscored else self._labelled.measurements(self._deciding.confidence)
        return Decisions(
            examples=seen.examples,
            agree=seen.agree,
            flips=[self._flip(flip) for flip in seen.flips],
            flip_rate=_rate(seen.flip_rate, seen.flip_bounds, seen.confidence),
            rows=seen.inputs,
            rows_flipped=seen.inputs_flipped,
            row_flip_rate=_rate(
                seen.inputs_flipped / seen.inputs if seen.inputs else 0.0, seen.input_bounds, seen.confidence
            ),
            distinct=distinct,
            distinct_flipped=distinct_flipped,
            distinct_flip_rate=_rate(
                distinct_flipped / distinct,
                one_sided_bounds(distinct_flipped, distinct, self._deciding.confidence),
                seen.confidence,
            )
            if distinct
            else None,
            temperatures=[] if made is None else made.temperatures(),
            implied_temperature=ImpliedTemperature(value=None, r2=0.0) if made is None else made.implied(),
            unit=self._task.unit or ("example" if self.per == "input" else self.per),
            flips_total=seen.examples - seen.agree,
            flips_explained=seen.flips_explained,
            undefined=seen.undefined,
            undefined_both=seen.undefined_both,
            ties=seen.ties,
            multi_label=self._rule.several,
            class_order=plan.labels.kind if plan.labels is not None else "by_index",
            classes=self._names,
            unknown_labels=self.unknown_labels,
            metrics=[
                LabelledMetric(
                    metric=item.metric,
                    reference=item.reference,
                    candidate=item.candidate,
                    difference=item.difference,
                    low=None if item.interval is None else item.interval.low,
                    high=None if item.interval is None else item.interval.high,
                    confidence=item.confidence,
                    labelled=item.labelled,
                )
                for item in metrics
                if math.isfinite(item.difference)
            ],
            noun=self._task.noun,
            decided_by=self._task.decided_by,
            probabilities=made is not None,
            stage=self._task.stage,
            headroom=headroom_of(seen),
        )

    def _flip(self, flip: FlipMeasurement) -> Flip:
        example = self._flipped.get(flip.row)
        return Flip(
            row=flip.row,
            id=None if example is None else example.id,
            token=flip.position if self.per == "token" else None,
            text="" if example is None else example.text,
            reference=self._say(flip.reference),
            candidate=self._say(flip.candidate),
            reference_margin=finite(flip.reference_margin),
            candidate_margin=finite(flip.candidate_margin),
            max_abs_logit=finite(flip.max_abs_logit),
            explained_by_noise=flip.explained_by_noise,
            label=_label_of(example, self.per, flip.position),
            word=_word_of(example, self.per, flip.position),
        )

    def _say(self, classes: tuple[int, ...]) -> str:
        if self._task.wide:
            return ", ".join(map(self._tokens.token_named, classes))
        return (
            ", ".join(
                self._names[index] if index < len(self._names) else f"class {index}" for index in classes
            )
            or "none"
        )

    def _class_of(self, row: int, places: dict[str, int]) -> int:
        """The class that an example's label means: -1 without one, and for a label that is not a class (counted)."""
        example = self._examples.get(row)
        if example is None or example.label is None:
            return -1
        place = self._place_of(example.label, places)
        return -1 if example.label not in places else place

    def not_compared(self) -> list[NotCompared]:
        """Decisions that could not be compared; here a stage that was not compared says so itself."""
        return []

    def _unknown(self, label: str) -> None:
        self.unknown_labels += 1
        if len(self.unknown_names) < _NAMED:
            self.unknown_names[label] = None

    def _place_of(self, label: str, places: dict[str, int]) -> int:
        """The class that a label means; for one that is not a class (counted) a number after those of the classes."""
        place = places.get(label)
        if place is None:
            self._unknown(label)
            return self._columns + self._strangers.setdefault(label, len(self._strangers))
        self.numbered_labels += place >= len(self._names) or self._names[place] != label
        return place


def _label_of(example: Example | None, per: str, position: int) -> str | None:
    if example is None:
        return None
    return (None if example.tags is None else example.tags[position]) if per == "word" else example.label


def _word_of(example: Example | None, per: str, position: int) -> str | None:
    """The word that was decided, with its number, where the row holds words."""
    if per != "word":
        return None
    known = example is not None and example.words is not None and position < len(example.words)
    return (
        f"{position}, {example.words[position]!r}"
        if example is not None and example.words and known
        else str(position)
    )


def _rate(value: float, bounds: Interval, confidence: float) -> FlipRate:
    return FlipRate(value=value, low=bounds.low, high=bounds.high, confidence=confidence, bounds="one-sided")
