"""The metric: the share of examples that are decided wrongly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parity.metrics.mean import MeanMetric
from parity.metrics.metric import Outputs
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval

__all__ = ["metric"]


class _ErrorRate(MeanMetric):
    name = "error_rate"
    noun = "the error rate"
    form = MetricForm(title="error rate", better="lower", scale=100, digits=1, unit="%", step="points")
    range = Interval(0.0, 1.0)
    of_decisions = True

    def scores(self, outputs: Outputs) -> npt.NDArray[np.float64]:
        """[..., examples] 1 where the decision is wrong."""
        return np.asarray(outputs.predictions != outputs.labels, dtype=np.float64)


metric = _ErrorRate()
