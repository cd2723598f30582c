"""What a metric is: how it is computed from outputs and labels, the range that it has, and how it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from parity.measure.activation import log_softmax
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval

__all__ = ["Counted", "Metric", "Outputs", "Paired", "RunsMetric", "of_classes", "of_spans", "of_tokens"]

Counted = Literal["classes", "choices", "words", "answers", "tokens", "scores", "vectors"]
"""What an example of many runs is decided by: a class, one of its choices, the tags of its words, an answer, or the next (or masked) tokens
of a text. By a score (of a regression, or of how alike a pair of texts is) and by a vector nothing is decided."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outputs:
    """Outputs for labelled examples, of one model or of several runs.

    logits: [..., examples, classes] raw, float64. predictions: [..., examples] the predicted class, -1 where there is no decision.
    labels: [examples] the right class. rows: [examples] the row that each belongs to, where they are the words of texts; names: of the
    classes, and of labels that are none. temperature: what the logits are divided by before probabilities are taken. Where an example is
    a question, answers: [runs][examples] the texts, and right: [examples] those that count as right. Where an example has a score, logits
    has one column, and gold: [examples] is the number that it is held against; where it has a vector, logits are the vectors.
    """

    logits: Floats
    predictions: Integers
    labels: Integers
    temperature: float = 1.0
    rows: Integers | None = None
    names: Sequence[str] = ()
    answers: Sequence[Sequence[str]] = ()
    right: Sequence[Sequence[str]] = ()
    gold: Floats | None = None

    @cached_property
    def log_probabilities(self) -> Floats:
        """[..., examples, classes] ln p."""
        return log_softmax(self.logits, self.temperature)

    @cached_property
    def log_probability_of_label(self) -> Floats:
        """[..., examples] ln p of the right class."""
        return np.asarray(self.log_probabilities[..., np.arange(len(self.labels)), self.labels])


def of_classes(metric: Metric) -> bool:
    """Whether a metric is made of one number for each class."""
    return bool(getattr(metric, "classes", False))


def of_spans(metric: Metric) -> bool:
    """Whether a metric is of spans of words, and not of single decisions."""
    return bool(getattr(metric, "spans", False))


def of_tokens(metric: Metric) -> bool:
    """Whether a metric is of the tokens of texts, each held against the token that is there."""
    return bool(getattr(metric, "tokens", False))


class Paired(Protocol):
    """The metric of two sides on the same examples, added up batch by batch."""

    def add(self, reference: Outputs, candidate: Outputs) -> None:
        """Take in a batch of both sides."""
        ...

    def values(self) -> tuple[float, float]:
        """The metric of the reference and of the candidate."""
        ...

    def interval(self, confidence: float) -> Interval | None:
        """The interval of candidate minus reference over examples taken as independent; None where nothing is known of it."""
        ...


@runtime_checkable
class RunsMetric(Protocol):
    """One metric of many runs.

    `name` is what a user writes, `form` how its number is written, `noun` what it is called within a sentence, `range` between which
    values it lies. `of_decisions`: it is a share that depends on decisions alone, so that even where no decision differs N examples
    bound it no better than z^2 / (N + z^2).
    """

    name: str
    noun: str
    form: MetricForm
    range: Interval
    of_decisions: bool

    def scores(self, outputs: Outputs) -> Floats | None:
        """[..., examples] what each example contributes, the metric being their mean; None where it is not a mean over examples."""
        ...

    def values(self, outputs: Outputs) -> Floats:
        """[...] the metric of each run; NaN where it is not defined."""
        ...

    def deleted(self, outputs: Outputs) -> Floats:
        """[..., examples] the metric of each run without that example; used only where `scores` is None.

        Where examples are words or tokens this is without each row of them: [..., rows].
        """
        ...

    def could_move(self, share: float) -> float:
        """How far the metric could move if this share of the examples, which have no class of the model as label, had one."""
        ...


@runtime_checkable
class Metric(RunsMetric, Protocol):
    """One metric of many runs, and of two sides whose outputs come batch by batch."""

    def paired(self) -> Paired:
        """An empty sum of two sides."""
        ...
