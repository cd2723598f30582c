"""The statistics of one arm and of two, drawn from the kept runs; where there are too few, null and not a guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.seed_audit import ArmRecord, StageSimilarity
from parity.seeds.agreement import Agreement, agreement
from parity.seeds.arms import ArmRuns
from parity.seeds.calibration import run_calibration
from parity.seeds.churn import Churn, churn, churn_kinds
from parity.seeds.cka import population_similarity
from parity.seeds.difference import Difference, difference, tost
from parity.seeds.distances import run_distances
from parity.seeds.excess import ExcessChurn, excess_churn
from parity.seeds.gate import Margins
from parity.seeds.label_temperature import fit_label_temperature, temperature_spread
from parity.seeds.metric import MetricSpread, metric_spread
from parity.seeds.plain import plain
from parity.seeds.population import Population
from parity.seeds.power import can_show
from parity.seeds.scores import Metric
from parity.seeds.slices import slice_differences, slice_spreads
from parity.seeds.variance import grid_of, logit_split, metric_split

__all__ = ["METRICS", "ArmStatistics", "TwoArms", "arm_statistics", "calibration_of", "two_arms"]

METRICS: tuple[Metric, ...] = ("accuracy", "macro_f1", "nll", "brier")


class ArmStatistics(NamedTuple):
    """One arm: what the gate needs, and the record of everything."""

    primary: MetricSpread | None
    churn: Churn | None
    agreement: Agreement | None
    record: ArmRecord


class TwoArms(NamedTuple):
    """Candidate against baseline: what the gate needs, and the record of everything."""

    difference: Difference | None
    excess: ExcessChurn | None
    record: dict[str, Any]


def arm_statistics(
    runs: ArmRuns,
    primary: Metric,
    temperatures: Sequence[float],
    confidence: float,
    slices: NDArray[np.str_] | None = None,
) -> ArmStatistics:
    """Everything about the kept runs of one arm; slices: [examples] the slice of each."""
    population = runs.population
    failed: dict[str, Any] = plain(runs.failed) if runs.failed is not None else {}
    if population is None:
        empty = ArmRecord(
            arm=runs.arm,
            runs=0,
            failed=failed,
            metrics={},
            churn=None,
            agreement=None,
            distances=[],
            variance=None,
            cka=[],
            temperature=None,
            can_show=None,
            slices=[],
        )
        return ArmStatistics(None, None, None, empty)
    labelled = population.labelled()
    spreads: dict[Metric, MetricSpread] = {}
    if labelled is not None:
        spreads = {metric: metric_spread(population, metric, confidence=confidence) for metric in METRICS}
    several = population.runs >= 2
    found = churn(population.predictions, confidence) if several else None
    agreed = (
        agreement(
            population.predictions,
            population.labels,
            classes=population.classes,
            confidence=confidence,
            keep=50,
        )
        if several
        else None
    )
    kinds = (
        plain(churn_kinds(population.predictions, None, population.labels))
        if several and population.labels is not None
        else None
    )
    record = ArmRecord(
        arm=runs.arm,
        runs=population.runs,
        failed=failed,
        metrics={name: plain(spread) for name, spread in spreads.items()},
        churn={**plain(found), "kinds": kinds} if found is not None else None,
        agreement=None if agreed is None else _without_contested(agreed),
        distances=plain(run_distances(population.logits, temperatures, confidence)) if several else [],
        variance=_variance(population, primary, labelled is not None, confidence),
        cka=_similarities(runs),
        temperature=_temperatures(labelled, confidence),
        can_show=plain(can_show(population.runs, 1 - confidence)) if several else None,
        slices=_slice_spreads(population, primary, slices, confidence),
    )
    return ArmStatistics(spreads.get(primary), found, agreed, record)


def two_arms(
    baseline: Population,
    candidate: Population,
    primary: Metric,
    margins: Margins,
    slices: NDArray[np.str_] | None,
    *,
    paired: bool,
) -> TwoArms:
    """The candidate against the baseline on the same examples."""
    confidence = 1 - margins.alpha
    labelled = baseline.labelled() is not None and candidate.labelled() is not None
    found: dict[Metric, Difference] = {}
    if labelled:
        found = {
            metric: difference(baseline, candidate, metric, paired=paired, confidence=confidence)
            for metric in METRICS
        }
    enough = min(baseline.runs, candidate.runs) >= 2
    excess = (
        excess_churn(baseline.predictions, candidate.predictions, confidence=confidence) if enough else None
    )
    first = found.get(primary)
    equivalence = tost(first, margins.metric, margins.alpha) if first is not None else None
    kinds = None
    if labelled and candidate.labels is not None:
        kinds = plain(churn_kinds(baseline.predictions, candidate.predictions, candidate.labels))
    record = {
        "paired": paired,
        "differences": {name: plain(item) for name, item in found.items()},
        "tost": plain(equivalence),
        "excess_churn": plain(excess),
        "churn_kinds": kinds,
        "slices": _slice_differences(baseline, candidate, primary, margins, slices, paired)
        if labelled
        else [],
        "can_show": plain(can_show(min(baseline.runs, candidate.runs), margins.alpha)) if enough else None,
    }
    return TwoArms(first, excess, record)


def _slice_differences(
    baseline: Population,
    candidate: Population,
    primary: Metric,
    margins: Margins,
    slices: NDArray[np.str_] | None,
    paired: bool,
) -> list[dict[str, Any]]:
    """The primary metric's difference in each slice, with p values adjusted by Holm over all slices."""
    if slices is None:
        return []
    found = slice_differences(
        baseline, candidate, slices.tolist(), primary, paired=paired, confidence=1 - margins.alpha
    )
    return [
        {
            "slice": part.name,
            "examples": part.examples,
            "difference": plain(part.difference),
            "p": None if part.difference is None else part.difference.p,
            "p_holm": part.p,
            "differs": None if part.p is None else part.p <= margins.alpha,
        }
        for part in found
    ]


