"""The survey: all runs of one or two arms are made and asked, put together, judged, and written down.

The order is: which runs, make and ask them (here or on a cluster), integrity, statistics, gate. A run that fails is said;
it ends no audit and is in no mean.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.adapter import check_options, find_adapter
from parity.audit import InputsRecord
from parity.environment import Managed
from parity.errors import RunError, UsageError
from parity.inputs import Inputs
from parity.managed import ensure
from parity.seed_audit import MarginsRecord, RunRecord, SeedAudit
from parity.seeds.arms import ArmRuns, gather_arm
from parity.seeds.asked import RunAsked
from parity.seeds.collect import Collected, InputsAsked, Outcome, Task, read_collected
from parity.seeds.gate import Comparison, Margins, Stability, compare_arms, judge_stability
from parity.seeds.headline import findings_of, headline
from parity.seeds.plain import plain
from parity.seeds.scores import Metric
from parity.seeds.statistics import METRICS, ArmStatistics, arm_statistics, calibration_of, two_arms
from parity.subject import parse_subject

__all__ = ["SurveyRequest", "survey"]

Progress = Callable[[str, int, int | None], None]
Execute = Callable[[Sequence[Task], Progress], list[Outcome]]


class SurveyRequest(NamedTuple):
    """What is asked: the runs of the candidate and of the baseline (none: one arm), the inputs, what was stated beforehand.

    `slices` is the column whose values part the inputs; `execute` makes and asks runs; `folder` holds what they said.
    """

    candidate: Sequence[RunAsked]
    baseline: Sequence[RunAsked]
    inputs: InputsAsked
    folder: Path
    execute: Execute
    margins: Margins
    primary: Metric = "accuracy"
    temperatures: Sequence[float] = (1.0,)
    slices: str | None = None
    full_rows: int = 48
    timeout: float = 3600.0
    allow_inconclusive: bool = False
    recipe: dict[str, Any] | None = None
    command: str = ""


def survey(request: SurveyRequest, progress: Progress) -> SeedAudit:
    """Run the survey; raises a ParityError when it cannot be run, and returns an audit in every other case."""
    started, clock = datetime.now(UTC), time.monotonic()
    asked = [*request.candidate, *request.baseline]
    if not asked:
        raise UsageError("No run is named.", next_step="Name a recipe, or two runs or more.")
    inputs = request.inputs.open()
    _prepare(asked, progress)
    tasks = [
        Task(
            run.subject,
            request.inputs,
            str(request.folder / f"{place:04d}"),
            request.full_rows,
            request.timeout,
        )
        for place, run in enumerate(asked)
    ]
    outcomes = request.execute(tasks, progress)
    collected = {
        place: read_collected(outcome.folder)
        for place, outcome in enumerate(outcomes)
        if outcome.folder is not None
    }
    if not collected:
        raise RunError(
            f"None of the {len(asked)} runs could be made: {outcomes[0].sentence}",
            next_step="Mend that, and run again: finished runs are kept.",
        )
    names = _class_names(collected)
    labels = _labels(inputs, names)
    confidence = 1 - request.margins.alpha
    count = len(request.candidate)
    arms = [
        gather_arm(
            "candidate",
            request.candidate,
            outcomes[:count],
            _part(collected, 0, count),
            labels,
            names,
            confidence,
        )
    ]
    if request.baseline:
        theirs = _part(collected, count, len(asked))
        arms.append(
            gather_arm("baseline", request.baseline, outcomes[count:], theirs, labels, names, confidence)
        )
    return _conclude(request, inputs, names, labels, arms, (started, clock))


def _conclude(
    request: SurveyRequest,
    inputs: Inputs,
    names: list[str],
    labels: NDArray[np.int64] | None,
    arms: list[ArmRuns],
    began: tuple[datetime, float],
) -> SeedAudit:
    confidence = 1 - request.margins.alpha
    statistics = [arm_statistics(arm, request.primary, request.temperatures, confidence) for arm in arms]
    candidate, first = arms[0], statistics[0]
    stability = judge_stability(
        request.margins,
        first.primary,
        first.churn,
        runs=len(candidate.kept),
        failed=candidate.failed,
        seeds=candidate.check,
    )
    verdict: Stability | Comparison = stability
    between: dict[str, Any] | None = None
    if len(arms) == 2:
        comparison, between = _against_baseline(request, inputs, arms)
        verdict = comparison if comparison is not None else stability
    inside = isinstance(verdict, Comparison) and verdict.inside_margin
    passed = verdict.verdict in {"stable", "equivalent"} or inside
    passed = passed or (verdict.verdict == "inconclusive" and request.allow_inconclusive)
    findings = findings_of(arms, labelled=labels is not None)
    record = first.record
    return SeedAudit(
        verdict=verdict.verdict,
        inside_margin=inside,
        exit_code=0 if passed else 1,
        headline=headline(verdict, request.margins, request.primary, first, between),
        margins=MarginsRecord(
            primary=request.primary,
            metric=request.margins.metric,
            churn=request.margins.churn,
            alpha=request.margins.alpha,
            excess=request.margins.excess,
        ),
        inputs=_inputs_record(inputs),
        classes=names,
        runs=[run for arm in arms for run in _run_records(arm, labels)],
        metrics=record.metrics,
        churn=record.churn,
        agreement=record.agreement,
        variance=record.variance,
        cka=record.cka,
        calibration=record.temperature,
        arms=[item.record for item in statistics],
        baseline=between,
        reasons=plain(verdict.reasons),
        runs_needed=plain(verdict.runs_needed),
        integrity=_integrity(arms),
        findings=findings,
        contested=_contested(first, inputs, names),
        recipe=request.recipe,
        provenance=_provenance(began, arms),
        command=request.command,
    )


def _against_baseline(
    request: SurveyRequest, inputs: Inputs, arms: list[ArmRuns]
) -> tuple[Comparison | None, dict[str, Any] | None]:
    candidate, baseline = arms[0].population, arms[1].population
    if candidate is None or baseline is None or candidate.logits.shape[1:] != baseline.logits.shape[1:]:
        return None, None
    seeds = [[dict(factors) for factors in side.factors] for side in (baseline, candidate)]
    paired = len(seeds[0]) == len(seeds[1]) and bool(seeds[0][0]) and seeds[0] == seeds[1]
    found = two_arms(
        baseline, candidate, request.primary, request.margins, _slices(request, inputs), paired=paired
    )
    comparison = compare_arms(
        request.margins,
        found.difference,
        found.excess,
        runs=(baseline.runs, candidate.runs),
        failed=[arm.failed for arm in arms if arm.failed is not None],
    )
    return comparison, {**found.record, "false_alarm": comparison.false_alarm}


def _prepare(asked: Sequence[RunAsked], progress: Progress) -> None:
    """What would fail every run alike fails once and at once; an environment is built once, not by each run."""
    for run in asked:
        subject = parse_subject(run.subject)
        adapter = find_adapter(subject)
        check_options(adapter, subject)
        if isinstance(adapter.environment, Managed) and subject.interpreter is None:
            ensure(adapter.environment, on_progress=lambda what: progress(what, 0, None))


def _part(collected: dict[int, Collected], start: int, stop: int) -> dict[int, Collected]:
    return {place - start: run for place, run in collected.items() if start <= place < stop}


def _class_names(collected: dict[int, Collected]) -> list[str]:
    first = next(iter(collected.values()))
    named = next((run.description.labels for run in collected.values() if run.description.labels), None)
    return list(named) if named else [f"LABEL_{place}" for place in range(first.logits.shape[1])]


def _labels(inputs: Inputs, names: list[str]) -> NDArray[np.int64] | None:
    """Each example's class, -1 for one without a label or with one that is no class; None where none has."""
    if not inputs.labelled:
        return None
    place = {name: index for index, name in enumerate(names)}
    generic = all(name == f"LABEL_{index}" for index, name in enumerate(names))
    if generic:
        place |= {str(index): index for index in range(len(names))}
    found = [
        -1 if example.label is None else place.get(example.label, -1)
        for window in inputs.windows()
        for example in window
    ]
    labels = np.array(found, dtype=np.int64)
    return labels if (labels >= 0).any() else None


