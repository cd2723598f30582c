"""The verdict over two arms as they were gathered: candidate against baseline, from the runs that may be averaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from parity.records.comparison_statistics import BaselineRecord, LevelsRecord, SliceDifferenceRecord
from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.between import TwoArms, two_arms
from parity.seed_audit.population.arms import ArmRuns
from parity.seed_audit.population.population import Population
from parity.seed_audit.recorded import recorded
from parity.seed_audit.verdict.equivalence import BothArms, Comparison, compare_arms
from parity.seed_audit.verdict.reasons import Reason
from parity.seed_audit.verdict.runs_needed import RunsNeeded

__all__ = ["Against", "against_baseline"]


class Against(NamedTuple):
    """The verdict, and the record of the statistics between the arms (None where an arm has no run to compare)."""

    comparison: Comparison
    record: BaselineRecord | None


def against_baseline(
    arms: Sequence[ArmRuns],
    primary: str,
    margins: Margins,
    slices: NDArray[np.str_] | None = None,
    unmeasured: Sequence[Reason] = (),
) -> Against:
    """Judge the candidate, the first of two arms, against the baseline; unmeasured: what was requested and was not measured."""
    candidate, baseline = (arm.population for arm in arms)
    found: TwoArms | None = None
    if candidate is not None and baseline is not None:
        paired = _paired(baseline, candidate)
        found = two_arms(baseline, candidate, primary, margins, slices, paired=paired)
    kept = (len(arms[1].kept), len(arms[0].kept))
    baseline_runs, candidate_runs = kept if found is None or found.record.runs is None else found.record.runs
    both = BothArms(
        found.difference if found is not None else None,
        found.excess if found is not None else None,
        runs=(baseline_runs, candidate_runs),
        fixed=[] if found is None else found.record.conditional_on,
        failed=[arm.failed for arm in arms if arm.failed is not None],
        missing=sum(arm.missing for arm in arms),
        decides=candidate is None or candidate.decides,
    )
    comparison = compare_arms(margins, both, unmeasured)
    if found is None:
        return Against(_of_seeds(comparison, arms), None)
    parts = found.record.slices
    comparison = _of_seeds(_of_slices(comparison, parts, margins.alpha), arms)
    record = msgspec.structs.replace(
        found.record,
        slices=[_in_all(part, comparison) for part in parts],
        false_alarm=comparison.false_alarm,
        levels=recorded(comparison.levels, LevelsRecord),
    )
    return Against(comparison, record)


def _of_slices(comparison: Comparison, parts: Sequence[SliceDifferenceRecord], alpha: float) -> Comparison:
    """A comparison in which a slice differs by more than the margin allows is neither a pass nor evidence that the arms differ.

    Slices are tests in addition to the two that share alpha: if one of them could make the verdict "different" as well, equal arms
    would be called different more often than alpha.
    """
    apart = [part.p_holm for part in parts if part.p_holm is not None and part.differs and not part.inside]
    if not apart or not (comparison.verdict == "equivalent" or comparison.inside_margin):
        return comparison
    reasons = (*comparison.reasons, Reason("slices_apart", min(apart), alpha, False))
    if comparison.verdict == "different":
        return comparison._replace(inside_margin=False, reasons=reasons)
    needed = RunsNeeded(max(comparison.runs) + 1, "at_least")
    return comparison._replace(verdict="inconclusive", reasons=reasons, runs_needed=needed)


def _in_all(part: SliceDifferenceRecord, comparison: Comparison) -> SliceDifferenceRecord:
    """A slice in the record: it is reported to differ only where the arms are found different; `apart` is its test by itself."""
    found = part.differs
    differs = found if not found else comparison.verdict == "different"
    return msgspec.structs.replace(part, differs=differs, apart=found)


def _of_seeds(comparison: Comparison, arms: Sequence[ArmRuns]) -> Comparison:
    """A comparison with a seed that changed nothing shows no equivalence: the runs vary by less than their seeds suggest."""
    faults = [fault for arm in arms if arm.check is not None for fault in arm.check.faults]
    if not any(fault.kind == "seed_without_effect" for fault in faults):
        return comparison
    reasons = (Reason("seed_without_effect", None, None, False), *comparison.reasons)
    if comparison.verdict != "equivalent":
        return comparison._replace(inside_margin=False, reasons=reasons)
    needed = RunsNeeded(min(comparison.runs) + 1, "at_least")
    return comparison._replace(verdict="inconclusive", reasons=reasons, runs_needed=needed)


def _paired(baseline: Population, candidate: Population) -> bool:
    """Whether each run of an arm has one of the same seeds in the other, and no second one."""
    seeds = [[tuple(sorted(run.items())) for run in side.factors] for side in (baseline, candidate)]
    return all(seeds[0]) and seeds[0] == seeds[1] and len(set(seeds[0])) == len(seeds[0])
