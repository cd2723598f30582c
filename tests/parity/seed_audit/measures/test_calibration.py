"""Calibration of a run, against other implementations."""

# scipy, scikit-learn and the other references are untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
import torch

from parity.measure.activation import SOFTMAX
from parity.seed_audit.measures.calibration import (
    adaptive_calibration_error,
    calibration_error,
    run_calibration,
)
from tests.seed_runs import drawn

Floats = npt.NDArray[np.float64]

Integers = npt.NDArray[np.int64]


def test_ece_and_mce_are_those_of_torchmetrics() -> None:
    import torchmetrics.functional.classification as tm

    logits, labels = drawn(400, 5, 2.0)
    p = SOFTMAX.probabilities(logits)
    found = calibration_error(p.max(axis=1), p.argmax(axis=1) == labels, simulations=20)
    norms: tuple[tuple[Literal["l1", "max"], float], ...] = (("l1", found.ece), ("max", found.mce))
    for norm, value in norms:
        expected = tm.multiclass_calibration_error(
            torch.tensor(p), torch.tensor(labels), 5, n_bins=15, norm=norm
        )
        assert pytest.approx(float(expected), abs=1e-6) == value


@pytest.mark.parametrize(("rows", "expected"), [(200, 0.069), (1000, 0.031), (5000, 0.014)])
def test_a_calibrated_model_of_n_examples_has_an_ece_too(rows: int, expected: float) -> None:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.3, 1.0, rows)
    found = calibration_error(sure, rng.random(rows) < sure, simulations=400)
    assert pytest.approx(expected, rel=0.25) == found.calibrated_mean
    assert found.p > 0.01


def test_an_overconfident_model_stands_out_from_calibrated_ones_and_the_same_seed_says_the_same() -> None:
    sure = np.full(500, 0.95)
    right = np.arange(500) % 2 == 0
    found = calibration_error(sure, right)
    assert pytest.approx(0.45) == found.ece
    assert 1 / 1001 == found.p and found.calibrated_high < 0.05
    assert found == calibration_error(sure, right)


def test_ace_is_the_mean_gap_over_classes_and_bins_of_equal_mass() -> None:
    import sklearn.calibration  # type: ignore[import-untyped]

    logits, labels = drawn(90, 3, 1.0)
    p = SOFTMAX.probabilities(logits)
    gaps: list[float] = []
    for k in range(3):
        observed, predicted = sklearn.calibration.calibration_curve(
            labels == k, p[:, k], n_bins=15, strategy="quantile"
        )
        gaps.append(np.abs(observed - predicted).mean())
    assert pytest.approx(np.mean(gaps)) == adaptive_calibration_error(p, labels)


def test_a_run_is_told_with_scikit_learns_nll_and_brier() -> None:
    import sklearn.metrics  # type: ignore[import-untyped]

    logits, labels = drawn(100, 4, 1.5)
    p = SOFTMAX.probabilities(logits, 2.0)
    found = run_calibration(logits, labels, temperature=2.0, simulations=10)
    assert pytest.approx(sklearn.metrics.log_loss(labels, p, labels=range(4))) == found.nll
    expected = sklearn.metrics.brier_score_loss(labels, p, labels=range(4), scale_by_half=False)
    assert pytest.approx(expected) == found.brier
