"""Whether a candidate is equivalent to a baseline, or different from it, and how many runs would settle it.

The margins must have been fixed before looking. "Not significant" is not parity: what cannot be shown is inconclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.difference import Difference, tost
from parity.seed_audit.measures.excess import ExcessChurn
from parity.seed_audit.measures.spending import Levels, applied, spend
from parity.seed_audit.population.failed import FailedRuns
from parity.seed_audit.verdict.reasons import Reason, check_confidences, of_fixed_seeds, without_metric
from parity.seed_audit.verdict.runs_needed import RunsNeeded, runs_for_difference

__all__ = ["BothArms", "Comparison", "compare_arms"]

_TIE = 1e-9


class BothArms(NamedTuple):
    """What there is to compare two arms by. `runs` of the baseline and of the candidate that share no seed.

    `difference` is None without labels (then churn alone decides, and that is reported), `excess` with one run in an arm. `fixed` are the
    seeds that never moved in an arm, `decides` says that the runs decide something, and `missing` counts the runs that were requested and do not count, of both arms.
    """

    difference: Difference | None
    excess: ExcessChurn | None
    runs: tuple[int, int]
    fixed: Sequence[str] = ()
    failed: Sequence[FailedRuns] = ()
    missing: int = 0
    decides: bool = True


class Comparison(NamedTuple):
    """The verdict over two arms. `inside_margin`: different, and also shown to lie inside the margin.

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


class _Tests(NamedTuple):
    """The results of the tests: their reasons, whether one shows a difference, and whether all that there are show equivalence."""

    reasons: list[Reason]
    different: bool
    alike: bool


def compare_arms(margins: Margins, arms: BothArms, unmeasured: Sequence[Reason] = ()) -> Comparison:
    """Different if the t test or the permutation test rejects, each at its part of alpha; equivalent if TOST passes and excess churn is surely
    within its budget; where both, different but inside the margin. A failed or missing run in an arm prevents equivalence, and so
    does a seed that never moved in either (`fixed`): what holds for one set of initial weights need not hold for another; and
    what was requested and not measured (`unmeasured`). Intervals at confidence 1 - alpha, else ValueError.
    """
    difference, excess, runs = arms.difference, arms.excess, arms.runs
    check_confidences(
        margins,
        None if difference is None else difference.estimate.confidence,
        None if excess is None else excess.estimate.confidence,
    )
    p = None if difference is None else difference.p
    levels = spend(margins.alpha, difference=p is not None, least=None if excess is None else excess.least_p)
    shown = applied(levels, margins.alpha, p, None if excess is None else excess.p)
    of_metric = _of_metric(margins, arms, shown, unmeasured)
    of_churn = _of_churn(margins, excess, shown)
    if (
        not arms.decides
    ):  # there is no churn: the metric alone is judged, from as many runs as churn would need
        of_churn = of_churn._replace(alike=min(runs) >= 3)
    different = of_metric.different or of_churn.different
    sound = min(runs) >= 2 and not arms.missing and not any(arm.failed for arm in arms.failed)
    alike = sound and of_metric.alike and of_churn.alike
    prevented = alike and bool(arms.fixed or unmeasured)
    alike &= not prevented
    return Comparison(
        "different" if different else "equivalent" if alike else "inconclusive",
        different and alike,
        (
            *_of_runs(arms),
            *of_fixed_seeds(arms.fixed),
            *unmeasured,
            *of_metric.reasons,
            *of_churn.reasons,
        ),
        runs,
        _needed(margins, arms, settled=different or alike, prevented=prevented and not different),
        levels.together,
        levels,
    )


def _of_runs(arms: BothArms) -> list[Reason]:
    """Runs that failed, are missing, or are too few."""
    found: list[Reason] = []
    failed, fewest = sum(len(arm.failed) for arm in arms.failed), min(arms.runs)
    if failed:
        found.append(Reason("failed_runs", float(failed), 0.0, False))
    if arms.missing:
        found.append(Reason("missing_runs", float(arms.missing), 0.0, False))
    if fewest < 3:
        found.append(Reason("few_runs", float(fewest), 3.0, False))
    return found


def _of_metric(margins: Margins, arms: BothArms, shown: Levels, unmeasured: Sequence[Reason]) -> _Tests:
    """The t test and the test of equivalence; without labels there is neither, and nothing that prevents equivalence."""
    difference = arms.difference
    if difference is None:
        without = (
            []
            if not min(arms.runs) or without_metric(unmeasured)
            else [Reason("no_labels", None, None, False)]
        )
        return _Tests(without, False, True)
    p = difference.p
    if p is None:
        return _Tests([], False, without_metric(unmeasured))
    different = p <= shown.difference
    reasons, alike = [Reason("difference", p, shown.difference, different)], True
    equivalence = tost(difference, margins.metric, margins.alpha)
    if equivalence is not None:
        reasons.append(Reason("tost", equivalence.p, margins.alpha, equivalence.equivalent))
        alike = equivalence.equivalent
    return _Tests(reasons, different, alike)


def _of_churn(margins: Margins, excess: ExcessChurn | None, shown: Levels) -> _Tests:
    """The permutation test, and the upper bound of excess churn; without a bound nothing is equivalent."""
    if excess is None:
        return _Tests([], False, False)
    different = excess.p <= shown.permutation + _TIE
    reasons = [Reason("permutation", excess.p, shown.permutation, different)]
    bounds = excess.estimate.interval
    if bounds is None:
        return _Tests(reasons, different, False)
    held = bounds.high <= margins.excess_budget
    reasons.append(Reason("excess_high", bounds.high, margins.excess_budget, held))
    return _Tests(reasons, different, held)


def _needed(margins: Margins, arms: BothArms, *, settled: bool, prevented: bool) -> RunsNeeded:
    """Runs an arm that would settle it; prevented: everything is within its limits, and something else prevents equivalence."""
    if prevented:
        return (
            RunsNeeded(max(3, *arms.runs), "every_seed") if arms.fixed else RunsNeeded(None, "not_measured")
        )
    if settled:
        return RunsNeeded(min(arms.runs), "enough")
    return runs_for_difference(
        arms.difference.estimate if arms.difference else None,
        margins.metric,
        arms.excess.estimate if arms.excess else None,
        margins.excess_budget,
        arms.runs,
        margins.alpha,
    )
