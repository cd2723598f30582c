"""The Brier score: the squared distance of the probabilities from the label, summed over classes, in [0, 2]."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parity.metrics.mean import MeanMetric
from parity.metrics.metric import Outputs
from parity.records.metric_form import MetricForm
from parity.statistics.interval import Interval

__all__ = ["metric"]


class _Brier(MeanMetric):
    name = "brier"
    noun = "the Brier score"
    form = MetricForm(title="Brier score", better="lower", digits=3)
    range = Interval(0.0, 2.0)
    of_decisions = False

    def scores(self, outputs: Outputs) -> npt.NDArray[np.float64]:
        """[..., examples] sum_k (p_k - y_k)^2."""
        p = np.exp(outputs.log_probabilities)
        own = np.exp(outputs.log_probability_of_label)
        # Where p of the label is 1 the terms cancel to rounding of either sign.
        return np.asarray(np.maximum((p * p).sum(axis=-1) - 2 * own + 1, 0.0))


metric = _Brier()
