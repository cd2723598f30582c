"""The statistics of one arm, computed from the kept runs; null where there are too few, never a guess."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.records.arm_statistics import (
    AgreementRecord,
    ArmRecord,
    CanShowRecord,
    ChurnRecord,
    DistancesRecord,
    FailedRecord,
    LabelTemperatureRecord,
    MetricRecord,
    SliceSpreadRecord,
    SplitRecord,
    SpreadRecord,
    StageSimilarity,
    TemperaturesRecord,
    VarianceRecord,
)
from parity.records.runs import RunCalibrationRecord
from parity.seed_audit.measures.agreement import Agreement, agreement
from parity.seed_audit.measures.calibration import run_calibration
from parity.seed_audit.measures.churn import Churn, churn, churn_kinds, churn_matrix
from parity.seed_audit.measures.cka import population_similarity
from parity.seed_audit.measures.distances import run_distances
from parity.seed_audit.measures.label_temperature import fit_label_temperature, temperature_spread
from parity.seed_audit.measures.metric_spread import MetricSpread, metric_spread
from parity.seed_audit.measures.power import can_show
from parity.seed_audit.measures.slices import slice_spreads
from parity.seed_audit.measures.variance import grid_of, logit_split, metric_split
from parity.seed_audit.population.arms import ArmRuns
from parity.seed_audit.population.decided import local_codes
from parity.seed_audit.population.design import Design, design_of
from parity.seed_audit.population.population import Population
from parity.seed_audit.recorded import recorded
from parity.statistics.pairing import Pairing
from parity.subjects.training import grids

__all__ = ["ArmStatistics", "arm_statistics", "calibration_of"]


class ArmStatistics(NamedTuple):
    """One arm: what the verdict needs, and the complete record."""

    primary: MetricSpread | None
    churn: Churn | None
    agreement: Agreement | None
    design: Design | None
    record: ArmRecord

    @property
    def independent(self) -> int:
        """How many of its runs share no seed."""
        return 0 if self.design is None else len(self.design.alone)

    @property
    def fixed(self) -> tuple[str, ...]:
        """The seeds that never moved."""
        return () if self.design is None else self.design.fixed


def arm_statistics(
    runs: ArmRuns,
    primary: str,
    temperatures: Sequence[float],
    confidence: float,
    slices: NDArray[np.str_] | None = None,
) -> ArmStatistics:
    """Everything about the kept runs of one arm; slices: [examples] the slice of each."""
    population = runs.population
    failed = FailedRecord() if runs.failed is None else recorded(runs.failed, FailedRecord)
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
        return ArmStatistics(None, None, None, None, empty)
    labelled = population.labelled()
    spreads: dict[str, MetricSpread] = {}
    if labelled is not None:
        spreads = {
            metric: metric_spread(population, metric, confidence=confidence) for metric in population.metrics
        }
    design = design_of(population)
    several = len(design.alone) >= 2
    decided = several and population.decides
    found = _churn(population, design, confidence) if decided else None
    agreed = _agreement(population, design, confidence) if decided else None
    record = ArmRecord(
        arm=runs.arm,
        runs=population.runs,
        independent=len(design.alone),
        conditional_on=list(design.fixed),
        failed=failed,
        metrics={name: recorded(spread, MetricRecord) for name, spread in spreads.items()},
        churn=None if found is None else _churn_record(found, population),
        agreement=None if agreed is None else recorded(agreed, AgreementRecord),
        distances=_distances(population, design, temperatures, confidence) if several else [],
        variance=_variance(population, primary, labelled is not None, confidence),
        cka=_similarities(runs, design, confidence),
        temperature=_temperatures(labelled, design, confidence),
        can_show=recorded(can_show(len(design.alone), 1 - confidence), CanShowRecord) if several else None,
        slices=_slice_spreads(population, primary, slices, confidence),
    )
    return ArmStatistics(spreads.get(primary), found, agreed, design, record)


def _pairs(population: Population, design: Design) -> tuple[Population, Pairing | None]:
    """The runs of which pairs show how far two new runs differ, and which pairs these are (None: all of them)."""
    if design.kind == "apart" or design.pairing is not None:
        return population, design.pairing
    return population.of_runs(design.alone), None


def _churn(population: Population, design: Design, confidence: float) -> Churn:
    chosen, pairing = _pairs(population, design)
    found = churn(chosen.predictions, confidence, pairing, chosen.texts)
    if chosen.runs == population.runs:
        return found
    matrix = churn_matrix(population.predictions, population.predictions)
    return found._replace(matrix=tuple(tuple(float(share) for share in row) for row in matrix))


def _churn_record(found: Churn, population: Population) -> ChurnRecord:
    kinds = None if population.right is None else churn_kinds(population.predictions, None, population.right)
    return recorded(found, ChurnRecord, kinds=kinds)


def _agreement(population: Population, design: Design, confidence: float) -> Agreement:
    """Votes are of all runs; agreement, and kappa beyond chance, of pairs that share no seed.

    Where decisions are not classes they have no chance to agree that could be known, and no kappa. Tokens of one text are not independent, so
    that the share on which all runs agree has no interval; which examples are contested is not known of them.
    """
    chosen, pairing = _pairs(population, design)

    def of(some: Population) -> Agreement:
        if not some.of_classes:
            codes = some.predictions if some.has_probabilities else local_codes(some.predictions)
            found = agreement(
                codes,
                some.right,
                classes=some.classes if some.has_probabilities else None,
                confidence=confidence,
                keep=50,
                pairing=pairing,
            )
            found = found._replace(chance=math.nan, kappa=None)
            if some.texts is None:
                return found
            return found._replace(unanimous_interval=None, contested=(), contested_total=0)
        return agreement(
            some.predictions,
            some.labels,
            classes=some.classes,
            confidence=confidence,
            keep=50,
            pairing=pairing,
        )

    found = of(population)
    if chosen.runs == population.runs:
        return found
    apart = of(chosen)
    return found._replace(raw=apart.raw, chance=apart.chance, kappa=apart.kappa)


def _distances(
    population: Population, design: Design, temperatures: Sequence[float], confidence: float
) -> list[DistancesRecord]:
    if not population.has_probabilities:
        return []
    chosen, pairing = _pairs(population, design)
    found = run_distances(chosen.logits, temperatures, confidence, pairing)
    return [recorded(item, DistancesRecord) for item in found]


def _slice_spreads(
    population: Population, primary: str, slices: NDArray[np.str_] | None, confidence: float
) -> list[SliceSpreadRecord]:
    """The primary metric over the runs in each slice."""
    if slices is None or population.labels is None:
        return []
    found = slice_spreads(population, slices.tolist(), primary, confidence=confidence)
    return [
        SliceSpreadRecord(
            slice=part.name,
            examples=part.examples,
            metric=None if part.spread is None else recorded(part.spread, MetricRecord),
        )
        for part in found
    ]


def _variance(
    population: Population, primary: str, labelled: bool, confidence: float
) -> VarianceRecord | None:
    crossed = ((grid_of(population, *seeds), seeds) for seeds in grids())
    grid, seeds = next(((grid, seeds) for grid, seeds in crossed if grid is not None), (None, ("", "")))
    if grid is None:
        return None
    # Of words too; of answers of the scores of those chosen, of tokens of the log odds of the one that is there. Nothing else is a logit.
    split = logit_split(population, grid, confidence) if population.decides else None
    metric = recorded(metric_split(population, grid, primary, confidence), SplitRecord) if labelled else None
    return {
        "first": seeds[0],
        "second": seeds[1],
        "logits": None if split is None else recorded(split, SplitRecord),
        primary: metric,
    }


def _similarities(runs: ArmRuns, design: Design, confidence: float) -> list[StageSimilarity]:
    """By stage, over the pairs of runs that share no seed."""
    kept = [runs.members[index].collected for index in runs.kept]
    known = [run for run in kept if run is not None and run.stages]
    if len(known) < 2 or len(known) < len(kept):
        return []
    pairing = design.pairing
    if pairing is None:
        known = [known[run] for run in design.alone]
    if len(known) < 2:
        return []
    found: list[StageSimilarity] = []
    for stage in known[0].stages:
        vectors = [run.stages.get(stage) for run in known]
        first = vectors[0]
        if first is None or any(item is None or item.shape != first.shape for item in vectors):
            continue
        seen = population_similarity(
            [item for item in vectors if item is not None],
            known[0].rows.get(stage),
            confidence,
            None if pairing is None else pairing.used,
        )
        found.append(recorded(seen, StageSimilarity, stage=stage))
    return found


def _temperatures(
    labelled: Population | None, design: Design, confidence: float
) -> TemperaturesRecord | None:
    if labelled is None or labelled.labels is None or not labelled.has_probabilities:
        return None
    if not np.isfinite(labelled.logits).all():
        return None  # no temperature scales a probability of 0
    fits = [fit_label_temperature(logits, labelled.labels, confidence) for logits in labelled.logits]
    if design.grid is None:
        logs = temperature_spread([fits[run] for run in design.alone], confidence)
    else:
        logs = temperature_spread(fits, confidence, design.grid.cells)
    return TemperaturesRecord(
        runs=[recorded(fit, LabelTemperatureRecord) for fit in fits],
        log_spread=None if logs is None else recorded(logs, SpreadRecord),
    )


def calibration_of(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> RunCalibrationRecord | None:
    """One run's calibration against the labels: ECE beside that of a calibrated model, ACE, NLL, Brier, fitted T; None where a
    logit is not finite.
    """
    known = labels >= 0
    if not np.isfinite(logits[known]).all():
        return None
    return recorded(run_calibration(logits[known], labels[known]), RunCalibrationRecord)
