"""The verdicts: is a recipe stable, and is a candidate equivalent to a baseline, each with what would settle it.

The margins must have been fixed before looking. "Not significant" is not parity: what cannot be shown is inconclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from parity.seed_audit.measures.churn import Churn
from parity.seed_audit.measures.difference import Difference, tost
from parity.seed_audit.measures.excess import ExcessChurn
from parity.seed_audit.measures.metric_spread import MetricSpread
from parity.seed_audit.measures.spending import Levels, applied, spend
from parity.seed_audit.population.failed import FailedRuns
from parity.seed_audit.population.integrity import SeedCheck
from parity.seed_audit.verdict.runs_needed import RunsNeeded, runs_for_difference, runs_for_stability
from parity.statistics.quantiles import normal_quantile
from parity.subjects.training import known_factors

__all__ = ["Comparison", "Margins", "Reason", "Stability", "compare_arms", "judge_stability"]

_TELLING = 5  # runs: with fewer a seed effect as large as the flip noise goes unseen every other time


class Margins(NamedTuple):
    """What was asked for beforehand: the metric's margin (its own unit), the churn budget (a share), alpha, and how far
    churn between the arms may exceed churn within them (None: as much as the metric's margin).
    """

    metric: float
    churn: float
    alpha: float = 0.05
    excess: float | None = None

    @property
    def excess_budget(self) -> float:
        return self.metric if self.excess is None else self.excess


class Reason(NamedTuple):
    """One thing that was looked at: the value seen, its limit, and whether it holds (for "difference" and "permutation": is
    shown). value and limit are None where there is nothing to measure.

    metric_not_measured, labels_not_classes (a share), labels_too_few (the share of labelled examples that could differ unseen),
    slices_not_measured (how many): what was requested and not measured, or not in full (`parity/seed_audit/verdict/unmeasured.py`).
    slices_apart: the least p of a slice, Holm's, where the arms as a whole are not shown to differ.
    failed_runs: how many, of 0. missing_runs: how many of those asked for could not be counted, of 0. shared_seeds: how many
    runs share no seed, of three. seed_fixed, or the reason that the seed's adapter names: it never moved. new_run: half-width for a new run, at
    most the metric's margin. new_run_low: what the lower bound of the SD gives (z s_low), above the margin or not. churn_high, churn_low: the bounds of mean churn against the budget. difference: p of the two-sided t test. tost: p of
    the equivalence test. excess_high: the upper bound of excess churn. permutation: p of its test.
    """

    about: str
    value: float | None
    limit: float | None
    holds: bool


class Stability(NamedTuple):
    """The verdict over one arm."""

    verdict: Literal["stable", "unstable", "inconclusive"]
    reasons: tuple[Reason, ...]
    runs: int
    runs_needed: RunsNeeded


class Comparison(NamedTuple):
    """The verdict over two arms. `inside_margin`: different, and at once shown to lie inside the margin.

    `false_alarm` bounds the chance of "different" when the arms are alike: what of alpha was spent on the two tests, `levels` on
    each (`parity/seed_audit/measures/spending.py`).
    """

    verdict: Literal["equivalent", "different", "inconclusive"]
    inside_margin: bool
    reasons: tuple[Reason, ...]
    runs: tuple[int, int]
    runs_needed: RunsNeeded
    false_alarm: float
    levels: Levels = Levels(0.0, 0.0)


def judge_stability(
    margins: Margins,
    metric: MetricSpread | None,
    churn: Churn | None,
    *,
    runs: int,
    independent: int | None = None,
    fixed: Sequence[str] = (),
    failed: FailedRuns | None = None,
    seeds: SeedCheck | None = None,
    missing: int = 0,
    unmeasured: Sequence[Reason] = (),
) -> Stability:
    """Stable if a new run is expected within the margin and churn is surely within its budget; unstable if a run failed, or
    if even a lower bound exceeds its limit. Else inconclusive.

    With fewer than three runs that share no seed nothing is judged by their figures: it is inconclusive unless a run failed.
    A seed without effect, a seed that never moved (`fixed`: the intervals are conditional on it), and runs that were asked for
    and are missing bar "stable", and so does what was requested and not measured (`unmeasured`).

    metric: None without labels (then churn alone decides, and it is said). churn: None with one run. runs: that went into
    both, failed ones left out; `independent` of them share no seed (None: all). missing: that were asked for and are not among
    them, lost or on other data. Both at confidence 1 - alpha, else ValueError.
    """
    _same_alpha(
        margins, [metric.spread.confidence] if metric else [], [churn.estimate.confidence] if churn else []
    )
    apart = runs if independent is None else independent
    reasons: list[Reason] = []
    if failed is not None and failed.failed:
        reasons.append(Reason("failed_runs", float(len(failed.failed)), 0.0, False))
    beyond = bool(reasons)
    dead = seeds is not None and any(fault.kind == "seed_without_effect" for fault in seeds.faults)
    if dead:
        reasons.append(Reason("seed_without_effect", None, None, False))
    if missing:
        reasons.append(Reason("missing_runs", float(missing), 0.0, False))
    if runs < 3:
        reasons.append(Reason("few_runs", float(runs), 3.0, False))
    elif apart < 3:
        reasons.append(Reason("shared_seeds", float(apart), 3.0, False))
    reasons += _fixed(fixed)
    reasons += unmeasured
    if metric is None and runs and not _known(unmeasured):
        reasons.append(Reason("no_labels", None, None, False))
    judged = _judged(margins, metric, churn) if apart >= 3 else []
    reasons += judged
    # A lower bound beyond its limit condemns; an upper one within it acquits, and all must be there.
    beyond |= any(reason.about in ("new_run_low", "churn_low") and not reason.holds for reason in judged)
    uppers = [reason for reason in judged if reason.about in ("new_run", "churn_high")]
    inside = len(uppers) >= (1 if metric is None or _known(unmeasured) else 2) and all(
        reason.holds for reason in uppers
    )
    whole = not dead and not missing and not fixed and not unmeasured
    if not beyond and (fixed or apart < 3 <= runs):
        needed = RunsNeeded(max(3, runs), "every_seed")
    elif inside and not beyond and unmeasured and not missing:
        needed = RunsNeeded(None, "not_measured")
    elif inside and not beyond and dead and not missing:
        needed = RunsNeeded(None, "dead_seed")
    elif inside and not whole and not beyond:
        needed = RunsNeeded(runs + max(missing, 1), "at_least")
    elif beyond or inside:
        needed = RunsNeeded(runs, "enough")
    elif metric is not None and apart >= _TELLING and _of_examples(metric, uppers, margins.alpha):
        needed = RunsNeeded(None, "examples")
    else:
        needed = runs_for_stability(
            metric.spread.sd if metric else None,
            margins.metric,
            churn.estimate if churn else None,
            margins.churn,
            apart,
            margins.alpha,
        )
    return Stability(
        "unstable" if beyond else "stable" if inside and whole else "inconclusive",
        tuple(reasons),
        runs,
        needed,
    )


def _known(unmeasured: Sequence[Reason]) -> bool:
    """Whether it is among what was requested and not measured that there is no metric."""
    return any(reason.about == "metric_not_measured" for reason in unmeasured)


def _fixed(names: Sequence[str]) -> list[Reason]:
    known = known_factors()
    return [
        Reason(known[name].reason if name in known else "seed_fixed", None, None, False) for name in names
    ]


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


def compare_arms(
    margins: Margins,
    difference: Difference | None,
    excess: ExcessChurn | None,
    *,
    runs: tuple[int, int],
    fixed: Sequence[str] = (),
    failed: Sequence[FailedRuns] = (),
    missing: int = 0,
    unmeasured: Sequence[Reason] = (),
) -> Comparison:
    """Different if the t test or the permutation test rejects, each at its part of alpha; equivalent if TOST passes and excess churn is surely
    within its budget; where both, different but inside the margin. A failed or missing run in an arm bars equivalence, and so
    does a seed that never moved in either (`fixed`): what holds for one set of initial weights need not hold for another; and
    what was requested and not measured (`unmeasured`).

    runs: of each arm, that share no seed. difference: None without labels (then churn alone decides, and it is said).
    excess: None with one run in an arm.
    """
    _same_alpha(
        margins,
        [difference.estimate.confidence] if difference else [],
        [excess.estimate.confidence] if excess else [],
    )
    reasons: list[Reason] = []
    different, alike = False, min(runs) >= 2
    p = None if difference is None else difference.p
    levels = spend(margins.alpha, difference=p is not None, least=None if excess is None else excess.least_p)
    shown = applied(levels, margins.alpha, p, None if excess is None else excess.p)
    count = sum(len(arm.failed) for arm in failed)
    if count:
        reasons.append(Reason("failed_runs", float(count), 0.0, False))
        alike = False
    if missing:
        reasons.append(Reason("missing_runs", float(missing), 0.0, False))
        alike = False
    if min(runs) < 3:
        reasons.append(Reason("few_runs", float(min(runs)), 3.0, False))
    reasons += _fixed(fixed)
    reasons += unmeasured
    if difference is None:
        if min(runs) and not _known(unmeasured):
            reasons.append(Reason("no_labels", None, None, False))
    elif p is not None:
        found = p <= shown.difference
        reasons.append(Reason("difference", p, shown.difference, found))
        different |= found
        equivalence = tost(difference, margins.metric, margins.alpha)
        if equivalence is not None:
            reasons.append(Reason("tost", equivalence.p, margins.alpha, equivalence.equivalent))
            alike &= equivalence.equivalent
    else:
        alike &= _known(unmeasured)
    if excess is not None:
        found = excess.p <= shown.permutation + 1e-9
        reasons.append(Reason("permutation", excess.p, shown.permutation, found))
        different |= found
        bounds = excess.estimate.interval
        if bounds is not None:
            held = bounds.high <= margins.excess_budget
            reasons.append(Reason("excess_high", bounds.high, margins.excess_budget, held))
            alike &= held
        else:
            alike = False
    else:
        alike = False
    barred = alike and bool(fixed or unmeasured)
    alike &= not barred
    if barred and not different:
        needed = RunsNeeded(max(3, *runs), "every_seed") if fixed else RunsNeeded(None, "not_measured")
    elif different or alike:
        needed = RunsNeeded(min(runs), "enough")
    else:
        needed = runs_for_difference(
            difference.estimate if difference else None,
            margins.metric,
            excess.estimate if excess else None,
            margins.excess_budget,
            runs,
            margins.alpha,
        )
    return Comparison(
        "different" if different else "equivalent" if alike else "inconclusive",
        different and alike,
        tuple(reasons),
        runs,
        needed,
        levels.together,
        levels,
    )


def _same_alpha(margins: Margins, *confidences: list[float]) -> None:
    for confidence in (value for part in confidences for value in part):
        if abs(confidence - (1 - margins.alpha)) > 1e-9:
            raise ValueError(f"intervals at {confidence} cannot be judged at alpha {margins.alpha}")