def _slices(request: SurveyRequest, inputs: Inputs) -> NDArray[np.str_] | None:
    if request.slices is None:
        return None
    # The slice is read as a label is: another column of the same rows.
    other = request.inputs._replace(label_column=request.slices).open()
    values = [str(example.label) for window in other.windows() for example in window]
    if len(values) != inputs.count:
        raise UsageError(f"{request.inputs.path} has {inputs.count:,} rows and {len(values):,} slices.")
    return np.array(values)


def _run_records(arm: ArmRuns, labels: NDArray[np.int64] | None) -> list[RunRecord]:
    values: dict[int, dict[str, float | None]] = {}
    if arm.population is not None and arm.population.labelled() is not None:
        from parity.seeds.metric import metric_spread

        for metric in METRICS:
            spread = metric_spread(arm.population, metric).spread
            for place, value in zip(arm.kept, spread.values, strict=True):
                values.setdefault(place, {})[metric] = value
    records: list[RunRecord] = []
    for place, member in enumerate(arm.members):
        described = member.collected.description if member.collected is not None else None
        kept = arm.kept.index(place) if place in arm.kept else None
        calibration = None
        if kept is not None and labels is not None and arm.population is not None:
            calibration = calibration_of(arm.population.logits[kept], labels)
        training = None
        if described is not None and described.training is not None:
            training = {
                "final_loss": described.training.final_loss,
                "steps": described.training.steps,
                "recipe_digest": described.training.recipe_digest,
                "data_digest": described.training.data_digest,
                "derived": described.training.derived,
                "head_digest": described.training.head_digest,
                "order_digests": described.training.order_digests,
            }
        records.append(
            RunRecord(
                name=member.asked.name,
                spec=member.asked.subject,
                arm=arm.arm,
                factors=member.asked.factors,
                standing=member.standing,
                reason=member.reason,
                weights_digest=None if described is None else described.weights_digest,
                metrics=values.get(place, {}),
                calibration=calibration,
                training=training,
            )
        )
    return records


