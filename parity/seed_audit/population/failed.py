"""Failed runs: those not shown to have learnt anything. They are recognised, counted, and excluded from every mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.metrics.metric import Outputs
from parity.metrics.registry import runs_metric
from parity.seed_audit.population.population import Population
from parity.statistics.interval import Interval, clopper_pearson

__all__ = ["FailedRun", "FailedRuns", "diverged_runs", "failed_runs"]

Reason = Literal["metric", "loss", "not_finite", "diverged"]
_LOSS_SHARE = 0.95
_OF = {"choices": "guessing", "tokens": "the commonest token"}


class FailedRun(NamedTuple):
    """One run that failed and why: `metric` (accuracy no better than the majority class; where nothing is decided, a metric no better than
    chance gives, which is then `value`), `loss` (final training loss near that of guessing), `not_finite` (rows that decide nothing),
    `diverged` (its training ended itself: there is no model).
    """

    run: int
    accuracy: float | None
    loss: float | None
    reasons: tuple[Reason, ...]
    value: float | None = None


class FailedRuns(NamedTuple):
    """How many of the runs failed, with the exact (Clopper-Pearson) interval of the recipe's failure rate.

    A run fails with accuracy <= `accuracy_limit` = q + 2 sqrt(q (1-q) / N), q = `majority` the largest class's share among N
    labelled examples; or with a final loss >= `loss_limit` = 0.95 ln K. The first is None without labels, and where no
    accuracy is above it (all labels are one class, or too few examples). `keep` are the others. Of choices q is at least the share that
    guessing has right, and K their mean number (geometric); of tokens q is the share of the commonest one, and there is no limit of a
    loss. Where nothing is decided a run fails whose `metric` is not above `metric_limit`, what chance gives and two standard errors.
    """

    failed: tuple[FailedRun, ...]
    runs: int
    rate: float
    interval: Interval
    accuracy_limit: float | None
    loss_limit: float
    keep: tuple[int, ...]
    majority: float | None = None
    metric: str = ""
    metric_limit: float | None = None
    of: str = "the largest class"

    def sentence(self, run: FailedRun) -> str:
        """Why a run failed, with what was seen and its limit."""
        reasons: list[str] = []
        if "metric" in run.reasons and self.metric:
            value = "not defined" if run.value is None else f"{run.value:.3f}"
            reasons.append(
                f"its {runs_metric(self.metric).form.title} is {value}, and chance alone gives up to {self.metric_limit or 0.0:.3f}"
            )
        elif "metric" in run.reasons:
            reasons.append(
                f"its accuracy of {100 * (run.accuracy or 0.0):.1f} % is not shown to be above {self.of}'s "
                f"{100 * (self.majority or 0.0):.1f} % (limit {100 * (self.accuracy_limit or 0.0):.1f} %)"
            )
        if "loss" in run.reasons:
            number = run.loss is not None and math.isfinite(run.loss)
            loss = f"{run.loss:.3g} nats, the loss of guessing" if number else "no number"
            reasons.append(f"its final loss is {loss} (limit {self.loss_limit:.3g} nats)")
        if "not_finite" in run.reasons:
            reasons.append("some of its logits are not finite")
        return ", ".join(reasons)

    def and_diverged(self, count: int, confidence: float) -> FailedRuns:
        """The same with further runs that left no model."""
        if not count:
            return self
        gone = tuple(FailedRun(self.runs + k, None, None, ("diverged",)) for k in range(count))
        failed, runs = (*self.failed, *gone), self.runs + count
        return self._replace(
            failed=failed,
            runs=runs,
            rate=len(failed) / runs,
            interval=clopper_pearson(len(failed), runs, confidence),
        )


def diverged_runs(count: int, confidence: float) -> FailedRuns | None:
    """Runs that left no model, and no others; None without runs."""
    none = FailedRuns((), 0, 0.0, Interval(0.0, 1.0), None, math.inf, ())
    return none.and_diverged(count, confidence) if count else None


def failed_runs(
    population: Population, losses: Sequence[float | None] | None = None, confidence: float = 0.95
) -> FailedRuns:
    """Find the failed runs. losses:  each run's final training loss (cross-entropy in nats), None where unknown."""
    labelled = population.labelled()
    majority = _majority(labelled)
    limit = _accuracy_limit(labelled, majority)
    of_metric = _by_chance(labelled)
    # The loss of guessing an answer, or a token, depends on how many there are to guess among; that of a score on its unit.
    limited = population.counted in ("classes", "words", "choices")
    loss_limit = _LOSS_SHARE * _options(population) if limited else math.inf
    failed: list[FailedRun] = []
    for run in range(population.runs):
        accuracy = None
        reasons: list[Reason] = []
        if labelled is not None and labelled.labels is not None:
            accuracy = _accuracy(labelled, run)
            if limit is not None and accuracy is not None and accuracy <= limit:
                reasons.append("metric")
        value = None if of_metric is None else float(of_metric.values[run])
        if of_metric is not None and not (value or 0.0) > of_metric.limit:
            reasons.append("metric")
        loss = losses[run] if losses is not None else None
        if loss is not None and limited and population.classes > 1 and not loss < loss_limit:
            reasons.append("loss")
        if (population.predictions[run] < 0).any():
            reasons.append("not_finite")
        if reasons:
            known = value if value is not None and math.isfinite(value) else None
            failed.append(FailedRun(run, accuracy, loss, tuple(reasons), known))
    gone = {run.run for run in failed}
    return FailedRuns(
        tuple(failed),
        population.runs,
        len(failed) / population.runs if population.runs else 0.0,
        clopper_pearson(len(failed), population.runs, confidence),
        limit,
        loss_limit,
        tuple(run for run in range(population.runs) if run not in gone),
        majority,
        "" if of_metric is None else of_metric.name,
        None if of_metric is None else of_metric.limit,
        _OF.get(population.counted, "the largest class"),
    )


