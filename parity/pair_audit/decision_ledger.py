"""The decision ledger: labels, flips, distributions and metrics, added up while batches of logits go by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.batch import PairedStage
from parity.align.labels import label_places
from parity.align.plan import Plan
from parity.inputs.distinct import DistinctInputs
from parity.inputs.example import Example
from parity.measure.activation import Activation
from parity.measure.decision_rule import DecisionRule
from parity.measure.decisions import DecisionCount, FlipMeasurement
from parity.measure.distributions import TemperatureSums
from parity.measure.temperature import ImpliedTemperature as TemperatureOfLogits
from parity.metrics.paired import LabelledSums
from parity.pair_audit.token_ledger import TokenLedger
from parity.records.decisions import (
    Decisions,
    Flip,
    FlipRate,
    ImpliedTemperature,
    LabelledMetric,
    Temperature,
)
from parity.records.pair import Pair
from parity.statistics.interval import Interval, one_sided_bounds

__all__ = ["Deciding", "DecisionLedger"]

Array = NDArray[np.generic]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
_KEEP = 100
_NAMED = 32  # labels that are not a class, by name


class Deciding(NamedTuple):
    """How decisions are counted.

    `classes` are the reference's; `temperatures` those at which probabilities are compared. The plan has the task by which both
    decide, and each side's own temperature, by which its logits are divided before anything is stated about probabilities. `noise`
    is the largest difference of an output that rounding explains (None: not measured).
    """

    classes: Sequence[str]
    temperatures: Sequence[float]
    plan: Plan
    noise: float | None
    confidence: float


class _Probabilities:
    """What accumulates over the probabilities of both sides."""

    def __init__(self, deciding: Deciding, activation: Activation, rule: DecisionRule) -> None:
        self._own = own = deciding.plan.temperatures
        self._distances = TemperatureSums(
            deciding.temperatures,
            activation=activation,
            rule=rule,
            reference_temperature=own.reference,
            candidate_temperature=own.candidate,
        )
        self._implied = TemperatureOfLogits(activation=activation)

    def add(self, here: Floats, there: Floats) -> None:
        """Logits [n, classes] of both sides."""
        self._distances.add(here, there)
        self._implied.add(here / self._own.reference, there / self._own.candidate)

    def temperatures(self) -> list[Temperature]:
        """The distances at each temperature."""
        return [
            Temperature(
                temperature=item.temperature,
                js_mean=item.js_mean,
                tv_mean=item.tv_mean,
                kl_mean=_finite(item.kl_mean),
                max_abs_probability=item.max_abs_probability,
                js_max=item.js_max,
                tv_max=item.tv_max,
                kl_max=_finite(item.kl_max),
                agree=item.agree,
            )
            for item in self._distances.measurements()
            if item.rows
        ]

    def implied(self) -> ImpliedTemperature:
        """The temperature that the logits imply."""
        fit = self._implied.fit()
        return ImpliedTemperature(value=fit.value, r2=fit.r2, reverse=fit.reverse)


class DecisionLedger:
    """What accumulates over the outputs that either side decides with, the candidate's classes in the reference's order.

    Special tokens decide nothing. `unknown_names` are the first
    labels of the inputs that are not a class, `unknown_labels` counts all; `numbered_labels` counts labels that are a
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
            None if task.activation is None else _Probabilities(deciding, task.activation, task.rule)
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

    def open_window(self, examples: Sequence[Example]) -> None:
        """The examples whose logits come next, for their labels and texts."""
        self._examples = {example.row: example for example in examples}

    def add(self, item: PairedStage, axes: Sequence[str]) -> None:
        """Outputs [n, columns] of both sides with the axes of the stage; where each token is decided, special ones are skipped."""
        values, rows, positions = item.values, item.rows, item.positions
        self._axes = axes
        if self.per == "token":
            real = self._tokens.bears_text(rows, positions)
            values = Pair(values.reference[real], values.candidate[real])
            rows, positions = rows[real], positions[real]
        self._add(values, rows, positions)

    def _add(self, values: Pair[Array], rows: Integers, positions: Integers) -> None:
        here, there = (np.asarray(side, dtype=np.float64) for side in values)
        differing = self._count.add(here, there, rows, positions)
        self._distinct.add(np.unique(rows).tolist(), differing.tolist(), self._examples)
        if not self._rule.several:
            for given, values_of_side in zip(self._answers, (here, there), strict=True):
                finite = values_of_side[np.isfinite(values_of_side).all(axis=1)]
                given.update(np.unique(self._rule.chosen(finite).argmax(axis=1)).tolist())
        if self._probabilities is not None:
            self._probabilities.add(here, there)
        for flip in self._count.kept():
            if flip.row in self._examples:
                self._flipped.setdefault(flip.row, self._examples[flip.row])
        if not self.unscored:
            if self._places is None:
                self._places = label_places(self._names, here.shape[1])
            self._labelled.add(here, there, [self._class_of(int(row), self._places) for row in rows])

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
            unit="example" if self.per == "input" else "token",
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
        )

    def _flip(self, flip: FlipMeasurement) -> Flip:
        example = self._flipped.get(flip.row)
        return Flip(
            row=flip.row,
            id=None if example is None else example.id,
            token=None if self.per == "input" else flip.position,
            text="" if example is None else example.text,
            reference=self._say(flip.reference),
            candidate=self._say(flip.candidate),
            reference_margin=_finite(flip.reference_margin),
            candidate_margin=_finite(flip.candidate_margin),
            max_abs_logit=_finite(flip.max_abs_logit),
            explained_by_noise=flip.explained_by_noise,
            label=None if example is None else example.label,
        )

    def _say(self, classes: tuple[int, ...]) -> str:
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
        place = places.get(example.label)
        if place is None:
            self.unknown_labels += 1
            if len(self.unknown_names) < _NAMED:
                self.unknown_names[example.label] = None
            return -1
        self.numbered_labels += place >= len(self._names) or self._names[place] != example.label
        return place


def _rate(value: float, bounds: Interval, confidence: float) -> FlipRate:
    return FlipRate(value=value, low=bounds.low, high=bounds.high, confidence=confidence, bounds="one-sided")


def _finite(value: float) -> float | None:
    """JSON has no infinity: an infinite distance or margin is kept as null."""
    return value if math.isfinite(value) else None