def _integrity(arms: Sequence[ArmRuns]) -> dict[str, Any]:
    return {
        arm.arm: {
            "faults": [
                {"kind": fault.kind, "factors": list(fault.factors), "runs": list(names)}
                for fault, names in arm.faults
            ],
            "factors": [] if arm.check is None else plain(arm.check.factors),
            "repeats": None if arm.check is None else plain(arm.check.repeats),
        }
        for arm in arms
    }


def _contested(first: ArmStatistics, inputs: Inputs, names: list[str]) -> list[dict[str, Any]]:
    """The examples that runs disagree on most, with their texts."""
    if first.agreement is None:
        return []
    wanted = {item.example: item for item in first.agreement.contested}
    texts = {
        example.row: example for window in inputs.windows() for example in window if example.row in wanted
    }
    return [
        {
            "row": item.example,
            "id": texts[item.example].id,
            "text": texts[item.example].text[:400],
            "label": texts[item.example].label,
            "entropy": item.entropy,
            "votes": [[names[index], count] for index, count in item.votes],
        }
        for item in first.agreement.contested
    ]


def _inputs_record(inputs: Inputs) -> InputsRecord:
    return InputsRecord(
        count=inputs.count,
        digest=inputs.digest,
        source=inputs.source,
        built_in=inputs.built_in,
        labelled=inputs.labelled,
        pairs=inputs.pairs,
    )


def _provenance(began: tuple[datetime, float], arms: Sequence[ArmRuns]) -> dict[str, Any]:
    started, clock = began
    runs = [member.collected for arm in arms for member in arm.members if member.collected is not None]
    now = sum(
        1 for run in runs if run.description.training is not None and run.description.training.trained_now
    )
    return {
        "parity": version("parity-audit"),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - clock, 3),
        "trained_now": now,
        "versions": runs[0].description.versions if runs else {},
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