def _slice_spreads(
    population: Population, primary: Metric, slices: NDArray[np.str_] | None, confidence: float
) -> list[dict[str, Any]]:
    """The primary metric over the runs in each slice."""
    if slices is None or population.labels is None:
        return []
    found = slice_spreads(population, slices.tolist(), primary, confidence=confidence)
    return [{"slice": part.name, "examples": part.examples, "metric": plain(part.spread)} for part in found]


def _variance(
    population: Population, primary: Metric, labelled: bool, confidence: float
) -> dict[str, Any] | None:
    grid = grid_of(population)
    if grid is None:
        return None
    split = logit_split(population, grid)
    metric = None
    if labelled and primary != "macro_f1":
        metric = plain(metric_split(population, grid, primary, confidence))
    return {"first": "init_seed", "second": "order_seed", "logits": plain(split), primary: metric}


def _similarities(runs: ArmRuns) -> list[StageSimilarity]:
    kept = [runs.members[index].collected for index in runs.kept]
    known = [run for run in kept if run is not None and run.stages]
    if len(known) < 2 or len(known) < len(kept):
        return []
    found: list[StageSimilarity] = []
    for stage in known[0].stages:
        vectors = [run.stages.get(stage) for run in known]
        first = vectors[0]
        if first is None or any(item is None or item.shape != first.shape for item in vectors):
            continue
        seen = population_similarity([item for item in vectors if item is not None])
        found.append(StageSimilarity(stage=stage, **plain(seen)))
    return found


def _temperatures(labelled: Population | None, confidence: float) -> dict[str, Any] | None:
    if labelled is None or labelled.labels is None:
        return None
    fits = [fit_label_temperature(logits, labelled.labels, confidence) for logits in labelled.logits]
    return {"runs": plain(fits), "log_spread": plain(temperature_spread(fits, confidence))}


def _without_contested(agreed: Agreement) -> dict[str, Any]:
    record: dict[str, Any] = plain(agreed)
    del record["contested"]
    return record


def calibration_of(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, Any]:
    """One run's calibration against the labels: ECE beside that of a calibrated model, ACE, NLL, Brier, fitted T."""
    known = labels >= 0
    record: dict[str, Any] = plain(run_calibration(logits[known], labels[known]))
    return record
