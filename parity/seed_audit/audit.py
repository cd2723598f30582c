"""The seed audit: all runs of one or two arms are made, run on the inputs, combined, judged and recorded.

The order is: which runs, make and run them (here or on a cluster), integrity, statistics, verdict. A run that fails is reported;
it does not end the audit and is excluded from every mean.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from parity.errors import MissingColumn, ParityError, RunError, UsageError, by_slug
from parity.inputs.choose import open_for_runs
from parity.inputs.inputs import Inputs
from parity.inputs.spec import InputsSpec
from parity.metrics import ANSWER_METRICS, EMBEDDING_METRICS, METRICS
from parity.metrics.metric import Counted
from parity.metrics.registry import metric_names, runs_metric
from parity.records.comparison_statistics import BaselineRecord
from parity.records.metric_form import MetricForm
from parity.records.seed_audit import MarginsRecord, NeededRecord, ReasonRecord, SeedAudit
from parity.seed_audit.margins import Margins
from parity.seed_audit.measures.arm import ArmStatistics, arm_statistics
from parity.seed_audit.population.arms import ArmRuns, Ground
from parity.seed_audit.population.classes import usual_classes
from parity.seed_audit.population.decided import metrics_of
from parity.seed_audit.population.exclusions import gather_arms
from parity.seed_audit.population.run_facts import classes_of_run
from parity.seed_audit.provenance import provenance_of
from parity.seed_audit.recorded import recorded
from parity.seed_audit.run_records import contested_examples, integrity_record, run_records
from parity.seed_audit.runs.requested import Arm, RequestedRun
from parity.seed_audit.runs.run_inputs import Outcome, Task, read_collected
from parity.seed_audit.truth import examples_as, labels_read, metric_for, truth_of
from parity.seed_audit.verdict.against import against_baseline
from parity.seed_audit.verdict.equivalence import Comparison
from parity.seed_audit.verdict.findings import findings_of
from parity.seed_audit.verdict.headline import Reached, headline
from parity.seed_audit.verdict.stability import OneArm, Stability, judge_stability
from parity.seed_audit.verdict.unmeasured import LabelsRead, Requested, Unmeasured, unmeasured
from parity.session.session import prepare
from parity.subjects.progress import OnProgress
from parity.subjects.subject import parse_subject

__all__ = ["SurveyRequest", "survey"]

Execute = Callable[[Sequence[Task], OnProgress], list[Outcome]]


class SurveyRequest(NamedTuple):
    """What is requested: the runs (the candidate's, then the baseline's where there are two arms), the inputs, what was stated beforehand.

    `metric_named`: the metric was named, and is not only the default one. `recipe_digests`: of the recipe of each
    arm, as it is before any run is made. `slices` is the column that splits the inputs; `execute` makes the runs and runs them on the inputs; `folder` holds their results.
    """

    runs: Sequence[RequestedRun]
    inputs: InputsSpec
    folder: Path
    execute: Execute
    margins: Margins
    primary: str = METRICS[0]
    metric_named: bool = False
    temperatures: Sequence[float] = (1.0,)
    slices: str | None = None
    full_rows: int = 48
    timeout: float = 3600.0
    allow_inconclusive: bool = False
    recipe: dict[str, Any] | None = None
    recipe_digests: Mapping[Arm, str] = {}
    command: str = ""


class _Made(NamedTuple):
    """The results of the runs: the inputs they ran on, the classes in their order, and the arms."""

    inputs: Inputs
    names: list[str]
    labels: LabelsRead
    slices: NDArray[np.str_] | None
    arms: list[ArmRuns]


def survey(request: SurveyRequest, progress: OnProgress) -> SeedAudit:
    """Run the seed audit; raises a ParityError when it cannot be run, and returns an audit in every other case."""
    started, clock = datetime.now(UTC), time.monotonic()
    if not any(run.arm == "candidate" for run in request.runs):
        raise UsageError("No run of the candidate is named.", next_step="Name a recipe, or two runs or more.")
    inputs = open_for_runs(request.inputs)
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
    counts: Counter[Counted] = Counter(run.counted for run in collected.values())
    counted = counts.most_common(1)[0][0]
    request = request._replace(primary=metric_for(counted, request.primary, named=request.metric_named))
    alike = [run for run in collected.values() if run.counted == counted]
    classes = usual_classes([classes_of_run(run) for run in alike])
    digest, inputs, slices = inputs.digest, *examples_as(inputs, counted, slices)
    truth = truth_of(inputs, counted, [run.tokens for run in alike])
    labels = labels_read(inputs, classes.names, truth)
    confidence = 1 - request.margins.alpha
    ground = Ground(digest, classes, labels.classes, confidence, request.recipe_digests, truth)
    arms = gather_arms(request.runs, outcomes, collected, ground)
    names = list(classes.names) if counted in ("classes", "words") else []
    made = _Made(inputs, names, labels, slices, arms)
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
    not_measured = _not_measured(request, made, statistics)
    reasons = [item.reason for item in not_measured]
    between: BaselineRecord | None = None
    verdict: Stability | Comparison
    if len(made.arms) == 2:
        verdict, between = against_baseline(made.arms, request.primary, request.margins, made.slices, reasons)
    else:
        arm = OneArm(
            first.primary,
            first.churn,
            runs=len(candidate.kept),
            independent=first.independent,
            fixed=first.fixed,
            failed=candidate.failed,
            seeds=candidate.check,
            missing=candidate.missing,
            decides=candidate.population is None or candidate.population.decides,
        )
        verdict = judge_stability(request.margins, arm, reasons)
    inside = isinstance(verdict, Comparison) and verdict.inside_margin
    reached = _reached(made, statistics, [item.sentence for item in not_measured], request.primary)
    passed = verdict.verdict in {"stable", "equivalent"} or inside
    passed = passed or (verdict.verdict == "inconclusive" and request.allow_inconclusive)
    record = first.record
    return SeedAudit(
        verdict=verdict.verdict,
        inside_margin=inside,
        exit_code=0 if passed else 1,
        headline=headline(verdict, request.margins, request.primary, first, between, reached),
        margins=MarginsRecord(
            primary=request.primary,
            metric=request.margins.metric,
            churn=request.margins.churn,
            alpha=request.margins.alpha,
            excess=request.margins.excess,
            metric_named=request.metric_named,
        ),
        inputs=made.inputs.record(),
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
        reasons=[recorded(reason, ReasonRecord) for reason in verdict.reasons],
        runs_needed=_needed(verdict, reached),
        integrity=integrity_record(made.arms),
        findings=findings_of(made.arms, made.labels, not_measured),
        contested=contested_examples(first.agreement, made.inputs, made.names, candidate.population),
        recipe=request.recipe,
        provenance=provenance_of(*began, made.arms),
        command=request.command,
        metric_forms=_forms(request.primary, statistics),
        counted=made.labels.counted,
    )


def _forms(primary: str, statistics: Sequence[ArmStatistics]) -> dict[str, MetricForm]:
    """How each metric is written that is measured in an arm, or that decides."""
    known = {primary, *(name for item in statistics for name in item.record.metrics)}
    names = (*metric_names(spans=True), *ANSWER_METRICS, *EMBEDDING_METRICS)
    return {name: runs_metric(name).form for name in names if name in known}


def _needed(verdict: Stability | Comparison, reached: Reached) -> NeededRecord:
    """How many runs would settle it; where no more than were given, also how many were and how many of them count."""
    needed = verdict.runs_needed
    if needed.kind in {"estimate", "at_least"} and needed.runs is not None and needed.runs <= reached.given:
        return recorded(needed, NeededRecord, given=reached.given, counted=reached.counted)
    return recorded(needed, NeededRecord)


def _reached(
    made: _Made, statistics: Sequence[ArmStatistics], not_measured: Sequence[str], primary: str
) -> Reached:
    """What could be judged. Where nothing prevents a pass and the examples have no labels, a sentence states what is judged instead."""
    sentences, labels = list(not_measured), made.labels
    metric = runs_metric(primary).noun
    undecided = any(arm.population is not None and not arm.population.decides for arm in made.arms)
    if undecided and any(item.primary is not None for item in statistics):
        sentences.append(f"These runs decide nothing: {metric} alone was judged.")
    if all(arm.kept for arm in made.arms) and not labels.given and not not_measured:
        sentences.append("The inputs have no labels: churn alone was judged.")
    elif 0 < labels.measured < made.inputs.count:
        sentences.append(
            f"{labels.measured:,} of {made.inputs.count:,} examples have {labels.known}: the metric is of these."
        )
    counts = [(item.independent, len(arm.members)) for item, arm in zip(statistics, made.arms, strict=True)]
    counted, given = min(counts)
    return Reached(tuple(sentences), given, counted)


def _not_measured(
    request: SurveyRequest, made: _Made, statistics: Sequence[ArmStatistics]
) -> list[Unmeasured]:
    """What was requested and was not measured; nothing where an arm has no run to measure, which is reported elsewhere."""
    if any(not arm.kept for arm in made.arms):
        return []
    usual = {metrics_of(counted)[0] for counted in get_args(Counted)}
    named = request.metric_named or request.primary not in usual
    requested = Requested(request.primary, named, made.slices, request.margins)
    means = [item.primary.spread.mean for item in statistics if item.primary is not None]
    return unmeasured(requested, made.labels, made.names, means, len(made.arms))


def _prepare(requested: Sequence[RequestedRun], progress: OnProgress) -> None:
    """A mistake that would fail every run is raised once, at the start; an environment is built once, not by each run."""
    for run in requested:
        prepare(parse_subject(run.subject), progress)


def _nothing(runs: Sequence[RequestedRun], outcomes: Sequence[Outcome]) -> ParityError:
    """Why there is no audit: the mistake itself where there is one run, or all have the same."""
    first = outcomes[0]
    kinds = {by_slug(outcome.slug) for outcome in outcomes}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None:
        kind = UsageError if all(issubclass(each, UsageError) for each in kinds) else RunError
    sentence = (
        first.sentence
        if len(runs) == 1
        else f"None of the {len(runs)} runs could be run on the inputs. {first.sentence}"
    )
    return kind(sentence, next_step=first.next_step or "Fix that and run again: finished runs are kept.")


def _slices(request: SurveyRequest, inputs: Inputs) -> NDArray[np.str_] | None:
    if request.slices is None:
        return None
    # The slice is read as a label is: another column of the same rows.
    known = inputs.columns
    try:
        other = open_for_runs(
            request.inputs._replace(
                text_column=known.text,
                pair_column=known.pair,
                label_column=request.slices,
                id_column=known.id,
            )
        )
    except MissingColumn as error:
        raise MissingColumn(
            f"--slices: {error.sentence}", next_step=error.next_step.replace("--label-column", "--slices")
        ) from error
    values = [example.label for window in other.windows() for example in window]
    if len(values) != inputs.count:
        raise UsageError(
            f"{inputs.source} changed while it was being used: it held {inputs.count:,} examples at first.",
            next_step="Run again on a file that no program writes to.",
        )
    return np.array([value if value is not None else "(none)" for value in values])
