"""Calibration of one run: whether its predictions are right as often as its confidence states.

ECE is never reported alone: a perfectly calibrated model of N examples has one too (0.069, 0.031, 0.014 at N = 200, 1000, 5000),
so the ECE of simulated calibrated models with the same N and the same confidences stands beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.activation import log_softmax
from parity.seed_audit.measures.label_temperature import LabelTemperature, fit_label_temperature

__all__ = [
    "CalibrationError",
    "RunCalibration",
    "adaptive_calibration_error",
    "calibration_error",
    "run_calibration",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BINS = 15


class CalibrationError(NamedTuple):
    """ECE and MCE of the top label over equal-width bins (low, high], and what a calibrated model would show.

    ece = sum_b n_b/N |accuracy - confidence|, mce the largest gap. `calibrated_mean` and `calibrated_high` (its 95 % point)
    are of models that are right as often as these confidences say; `p` is the share of them with an ECE as large (seeded
    simulation, (1 + those) / (1 + all)).
    """

    ece: float
    mce: float
    calibrated_mean: float
    calibrated_high: float
    p: float
    examples: int


class RunCalibration(NamedTuple):
    """One run against the labels at one temperature: ECE in scale, ACE, NLL in nats, Brier in [0, 2], and the T that fits."""

    error: CalibrationError
    ace: float
    nll: float
    brier: float
    temperature: LabelTemperature


def calibration_error(
    confidence: Floats,
    right: npt.NDArray[np.bool_],
    *,
    bins: int = BINS,
    simulations: int = 1000,
    seed: int = 0,
) -> CalibrationError:
    """From the top label's probability [rows] and whether it was right [rows].

    A confidence within 1e-9 of a bin's edge (float32 elsewhere, or a T that gives exactly 0.8) falls where it falls.
    """
    rows = len(confidence)
    place = np.clip(np.searchsorted(np.linspace(0, 1, bins + 1), confidence, side="left") - 1, 0, bins - 1)
    size = np.bincount(place, minlength=bins)
    sure = np.bincount(place, confidence, minlength=bins)
    gaps = np.abs(np.bincount(place, right, minlength=bins) - sure)
    ece = float(gaps.sum()) / rows
    mce = float((gaps[size > 0] / size[size > 0]).max())
    rng = np.random.default_rng(seed)
    member = (place[:, None] == np.arange(bins)).astype(np.float32)
    step = max(1, (1 << 22) // rows)
    simulated: list[Floats] = []
    for start in range(0, simulations, step):
        draws = rng.random((min(step, simulations - start), rows), dtype=np.float32) < confidence
        hits = (draws.astype(np.float32) @ member).astype(np.float64)
        simulated.append(np.abs(hits - sure).sum(axis=1) / rows)
    null = np.concatenate(simulated)
    return CalibrationError(
        ece,
        mce,
        float(null.mean()),
        float(np.quantile(null, 0.95)),
        (1 + int((null >= ece - 1e-12).sum())) / (1 + simulations),
        rows,
    )


def adaptive_calibration_error(probabilities: Floats, labels: Integers, bins: int = BINS) -> float:
    """ACE: the mean over classes and over bins of equal mass of |mean probability - share of that label| (Nixon et al. 2019).

    probabilities: [rows, classes]. Ties in probability are kept in the order of the rows. Other tools give this name to
    other quantities.
    """
    gaps: list[float] = []
    for k in range(probabilities.shape[1]):
        order = np.argsort(probabilities[:, k], kind="stable")
        for part in np.array_split(order, min(bins, len(order))):
            gaps.append(abs(float(probabilities[part, k].mean() - (labels[part] == k).mean())))
    return float(np.mean(gaps))


def run_calibration(
    logits: Floats,
    labels: Integers,
    *,
    temperature: float = 1.0,
    confidence: float = 0.95,
    simulations: int = 1000,
    seed: int = 0,
) -> RunCalibration:
    """Of one run's raw logits [rows, classes], finite, and a label each (all known).

    The fitted T is of the raw logits, on these very rows: it says how far off the confidence is, not how well a T fitted
    elsewhere would do.
    """
    log_p = log_softmax(logits, temperature)
    p = np.exp(log_p)
    here = np.arange(len(labels))
    own = log_p[here, labels]
    right = logits.argmax(axis=1) == labels
    return RunCalibration(
        calibration_error(p.max(axis=1), right, simulations=simulations, seed=seed),
        adaptive_calibration_error(p, labels),
        float(-own.mean()),
        float(((p * p).sum(axis=1) - 2 * np.exp(own) + 1).mean()),
        fit_label_temperature(logits, labels, confidence),
    )
