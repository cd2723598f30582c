"""The survey: all runs of one or two arms are made and asked, put together, judged, and written down.

The order is: which runs, make and ask them (here or on a cluster), integrity, statistics, gate. A run that fails is said;
it ends no audit and is in no mean.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.adapter import check_options, find_adapter
from parity.align.labels import label_places
from parity.audit import InputsRecord
from parity.environment import Managed
from parity.errors import MissingColumn, ParityError, RunError, UsageError, by_slug
from parity.inputs import Inputs
from parity.managed import ensure
from parity.seed_audit import MarginsRecord, SeedAudit
from parity.seeds.arms import ArmRuns, Ground
from parity.seeds.asked import RunAsked
from parity.seeds.between import TwoArms, two_arms
from parity.seeds.classes import Classes, usual_classes
from parity.seeds.collect import Outcome, Task, read_collected
from parity.seeds.findings import LabelsRead, findings_of
from parity.seeds.gate import Comparison, Margins, Reason, Stability, compare_arms, judge_stability
from parity.seeds.gathering import gather_arms, told_of
from parity.seeds.headline import headline
from parity.seeds.inputs_asked import InputsAsked
from parity.seeds.plain import plain
from parity.seeds.population import Population
from parity.seeds.provenance import provenance_of
from parity.seeds.run_records import contested_examples, integrity_record, run_records
from parity.seeds.scores import Metric
from parity.seeds.settling import RunsNeeded
from parity.seeds.statistics import arm_statistics
from parity.subject import parse_subject

__all__ = ["SurveyRequest", "survey"]

Progress = Callable[[str, int, int | None], None]
Execute = Callable[[Sequence[Task], Progress], list[Outcome]]


class SurveyRequest(NamedTuple):
    """What is asked: the runs (the candidate's, then the baseline's where there are two arms), the inputs, what was stated beforehand.

    `slices` is the column whose values part the inputs; `execute` makes and asks runs; `folder` holds what they said.
    """

    runs: Sequence[RunAsked]
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


class _Made(NamedTuple):
    """What the runs came to: the inputs they were asked with, the classes in their order, and the arms."""

    inputs: Inputs
    names: list[str]
    labels: LabelsRead
    slices: NDArray[np.str_] | None
    arms: list[ArmRuns]


def survey(request: SurveyRequest, progress: Progress) -> SeedAudit:
    """Run the survey; raises a ParityError when it cannot be run, and returns an audit in every other case."""
    started, clock = datetime.now(UTC), time.monotonic()
    if not any(run.arm == "candidate" for run in request.runs):
        raise UsageError("No run of the candidate is named.", next_step="Name a recipe, or two runs or more.")
    inputs = request.inputs.open()
    slices = _slices(request, inputs)
    _prepare(request.runs, progress)
    outcomes = request.execute(_tasks(request), progress)
    collected = {
        place: read_collected(outcome.folder)
        for place, outcome in enumerate(outcomes)
        if outcome.folder is not None
    }
    if not collected:
        raise _nothing(request.runs, outcomes)
    classes = usual_classes([told_of(run) for run in collected.values()])
    labels = _labels(inputs, classes)
    ground = Ground(inputs.digest, classes, labels.classes, 1 - request.margins.alpha)
    arms = gather_arms(request.runs, outcomes, collected, ground)
    made = _Made(inputs, list(classes.names), labels, slices, arms)
    return _conclude(request, made, (started, clock))


def _tasks(request: SurveyRequest) -> list[Task]:
    two = len({run.arm for run in request.runs}) == 2
    return [
        Task(
            run.subject,
            request.inputs,
            str(request.folder / f"{place:04d}"),
            request.full_rows,
            request.timeout,
            f"{run.arm} {run.name}" if two else run.name,
        )
        for place, run in enumerate(request.runs)
    ]


def _conclude(request: SurveyRequest, made: _Made, began: tuple[datetime, float]) -> SeedAudit:
    confidence = 1 - request.margins.alpha
    statistics = [
        arm_statistics(arm, request.primary, request.temperatures, confidence, made.slices)
        for arm in made.arms
    ]
    candidate, first = made.arms[0], statistics[0]
    between: dict[str, Any] | None = None
    verdict: Stability | Comparison
    if len(made.arms) == 2:
        verdict, between = _against_baseline(request, made)
    else:
        verdict = judge_stability(
            request.margins,
            first.primary,
            first.churn,
            runs=len(candidate.kept),
            independent=first.independent,
            fixed=first.fixed,
            failed=candidate.failed,
            seeds=candidate.check,
            missing=candidate.missing,
        )
    inside = isinstance(verdict, Comparison) and verdict.inside_margin
    passed = verdict.verdict in {"stable", "equivalent"} or inside
    passed = passed or (verdict.verdict == "inconclusive" and request.allow_inconclusive)
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
        inputs=_inputs_record(made.inputs),
        classes=made.names,
        runs=[run for arm in made.arms for run in run_records(arm, made.labels.classes)],
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
        integrity=integrity_record(made.arms),
        findings=findings_of(made.arms, made.labels),
        contested=contested_examples(first.agreement, made.inputs, made.names),
        recipe=request.recipe,
        provenance=provenance_of(*began, made.arms),
        command=request.command,
    )


def _against_baseline(request: SurveyRequest, made: _Made) -> tuple[Comparison, dict[str, Any] | None]:
    """The verdict over two arms; the statistics between them are None where an arm has no run to compare."""
    arms, (candidate, baseline) = made.arms, (arm.population for arm in made.arms)
    found: TwoArms | None = None
    if candidate is not None and baseline is not None:
        paired = _paired(baseline, candidate)
        found = two_arms(baseline, candidate, request.primary, request.margins, made.slices, paired=paired)
    kept = (len(arms[1].kept), len(arms[0].kept))
    baseline_runs, candidate_runs = kept if found is None else found.record["runs"]
    comparison = compare_arms(
        request.margins,
        found.difference if found is not None else None,
        found.excess if found is not None else None,
        runs=(baseline_runs, candidate_runs),
        fixed=[] if found is None else found.record["conditional_on"],
        failed=[arm.failed for arm in arms if arm.failed is not None],
        missing=sum(arm.missing for arm in arms),
    )
    between = None if found is None else {**found.record, "false_alarm": comparison.false_alarm}
    return _of_seeds(comparison, arms), between


def _of_seeds(comparison: Comparison, arms: Sequence[ArmRuns]) -> Comparison:
    """A comparison of which a seed did nothing shows no equivalence: runs vary by less than their seeds say."""
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


def _prepare(asked: Sequence[RunAsked], progress: Progress) -> None:
    """What would fail every run alike fails once and at once; an environment is built once, not by each run."""
    for run in asked:
        subject = parse_subject(run.subject)
        adapter = find_adapter(subject)
        check_options(adapter, subject)
        if isinstance(adapter.environment, Managed) and subject.interpreter is None:
            ensure(adapter.environment, on_progress=lambda what: progress(what, 0, None))


def _nothing(runs: Sequence[RunAsked], outcomes: Sequence[Outcome]) -> ParityError:
    """Why there is no audit at all: the mistake itself where there is one run, or all have the same."""
    first = outcomes[0]
    kinds = {by_slug(outcome.slug) for outcome in outcomes}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None:
        kind = UsageError if all(issubclass(each, UsageError) for each in kinds) else RunError
    said = (
        first.sentence if len(runs) == 1 else f"None of the {len(runs)} runs could be asked. {first.sentence}"
    )
    return kind(said, next_step=first.next_step or "Mend that, and run again: finished runs are kept.")


def _labels(inputs: Inputs, classes: Classes) -> LabelsRead:
    place = label_places(classes.names, len(classes.names))
    given = [example.label for window in inputs.windows() for example in window]
    found = np.array([-1 if label is None else place.get(label, -1) for label in given], dtype=np.int64)
    strange = [label for label in given if label is not None and label not in place]
    return LabelsRead(found if (found >= 0).any() else None, inputs.labelled, strange)


def _slices(request: SurveyRequest, inputs: Inputs) -> NDArray[np.str_] | None:
    if request.slices is None:
        return None
    # The slice is read as a label is: another column of the same rows.
    known = inputs.columns
    try:
        other = request.inputs._replace(
            text_column=known.text, pair_column=known.pair, label_column=request.slices, id_column=known.id
        ).open()
    except MissingColumn as error:
        raise MissingColumn(
            f"--slices: {error.sentence}", next_step=error.next_step.replace("--label-column", "--slices")
        ) from error
    values = [example.label for window in other.windows() for example in window]
    if len(values) != inputs.count:
        raise UsageError(
            f"{inputs.source} changed while it was being used: it held {inputs.count:,} examples at first.",
            next_step="Run again, with a file that nothing writes to.",
        )
    return np.array([value if value is not None else "(none)" for value in values])


def _inputs_record(inputs: Inputs) -> InputsRecord:
    return InputsRecord(
        count=inputs.count,
        digest=inputs.digest,
        source=inputs.source,
        built_in=inputs.built_in,
        labelled=inputs.labelled,
        pairs=inputs.pairs,
    )
