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
from parity.metrics.registry import find_metric
from parity.seed_audit.margins import Margins
from parity.seed_audit.verdict.reasons import Reason
from parity.statistics.interval import clopper_pearson

__all__ = ["LabelsRead", "Requested", "Unmeasured", "unmeasured"]

_SHOWN = 4


class LabelsRead(NamedTuple):
    """The labels of the inputs: [examples] the class of each, -1 for one without (None: no example has one), how many inputs
    have a label, and those labels that are not a class.
    """

    classes: NDArray[np.int64] | None
    given: int
    strange: list[str]

    @property
    def measured(self) -> int:
        """How many examples have a label that is a class."""
        return 0 if self.classes is None else int((self.classes >= 0).sum())


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
    found = [*_of_labels(requested, labels, names), *_of_metric(requested, means)]
    return found + _of_slices(requested, labels, least=min(arms, 2))


def _of_labels(requested: Requested, labels: LabelsRead, names: Sequence[str]) -> list[Unmeasured]:
    metric, margins = find_metric(requested.metric).noun, requested.margins
    if not labels.given:
        if not requested.named:
            return []
        sentence = f"{_upper(metric)} was requested, and the inputs have no labels: it was not measured."
        return [Unmeasured(Reason("metric_not_measured", None, None, False), sentence)]
    if labels.classes is None:
        sentence = (
            f"None of the {labels.given:,} labels is a class ({labels.strange[0]!r}, for one; the classes are "
            f"{_listed(names)}): {metric} was not measured.{offered(labels.strange, names)}"
        )
        return [Unmeasured(Reason("metric_not_measured", None, None, False), sentence)]
    found: list[Unmeasured] = []
    share = len(labels.strange) / labels.given
    if labels.strange and find_metric(requested.metric).could_move(share) > margins.metric:
        sentence = (
            f"{len(labels.strange):,} of {labels.given:,} labels are not a class ({labels.strange[0]!r}, for one; the classes are "
            f"{_listed(names)}). They are excluded from the metrics, and could move {metric} by more than the margin."
        )
        found.append(Unmeasured(Reason("labels_not_classes", share, 0.0, False), sentence))
    count = labels.measured
    unseen = clopper_pearson(0, count, 1 - margins.alpha).high
    if count < len(labels.classes) and unseen > margins.churn:
        sentence = (
            f"{_upper(metric)} is of {count:,} of {len(labels.classes):,} examples, those with a label: with so few, even if "
            f"no run errs, up to {unseen:.0%} of such examples could differ in another run."
        )
        found.append(Unmeasured(Reason("labels_too_few", unseen, margins.churn, False), sentence))
    return found


def _of_metric(requested: Requested, means: Sequence[float]) -> list[Unmeasured]:
    """A metric that is not a number in some run."""
    if all(math.isfinite(mean) for mean in means):
        return []
    metric = _upper(find_metric(requested.metric).noun)
    sentence = (
        f"{metric} is not finite: a run gives the class of a label a probability of 0. It was not measured."
    )
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
        why = "no label is a class"
    else:
        why = f"fewer than {least} of its examples have a label that is a class"
        why = "none of its examples has a label that is a class" if least == 1 else why
    sentence = f"Slices were requested, and {len(missing)} of {len(every)} ({_listed(missing)}) could not be measured: {why}."
    return [Unmeasured(Reason("slices_not_measured", float(len(missing)), 0.0, False), sentence)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:_SHOWN])) + (" and others" if len(names) > _SHOWN else "")


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
