"""Macro-F1 without each example, against scikit-learn."""

# scikit-learn is untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportMissingModuleSource=false, reportArgumentType=false

from __future__ import annotations

import numpy as np
import pytest

from parity.metrics.macro_f1 import metric
from tests.seed_runs import labels_of, population


def test_macro_f1_without_an_example_is_macro_f1_of_the_others() -> None:
    import sklearn.metrics  # type: ignore[import-untyped]

    made = population(3, 40)
    labels = labels_of(made)
    without = metric.deleted(made.outputs())
    for left_out in range(40):
        rest = np.delete(np.arange(40), left_out)
        for run in range(3):
            expected = sklearn.metrics.f1_score(
                labels[rest],
                made.predictions[run, rest],
                labels=np.unique(labels),
                average="macro",
                zero_division=0,
            )
            assert pytest.approx(expected) == without[run, left_out]
    assert (3,) == metric.values(made.outputs()).shape
