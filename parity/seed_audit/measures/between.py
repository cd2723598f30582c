"""The comparison of two arms, the candidate and the baseline, on the same examples; null where there are too few runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.records.arm_statistics import CanShowRecord, ChurnKindsRecord
from parity.records.comparison_statistics import (
    BaselineRecord,
    DifferenceRecord,
    EquivalenceRecord,
    ExcessChurnRecord,
    MetricDifferenceRecord,
    SliceDifferenceRecord,
)
from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.churn import churn_kinds
from parity.seed_audit.measures.difference import Difference, difference, tost
from parity.seed_audit.measures.excess import ExcessChurn, excess_churn
from parity.seed_audit.measures.power import can_show
from parity.seed_audit.measures.slices import slice_differences
from parity.seed_audit.population.design import design_of, shared_seeds
from parity.seed_audit.population.population import Population
from parity.seed_audit.recorded import recorded
from parity.statistics.holm import holm

__all__ = ["TwoArms", "two_arms"]


class TwoArms(NamedTuple):
    """Candidate against baseline: what the verdict needs, and the complete record."""

    difference: Difference | None
    excess: ExcessChurn | None
    record: BaselineRecord


def two_arms(
    baseline: Population,
    candidate: Population,
    primary: str,
    margins: Margins,
    slices: NDArray[np.str_] | None,
    *,
    paired: bool,
) -> TwoArms:
    """The candidate against the baseline on the same examples, over the runs of each arm that share no seed.

    Of a grid these are a diagonal: the tests take runs as independent.
    """
    confidence = 1 - margins.alpha
    designs = [design_of(arm) for arm in (baseline, candidate)]
    baseline, candidate = (
        arm.of_runs(design.alone) for arm, design in zip((baseline, candidate), designs, strict=True)
    )
    labelled = baseline.labelled() is not None and candidate.labelled() is not None
    found: dict[str, Difference] = {}
    if labelled:
        found = {
            metric: difference(baseline, candidate, metric, paired=paired, confidence=confidence)
            for metric in candidate.metrics
        }
    enough = min(baseline.runs, candidate.runs) >= 2
    matched = shared_seeds(baseline, candidate)
    excess = None
    if enough and candidate.decides and not matched.all():
        excess = excess_churn(
            baseline.predictions,
            candidate.predictions,
            confidence=confidence,
            matched=matched,
            texts=candidate.texts,
        )
    first = found.get(primary)
    equivalence = tost(first, margins.metric, margins.alpha) if first is not None else None
    kinds = None
    if labelled and candidate.right is not None:
        kinds = recorded(
            churn_kinds(baseline.predictions, candidate.predictions, candidate.right), ChurnKindsRecord
        )
    record = BaselineRecord(
        paired=paired,
        runs=(baseline.runs, candidate.runs),
        conditional_on=sorted({name for design in designs for name in design.fixed}),
        differences=_differences(found),
        tost=None if equivalence is None else recorded(equivalence, EquivalenceRecord),
        excess_churn=None if excess is None else recorded(excess, ExcessChurnRecord),
        churn_kinds=kinds,
        slices=_slice_differences(baseline, candidate, primary, margins, slices, paired) if labelled else [],
        can_show=recorded(can_show(min(baseline.runs, candidate.runs), margins.alpha), CanShowRecord)
        if enough
        else None,
    )
    return TwoArms(first, excess, record)


def _differences(found: Mapping[str, Difference]) -> dict[str, MetricDifferenceRecord]:
    """By metric, with p adjusted by Holm over the metrics: the primary one was fixed beforehand, the others were not."""
    ps = {name: item.p for name, item in found.items() if item.p is not None}
    adjusted = dict(zip(ps, holm(list(ps.values())), strict=True))
    return {
        name: recorded(item, MetricDifferenceRecord, p_holm=adjusted.get(name))
        for name, item in found.items()
    }


def _slice_differences(
    baseline: Population,
    candidate: Population,
    primary: str,
    margins: Margins,
    slices: NDArray[np.str_] | None,
    paired: bool,
) -> list[SliceDifferenceRecord]:
    """The primary metric's difference in each slice, with p values adjusted by Holm over all slices."""
    if slices is None:
        return []
    found = slice_differences(
        baseline, candidate, slices.tolist(), primary, paired=paired, confidence=1 - margins.alpha
    )
    return [
        SliceDifferenceRecord(
            slice=part.name,
            examples=part.examples,
            difference=None if part.difference is None else recorded(part.difference, DifferenceRecord),
            p=None if part.difference is None else part.difference.p,
            p_holm=part.p,
            differs=None if part.p is None else part.p <= margins.alpha,
            inside=_inside(part.difference, margins.metric),
        )
        for part in found
    ]


def _inside(found: Difference | None, margin: float) -> bool:
    """Whether the interval of a difference lies within the margin."""
    interval = None if found is None else found.estimate.interval
    return interval is not None and -margin < interval.low and interval.high < margin