class _ByChance(NamedTuple):
    """A metric of each run, and the most that chance gives."""

    name: str
    values: NDArray[np.float64]
    limit: float


def _by_chance(labelled: Population | None) -> _ByChance | None:
    """Where nothing is decided: the metric by which runs are known to have learnt nothing; None without labels, and where so few examples
    give every value by chance."""
    if labelled is None or labelled.decides:
        return None
    metric = runs_metric(labelled.metrics[0])
    by_chance: Callable[[Outputs], float] | None = getattr(metric, "by_chance", None)
    outputs = labelled.outputs()
    limit = metric.range.high if by_chance is None else by_chance(outputs)
    return None if limit >= metric.range.high else _ByChance(metric.name, metric.values(outputs), limit)


def _options(population: Population) -> float:
    """The loss of guessing, in nats: the mean of ln K."""
    if population.counted != "choices":
        return math.log(population.classes)
    return float(np.log(_choices(population)).mean())


def _choices(population: Population) -> NDArray[np.int64]:
    """[examples] how many choices each has."""
    first: NDArray[np.float64] = population.logits[0]
    return np.array([len(row) - np.count_nonzero(row == -np.inf) for row in first], dtype=np.int64)


def _singles(labelled: Population) -> NDArray[np.int64] | None:
    """The labels that single decisions are held against: those of words, where these are tagged; None where answers have no one label."""
    decided = labelled.decided
    return labelled.labels if decided is None else decided.labels


def _accuracy(labelled: Population, run: int) -> float | None:
    labels = _singles(labelled)
    if labels is None:
        return None
    decided = labelled.decided
    picked = labelled.predictions if decided is None or decided.predictions is None else decided.predictions
    return float((picked[run] == labels).mean())


def _majority(labelled: Population | None) -> float | None:
    labels = None if labelled is None else _singles(labelled)
    if labels is None or not len(labels):
        return None
    share = float(np.bincount(labels).max()) / len(labels)
    if labelled is not None and labelled.counted == "choices":
        return max(share, float((1 / _choices(labelled)).mean()))
    return share


def _accuracy_limit(labelled: Population | None, majority: float | None) -> float | None:
    if labelled is None or majority is None:
        return None
    labels = _singles(labelled)
    count = labelled.examples if labels is None else len(labels)
    limit = majority + 2 * math.sqrt(majority * (1 - majority) / count)
    return limit if limit < 1 else None  # otherwise a run that is always right would fail
