"""Whether a recipe is stable, and what would settle it.

The margins must have been fixed before looking. What cannot be shown is inconclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.churn import Churn
from parity.seed_audit.measures.metric_spread import MetricSpread
from parity.seed_audit.population.failed import FailedRuns
from parity.seed_audit.population.integrity import SeedCheck
from parity.seed_audit.verdict.reasons import Reason, check_confidences, of_fixed_seeds, without_metric
from parity.seed_audit.verdict.runs_needed import RunsNeeded, runs_for_stability
from parity.statistics.quantiles import normal_quantile

__all__ = ["OneArm", "Stability", "judge_stability"]

_ENOUGH_RUNS = 5  # runs: with fewer a seed effect as large as the flip noise goes unseen every other time


class OneArm(NamedTuple):
    """What there is to judge one arm by: the metric and the churn of its runs, None where there is none.

    `independent` of the runs share no seed (None: all). `fixed` are the seeds that never moved. `missing` runs were requested
    and are not among them, lost or on other data. `seeds`: what the seeds did. `decides`: the runs decide something, so that there is churn.
    """

    metric: MetricSpread | None
    churn: Churn | None
    runs: int
    independent: int | None = None
    fixed: Sequence[str] = ()
    failed: FailedRuns | None = None
    seeds: SeedCheck | None = None
    missing: int = 0
    decides: bool = True

    @property
    def apart(self) -> int:
        """How many of the runs share no seed."""
        return self.runs if self.independent is None else self.independent

    @property
    def dead_seed(self) -> bool:
        """Whether a seed changed nothing."""
        return self.seeds is not None and any(
            fault.kind == "seed_without_effect" for fault in self.seeds.faults
        )


class Stability(NamedTuple):
    """The verdict over one arm."""

    verdict: Literal["stable", "unstable", "inconclusive"]
    reasons: tuple[Reason, ...]
    runs: int
    runs_needed: RunsNeeded


def judge_stability(margins: Margins, arm: OneArm, unmeasured: Sequence[Reason] = ()) -> Stability:
    """Stable if a new run is expected within the margin and churn is surely within its budget; unstable if a run failed, or
    if even a lower bound exceeds its limit. Else inconclusive.

    With fewer than three runs that share no seed nothing is judged by their figures: it is inconclusive unless a run failed.
    A seed without effect, a seed that never moved (`fixed`: the intervals are conditional on it), and runs that were requested
    and are missing prevent "stable", and so does what was requested and not measured (`unmeasured`). Without labels churn
    alone decides, and that is reported; where runs decide nothing, the metric alone. Metric and churn are at confidence 1 - alpha, else ValueError.
    """
    metric, churn = arm.metric, arm.churn
    check_confidences(
        margins,
        None if metric is None else metric.spread.confidence,
        None if churn is None else churn.estimate.confidence,
    )
    judged = _judged(margins, metric, churn) if arm.apart >= 3 else []
    failed = arm.failed is not None and bool(arm.failed.failed)
    # A lower bound above its limit shows instability; upper bounds within their limits show stability, and all must be there.
    unstable = failed or any(
        reason.about in ("new_run_low", "churn_low") and not reason.holds for reason in judged
    )
    uppers = [reason for reason in judged if reason.about in ("new_run", "churn_high")]
    bounded = int(metric is not None and not without_metric(unmeasured)) + int(arm.decides)
    inside = len(uppers) >= max(1, bounded) and all(reason.holds for reason in uppers)
    whole = not arm.dead_seed and not arm.missing and not arm.fixed and not unmeasured
    return Stability(
        "unstable" if unstable else "stable" if inside and whole else "inconclusive",
        (*_of_runs(arm), *of_fixed_seeds(arm.fixed), *unmeasured, *_of_labels(arm, unmeasured), *judged),
        arm.runs,
        _needed(margins, arm, uppers, unmeasured, _Found(unstable, inside, whole)),
    )


class _Found(NamedTuple):
    """Whether a limit is surely exceeded, whether all are surely kept, and whether nothing else prevents a pass."""

    unstable: bool
    inside: bool
    whole: bool


def _of_runs(arm: OneArm) -> list[Reason]:
    """Runs that failed, are missing, too few or share seeds, and a seed that changed nothing."""
    found: list[Reason] = []
    if arm.failed is not None and arm.failed.failed:
        found.append(Reason("failed_runs", float(len(arm.failed.failed)), 0.0, False))
    if arm.dead_seed:
        found.append(Reason("seed_without_effect", None, None, False))
    if arm.missing:
        found.append(Reason("missing_runs", float(arm.missing), 0.0, False))
    if arm.runs < 3:
        found.append(Reason("few_runs", float(arm.runs), 3.0, False))
    elif arm.apart < 3:
        found.append(Reason("shared_seeds", float(arm.apart), 3.0, False))
    return found


def _of_labels(arm: OneArm, unmeasured: Sequence[Reason]) -> list[Reason]:
    if arm.metric is None and arm.runs and not without_metric(unmeasured):
        return [Reason("no_labels", None, None, False)]
    return []


def _needed(
    margins: Margins, arm: OneArm, uppers: Sequence[Reason], unmeasured: Sequence[Reason], found: _Found
) -> RunsNeeded:
    """Runs that would settle it; uppers: the reasons that are upper bounds."""
    metric, churn = arm.metric, arm.churn
    if not arm.decides and not found.unstable and (metric is None or without_metric(unmeasured)):
        return RunsNeeded(None, "not_measured")
    if not found.unstable and (arm.fixed or arm.apart < 3 <= arm.runs):
        return RunsNeeded(max(3, arm.runs), "every_seed")
    if found.unstable or (found.inside and found.whole):
        return RunsNeeded(arm.runs, "enough")
    if found.inside:
        if unmeasured and not arm.missing:
            return RunsNeeded(None, "not_measured")
        if arm.dead_seed and not arm.missing:
            return RunsNeeded(None, "dead_seed")
        return RunsNeeded(arm.runs + max(arm.missing, 1), "at_least")
    if metric is not None and arm.apart >= _ENOUGH_RUNS and _of_examples(metric, uppers, margins.alpha):
        return RunsNeeded(None, "examples")
    return runs_for_stability(
        metric.spread.sd if metric else None,
        margins.metric,
        churn.estimate if churn else None,
        margins.churn,
        arm.apart,
        margins.alpha,
    )


def _judged(margins: Margins, metric: MetricSpread | None, churn: Churn | None) -> list[Reason]:
    """The metric's and the churn's bounds against their limits; those that are known."""
    found: list[Reason] = []
    if metric is not None:
        half, interval = metric.spread.new_run_half_width, metric.spread.sd_interval
        if half is not None and interval is not None:
            low = normal_quantile(1 - margins.alpha / 2) * interval.low
            found.append(Reason("new_run", half, margins.metric, half <= margins.metric))
            found.append(Reason("new_run_low", low, margins.metric, low <= margins.metric))
    if churn is not None and churn.estimate.interval is not None:
        bounds = churn.estimate.interval
        found.append(Reason("churn_high", bounds.high, margins.churn, bounds.high <= margins.churn))
        found.append(Reason("churn_low", bounds.low, margins.churn, bounds.low <= margins.churn))
    return found


def _of_examples(metric: MetricSpread, uppers: Sequence[Reason], alpha: float) -> bool:
    """Whether it is the metric's spread that leaves it open, and the examples produce that spread by themselves."""
    open_metric = any(reason.about == "new_run" and not reason.holds for reason in uppers)
    return open_metric and metric.seed is not None and metric.seed.unseen(alpha)
