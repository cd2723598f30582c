"""Failed runs: those that learnt nothing. They are told apart, counted, and never averaged in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from parity.measure.decisions import Interval, clopper_pearson
from parity.seeds.population import Population

__all__ = ["FailedRun", "FailedRuns", "failed_runs"]

Reason = Literal["metric", "loss", "not_finite"]
_LOSS_SHARE = 0.95


class FailedRun(NamedTuple):
    """One run that failed and why: `metric` (accuracy no better than the majority class), `loss` (final training loss near
    that of guessing), `not_finite` (rows that decide nothing).
    """

    run: int
    accuracy: float | None
    loss: float | None
    reasons: tuple[Reason, ...]


class FailedRuns(NamedTuple):
    """How many of the runs failed, with the exact (Clopper-Pearson) interval of the recipe's failure rate.

    A run fails with accuracy <= `accuracy_limit` = q + 2 sqrt(q (1-q) / N), q the majority class's share among N labelled
    examples; or with a final loss >= `loss_limit` = 0.95 ln K. The first is None without labels, and where all labels are
    one class (then nothing can do better). `keep` are the others.
    """

    failed: tuple[FailedRun, ...]
    runs: int
    rate: float
    interval: Interval
    accuracy_limit: float | None
    loss_limit: float
    keep: tuple[int, ...]


def failed_runs(
    population: Population, losses: Sequence[float | None] | None = None, confidence: float = 0.95
) -> FailedRuns:
    """Tell the failed runs apart. losses: each run's final training loss (cross-entropy in nats), None where unknown."""
    labelled = population.labelled()
    limit = _accuracy_limit(labelled)
    loss_limit = _LOSS_SHARE * math.log(population.classes)
    failed: list[FailedRun] = []
    for run in range(population.runs):
        accuracy = None
        reasons: list[Reason] = []
        if labelled is not None and labelled.labels is not None:
            accuracy = float((labelled.predictions[run] == labelled.labels).mean())
            if limit is not None and accuracy <= limit:
                reasons.append("metric")
        loss = losses[run] if losses is not None else None
        if loss is not None and population.classes > 1 and not loss < loss_limit:
            reasons.append("loss")
        if (population.predictions[run] < 0).any():
            reasons.append("not_finite")
        if reasons:
            failed.append(FailedRun(run, accuracy, loss, tuple(reasons)))
    gone = {run.run for run in failed}
    return FailedRuns(
        tuple(failed),
        population.runs,
        len(failed) / population.runs if population.runs else 0.0,
        clopper_pearson(len(failed), population.runs, confidence),
        limit,
        loss_limit,
        tuple(run for run in range(population.runs) if run not in gone),
    )


def _accuracy_limit(labelled: Population | None) -> float | None:
    if labelled is None or labelled.labels is None:
        return None
    share = float(np.bincount(labelled.labels).max()) / labelled.examples
    return None if share == 1.0 else share + 2 * math.sqrt(share * (1 - share) / labelled.examples)
