"""Every metric of two sides against the labels, added up while batches of logits go by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.decision_rule import LARGEST, DecisionRule
from parity.metrics.metric import Metric, Outputs
from parity.metrics.registry import find_metric, metric_names
from parity.statistics.interval import Interval

__all__ = ["LabelledMeasurement", "LabelledSums", "Words"]

Booleans = npt.NDArray[np.bool_]


class LabelledMeasurement(NamedTuple):
    """One metric against the labels: both sides, candidate minus reference, and the interval of that difference.

    `interval` is None where nothing is known of it; `undefined` counts labelled rows that are excluded because a side has no
    distribution there.
    """

    metric: str
    reference: float
    candidate: float
    difference: float
    interval: Interval | None
    confidence: float
    labelled: int
    undefined: int


class Words(NamedTuple):
    """Where examples are the words of texts: the row of each [n], those of a row together and in order, and the names of the
    classes, with those of labels that are none after them."""

    rows: npt.NDArray[np.int64]
    names: Sequence[str]


class LabelledSums:
    """What accumulates over batches of examples with one label each, taken as independent: every metric that applies, of both sides.

    rule: how outputs decide for a class. applies: which metrics apply (None: all of single decisions).
    """

    def __init__(
        self,
        *,
        rule: DecisionRule = LARGEST,
        applies: Callable[[Metric], bool] | None = None,
        reference_temperature: float = 1.0,
        candidate_temperature: float = 1.0,
    ) -> None:
        self.own = (reference_temperature, candidate_temperature)
        self._rule = rule
        known = {name: find_metric(name) for name in metric_names(spans=applies is not None)}
        self._metrics = {
            name: metric.paired() for name, metric in known.items() if applies is None or applies(metric)
        }
        self._labelled = self._undefined = 0

    def add(
        self,
        reference: npt.NDArray[Any],
        candidate: npt.NDArray[Any],
        labels: npt.ArrayLike,
        words: Words | None = None,
    ) -> None:
        """Take in raw logits [n, classes] of both sides and the label's class [n], -1 for an example without one.

        Where the examples are `words`, those of a row with a word that has no label, or no distribution, are all excluded.
        """
        truth = np.asarray(labels, dtype=np.int64)
        if reference.shape != candidate.shape or truth.shape != reference.shape[:1]:
            raise ValueError(
                f"{truth.shape} labels for logits of shapes {reference.shape} and {candidate.shape}"
            )
        if truth.size and not -1 <= truth.min() <= truth.max() < max(
            reference.shape[1], 0 if words is None else len(words.names)
        ):
            raise ValueError(f"a label outside the {reference.shape[1]} classes")
        labelled = _whole_rows(truth < 0, words)
        one, other = (
            self._outputs(side[labelled], truth[labelled], own, _some(words, labelled))
            for side, own in zip((reference, candidate), self.own, strict=True)
        )
        broken = ~_whole_rows(_undefined(one) | _undefined(other), _some(words, labelled))
        self._undefined += int(broken.sum())
        self._labelled += int((~broken).sum())
        if broken.any():
            one, other = (
                self._outputs(
                    side.logits[~broken],
                    side.labels[~broken],
                    side.temperature,
                    _some(_some(words, labelled), ~broken),
                )
                for side in (one, other)
            )
        for sums in self._metrics.values():
            sums.add(one, other)

    def measurements(self, confidence: float = 0.95) -> tuple[LabelledMeasurement, ...]:
        """One for each metric; none when no example had a label. A metric can be infinite (a label given no chance)."""
        if not self._labelled:
            return ()
        found: list[LabelledMeasurement] = []
        for name, sums in self._metrics.items():
            one, other = sums.values()
            found.append(
                LabelledMeasurement(
                    name,
                    one,
                    other,
                    other - one,
                    sums.interval(confidence),
                    confidence,
                    self._labelled,
                    self._undefined,
                )
            )
        return tuple(found)

    def _outputs(
        self,
        logits: npt.NDArray[Any],
        labels: npt.NDArray[np.int64],
        temperature: float,
        words: Words | None,
    ) -> Outputs:
        picked = self._rule.chosen(logits).argmax(axis=1).astype(np.int64)
        if words is None:
            return Outputs(logits, picked, labels, temperature)
        return Outputs(logits, picked, labels, temperature, words.rows, words.names)


def _whole_rows(excluded: Booleans, words: Words | None) -> Booleans:
    """[n] what is kept: without the whole row of a word that is excluded, as spans go over words."""
    if words is None:
        return ~excluded
    return ~np.isin(words.rows, words.rows[excluded])


def _some(words: Words | None, kept: Booleans) -> Words | None:
    return None if words is None else words._replace(rows=words.rows[kept])


def _undefined(side: Outputs) -> Booleans:
    """[rows] whether a row has no distribution."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.isnan(side.log_probabilities).any(axis=1))
