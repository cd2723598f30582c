"""The statistics of one arm, drawn from the kept runs; where there are too few, null and not a guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from parity.metrics.registry import metric_names
from parity.records.seed_audit import ArmRecord, StageSimilarity
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
from parity.seed_audit.plain import plain
from parity.seed_audit.population.arms import ArmRuns
from parity.seed_audit.population.design import Design, design_of
from parity.seed_audit.population.population import Population
from parity.statistics.pairing import Pairing

__all__ = ["ArmStatistics", "arm_statistics", "calibration_of"]


class ArmStatistics(NamedTuple):
    """One arm: what the gate needs, and the record of everything."""

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
        return ArmStatistics(None, None, None, None, empty)
    labelled = population.labelled()
    spreads: dict[str, MetricSpread] = {}
    if labelled is not None:
        spreads = {
            metric: metric_spread(population, metric, confidence=confidence) for metric in metric_names()
        }
    design = design_of(population)
    several = len(design.alone) >= 2
    found = _churn(population, design, confidence) if several else None
    agreed = _agreement(population, design, confidence) if several else None
    kinds = (
        plain(churn_kinds(population.predictions, None, population.labels))
        if several and population.labels is not None
        else None
    )
    record = ArmRecord(
        arm=runs.arm,
        runs=population.runs,
        independent=len(design.alone),
        conditional_on=list(design.fixed),
        failed=failed,
        metrics={name: plain(spread) for name, spread in spreads.items()},
        churn={**plain(found), "kinds": kinds} if found is not None else None,
        agreement=None if agreed is None else _without_contested(agreed),
        distances=_distances(population, design, temperatures, confidence) if several else [],
        variance=_variance(population, primary, labelled is not None, confidence),
        cka=_similarities(runs, design, confidence),
        temperature=_temperatures(labelled, design, confidence),
        can_show=plain(can_show(len(design.alone), 1 - confidence)) if several else None,
        slices=_slice_spreads(population, primary, slices, confidence),
    )
    return ArmStatistics(spreads.get(primary), found, agreed, design, record)


def _pairs(population: Population, design: Design) -> tuple[Population, Pairing | None]:
    """The runs whose pairs tell how far two new runs differ, and which of their pairs do: all of them where it is None."""
    if design.kind == "apart" or design.pairing is not None:
        return population, design.pairing
    return population.of_runs(design.alone), None


def _churn(population: Population, design: Design, confidence: float) -> Churn:
    chosen, pairing = _pairs(population, design)
    found = churn(chosen.predictions, confidence, pairing)
    if chosen.runs == population.runs:
        return found
    matrix = churn_matrix(population.predictions, population.predictions)
    return found._replace(matrix=tuple(tuple(float(share) for share in row) for row in matrix))


def _agreement(population: Population, design: Design, confidence: float) -> Agreement:
    """Votes are of all runs; agreement, and kappa beyond chance, of pairs that share no seed."""
    chosen, pairing = _pairs(population, design)

    def of(some: Population) -> Agreement:
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
) -> list[dict[str, Any]]:
    chosen, pairing = _pairs(population, design)
    found: list[dict[str, Any]] = plain(run_distances(chosen.logits, temperatures, confidence, pairing))
    return found


def _slice_spreads(
    population: Population, primary: str, slices: NDArray[np.str_] | None, confidence: float
) -> list[dict[str, Any]]:
    """The primary metric over the runs in each slice."""
    if slices is None or population.labels is None:
        return []
    found = slice_spreads(population, slices.tolist(), primary, confidence=confidence)
    return [{"slice": part.name, "examples": part.examples, "metric": plain(part.spread)} for part in found]


def _variance(
    population: Population, primary: str, labelled: bool, confidence: float
) -> dict[str, Any] | None:
    grid = grid_of(population)
    if grid is None:
        return None
    split = logit_split(population, grid, confidence)
    metric = plain(metric_split(population, grid, primary, confidence)) if labelled else None
    return {"first": "init_seed", "second": "order_seed", "logits": plain(split), primary: metric}


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
        found.append(msgspec.convert({"stage": stage, **plain(seen)}, StageSimilarity))
    return found


def _temperatures(labelled: Population | None, design: Design, confidence: float) -> dict[str, Any] | None:
    if labelled is None or labelled.labels is None or not np.isfinite(labelled.logits).all():
        return None  # no temperature scales a probability of 0
    fits = [fit_label_temperature(logits, labelled.labels, confidence) for logits in labelled.logits]
    if design.grid is None:
        told = temperature_spread([fits[run] for run in design.alone], confidence)
    else:
        told = temperature_spread(fits, confidence, design.grid.cells)
    return {"runs": plain(fits), "log_spread": plain(told)}


def _without_contested(agreed: Agreement) -> dict[str, Any]:
    record: dict[str, Any] = plain(agreed)
    del record["contested"]
    return record


def calibration_of(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, Any] | None:
    """One run's calibration against the labels: ECE beside that of a calibrated model, ACE, NLL, Brier, fitted T; None where a
    logit is not finite.
    """
    known = labels >= 0
    if not np.isfinite(logits[known]).all():
        return None
    record: dict[str, Any] = plain(run_calibration(logits[known], labels[known]))
    return record
