"""What was requested and could not be measured: the metric, a slice, part of the labels. Each prevents a pass.

A verdict on the rest would not answer what was requested. The one exception is the default metric on inputs that
bring no labels: then churn alone is judged, and the headline says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.align.spelling import offered
from parity.metrics.metric import Counted
from parity.metrics.registry import runs_metric
from parity.seed_audit.margins import Margins
from parity.seed_audit.verdict.reasons import Reason
from parity.statistics.interval import clopper_pearson

__all__ = ["LabelsRead", "Requested", "Unmeasured", "unmeasured"]

_SHOWN = 4
_UNDEFINED = {
    "tokens": "a run gives a token that is there a probability of 0",
    "scores": "fewer than three examples have a number, or all numbers, or all scores of a run, are equal",
    "vectors": "no label is one that two texts have",
}
_NEEDS = {
    "scores": "a number for each example (in a column label, or score beside a pair of texts; --label-column names another)"
}


class LabelsRead(NamedTuple):
    """The labels of the inputs: [examples] the class of each, -1 for one without (None: no example has one), how many inputs
    have a label, and those labels that are not a class. `what` a label must be, and `counted` by what examples are decided.
    """

    classes: NDArray[np.int64] | None
    given: int
    strange: list[str]
    what: str = "a class"
    counted: Counted = "classes"

    @property
    def measured(self) -> int:
        """How many examples have a label that is a class."""
        return 0 if self.classes is None else int((self.classes >= 0).sum())

    @property
    def known(self) -> str:
        """What examples have that count for the metric."""
        return "a token that is predicted" if self.counted == "tokens" else f"a label that is {self.what}"

    def classes_are(self, names: Sequence[str]) -> str:
        """The classes, in a clause; empty where there are none."""
        return f"; the classes are {_listed(names)}" if names else ""


class Requested(NamedTuple):
    """What was requested: the metric, whether it was named or is only the default, the slices of the examples (None: none were
    requested), and the limits.
    """

    metric: str
    named: bool
    slices: NDArray[np.str_] | None
    margins: Margins


class Unmeasured(NamedTuple):
    """One thing that was requested and not measured, or not in full: the reason of the verdict, and its sentence."""

    reason: Reason
    sentence: str


def unmeasured(
    requested: Requested, labels: LabelsRead, names: Sequence[str], means: Sequence[float], arms: int
) -> list[Unmeasured]:
    """All of it. names: the classes. means: the metric of each arm, of those that have one; arms: how many there are."""
    found = [*_of_labels(requested, labels, names), *_of_metric(requested, labels, means)]
    return found + _of_slices(requested, labels, least=min(arms, 2))


def _of_labels(requested: Requested, labels: LabelsRead, names: Sequence[str]) -> list[Unmeasured]:
    metric, margins = runs_metric(requested.metric).noun, requested.margins
    if not labels.given:
        needs: str = _NEEDS.get(labels.counted, getattr(runs_metric(requested.metric), "needs", ""))
        if not requested.named and labels.counted not in ("tokens", "scores", "vectors"):
            return []
        sentence = f"{_upper(metric)} was requested, and the inputs have no labels: it was not measured."
        if labels.counted == "tokens":
            sentence = f"No text has a token that is predicted from others: {metric} was not measured."
        elif needs:
            sentence = f"The inputs have no labels: {metric} needs {needs}, and was not measured."
        return [Unmeasured(Reason("metric_not_measured", None, None, False), sentence)]
    if labels.classes is None:
        sentence = (
            f"None of the {labels.given:,} labels is {labels.what} ({labels.strange[0]!r}, for one{labels.classes_are(names)}): "
            f"{metric} was not measured.{offered(labels.strange, names)}"
        )
        return [Unmeasured(Reason("metric_not_measured", None, None, False), sentence)]
    found: list[Unmeasured] = []
    share = len(labels.strange) / labels.given
    if labels.strange and runs_metric(requested.metric).could_move(share) > margins.metric:
        sentence = (
            f"{len(labels.strange):,} of {labels.given:,} labels are not {labels.what} ({labels.strange[0]!r}, for one"
            f"{labels.classes_are(names)}). They are excluded from the metrics, and could move {metric} by more than the margin."
        )
        found.append(Unmeasured(Reason("labels_not_classes", share, 0.0, False), sentence))
    count = labels.measured
    unseen = clopper_pearson(0, count, 1 - margins.alpha).high
    if count < len(labels.classes) and unseen > margins.churn:
        few = f"even if no run errs, up to {unseen:.0%} of such examples could differ in another run"
        if labels.counted in ("scores", "vectors"):
            few = "little is known of the others"
        those = labels.known if labels.counted == "tokens" else "a label"
        sentence = f"{_upper(metric)} is of {count:,} of {len(labels.classes):,} examples, those with {those}: with so few, {few}."
        found.append(Unmeasured(Reason("labels_too_few", unseen, margins.churn, False), sentence))
    return found


def _of_metric(requested: Requested, labels: LabelsRead, means: Sequence[float]) -> list[Unmeasured]:
    """A metric that is not a number in some run."""
    if all(math.isfinite(mean) for mean in means):
        return []
    metric = _upper(runs_metric(requested.metric).noun)
    why = _UNDEFINED.get(labels.counted, "a run gives the class of a label a probability of 0")
    sentence = f"{metric} is not finite: {why}. It was not measured."
    return [Unmeasured(Reason("metric_not_measured", None, None, False), sentence)]


def _of_slices(requested: Requested, labels: LabelsRead, least: int) -> list[Unmeasured]:
    """Slices with fewer labelled examples than it takes: one for a mean, two for the difference of two arms."""
    if requested.slices is None:
        return []
    known = np.zeros(len(requested.slices), dtype=bool) if labels.classes is None else labels.classes >= 0
    every, place = np.unique(requested.slices, return_inverse=True)
    counts = np.bincount(place, known, minlength=len(every))
    missing = [str(name) for name, count in zip(every, counts, strict=True) if count < least]
    if not missing:
        return []
    if not labels.given:
        why = "the inputs have no labels"
    elif labels.classes is None:
        why = f"no label is {labels.what}"
    else:
        why = f"fewer than {least} of its examples have {labels.known}"
        why = f"none of its examples has {labels.known}" if least == 1 else why
    sentence = f"Slices were requested, and {len(missing)} of {len(every)} ({_listed(missing)}) could not be measured: {why}."
    return [Unmeasured(Reason("slices_not_measured", float(len(missing)), 0.0, False), sentence)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:_SHOWN])) + (" and others" if len(names) > _SHOWN else "")


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
