"""The reasons of a verdict: each check with the value seen, its limit, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from parity.seed_audit.margins import Margins
from parity.subjects.training import known_factors

__all__ = ["Reason", "check_confidences", "of_fixed_seeds", "without_metric"]


class Reason(NamedTuple):
    """One check: the value seen, its limit, and whether it holds (for "difference" and "permutation": is
    shown). value and limit are None where there is nothing to measure.

    metric_not_measured, labels_not_classes (a share), labels_too_few (the share of labelled examples that could differ unseen),
    slices_not_measured (how many): what was requested and not measured, or not in full (`parity/seed_audit/verdict/unmeasured.py`).
    slices_apart: the least p of a slice, Holm's, where the arms as a whole are not shown to differ.
    failed_runs: how many, of 0. missing_runs: how many of those requested could not be counted, of 0. shared_seeds: how many
    runs share no seed, of three. seed_fixed, or the reason that the seed's adapter names: it never moved. new_run: half-width for a new run, at
    most the metric's margin. new_run_low: what the lower bound of the SD gives (z s_low), above the margin or not. churn_high, churn_low: the bounds of mean churn against the budget. difference: p of the two-sided t test. tost: p of
    the equivalence test. excess_high: the upper bound of excess churn. permutation: p of its test.
    """

    about: str
    value: float | None
    limit: float | None
    holds: bool


def of_fixed_seeds(names: Sequence[str]) -> list[Reason]:
    """A reason for each seed that never moved, as its adapter names it."""
    known = known_factors()
    return [
        Reason(known[name].reason if name in known else "seed_fixed", None, None, False) for name in names
    ]


def without_metric(unmeasured: Sequence[Reason]) -> bool:
    """Whether it is among what was requested and not measured that there is no metric."""
    return any(reason.about == "metric_not_measured" for reason in unmeasured)


def check_confidences(margins: Margins, *confidences: float | None) -> None:
    """Raises ValueError where an interval is not at confidence 1 - alpha; None is of what there is not."""
    for confidence in confidences:
        if confidence is not None and abs(confidence - (1 - margins.alpha)) > 1e-9:
            raise ValueError(f"intervals at {confidence} cannot be judged at alpha {margins.alpha}")
