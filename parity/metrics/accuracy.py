"""Accuracy: the share of examples whose decision is the label."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parity.metrics.mean import MeanMetric, PairedShares
from parity.metrics.metric import Outputs
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval

__all__ = ["metric"]


class _Accuracy(MeanMetric):
    name = "accuracy"
    noun = "accuracy"
    form = MetricForm(title="accuracy", better="higher", scale=100.0, digits=1, unit="%", step="points")
    range = Interval(0.0, 1.0)
    of_decisions = True

    def scores(self, outputs: Outputs) -> npt.NDArray[np.float64]:
        """[..., examples] 1 where the decision is the label, else 0."""
        return np.asarray(outputs.predictions == outputs.labels, dtype=np.float64)

    def paired(self) -> PairedShares:
        """Counts of decisions that only one side has right."""
        return PairedShares(self)


metric = _Accuracy()
