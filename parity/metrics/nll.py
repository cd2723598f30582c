"""NLL: the mean negative log-likelihood of the label, in nats."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from parity.metrics.mean import MeanMetric
from parity.metrics.metric import Outputs
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval

__all__ = ["metric"]


class _NLL(MeanMetric):
    name = "nll"
    noun = "NLL"
    form = MetricForm(title="NLL", better="lower", digits=3, unit="nats", step="nats")
    range = Interval(0.0, math.inf)
    of_decisions = False

    def scores(self, outputs: Outputs) -> npt.NDArray[np.float64]:
        """[..., examples] -ln p of the label."""
        return np.asarray(-outputs.log_probability_of_label)


metric = _NLL()
