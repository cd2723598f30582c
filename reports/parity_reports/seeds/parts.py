"""The parts of a seed audit with names and types: the record keeps its statistics as plain objects, and this reads them once.

Whatever the record holds as null (undefined, infinite, too few runs) is None here, and every view copes with it. What a later
version adds to the record is not looked at.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from parity.errors import RecordError
from parity.records.seed_audit import ArmRecord, Bounds, RunRecord, SeedAudit

__all__ = [
    "Agreement",
    "ArmParts",
    "Baseline",
    "CanShow",
    "Churn",
    "Component",
    "Contested",
    "Difference",
    "Distances",
    "Estimate",
    "Failed",
    "FittedTemperature",
    "Integrity",
    "Metric",
    "Needed",
    "Parts",
    "Reason",
    "RunCalibration",
    "Slice",
    "SliceSpread",
    "Split",
    "Spread",
    "Temperatures",
    "Variance",
    "kept_runs",
    "read_parts",
]

_Shape = TypeVar("_Shape")


class Estimate(msgspec.Struct, frozen=True):
    """A value with its interval."""

    value: float | None
    interval: Bounds | None
    confidence: float


class Spread(msgspec.Struct, frozen=True):
    """One number a run: its mean, SD and what a new run would have."""

    values: list[float | None]
    mean: float | None
    mean_interval: Bounds | None
    sd: float | None
    sd_interval: Bounds | None
    new_run: Bounds | None
    new_run_half_width: float | None
    confidence: float


class SeedEffect(msgspec.Struct, frozen=True):
    """How much of the SD is the seeds', and how much the flip noise of so many examples."""

    seed_sd: float | None
    flip_sd: float | None
    p: float | None


class Metric(msgspec.Struct, frozen=True):
    """One metric over the runs of an arm."""

    spread: Spread
    overall: Estimate | None
    seed: SeedEffect | None
    runs: int
    examples: int


class Kinds(msgspec.Struct, frozen=True):
    """Churn by what it did to the label, as shares of labelled examples."""

    win: float
    loss: float
    neutral: float


class Churn(msgspec.Struct, frozen=True):
    """The share of examples that two runs decide differently."""

    matrix: list[list[float | None]]
    estimate: Estimate
    least: float | None
    most: float | None
    over: str
    examples: int
    kinds: Kinds | None = None


class Agreement(msgspec.Struct, frozen=True):
    """Agreement of all runs of an arm at once."""

    runs: int
    examples: int
    raw: float | None
    chance: float | None
    kappa: Estimate | None
    entropy: float | None
    entropy_limit: float | None
    unanimous: float | None
    unanimous_interval: Bounds | None
    accuracy_unanimous: float | None
    accuracy_contested: float | None
    contested_total: int


class Distances(msgspec.Struct, frozen=True):
    """Mean distances of two runs' probabilities at one temperature."""

    temperature: float
    js: Estimate
    tv: Estimate
    kl: Estimate
    js_most: float | None
    tv_most: float | None
    kl_most: float | None


class Component(msgspec.Struct, frozen=True):
    """One source of variance."""

    raw: float | None
    share: float | None
    degrees: float | None
    interval: Bounds | None


class Split(msgspec.Struct, frozen=True):
    """Variance over a full grid of two seeds."""

    first: Component
    second: Component
    interaction: Component | None
    rest: Component
    shape: tuple[int, int, int]
    confidence: float


class Variance(msgspec.Struct, frozen=True):
    """The split of the logits, and of the primary metric where it has one."""

    first: str
    second: str
    logits: Split | None = None
    metric: Split | None = None


class FittedTemperature(msgspec.Struct, frozen=True):
    """The T that fits one run's logits to the labels; `state` says whether there is one."""

    state: str
    value: float | None
    interval: Bounds | None
    at_most: float | None = None
    at_least: float | None = None


class Temperatures(msgspec.Struct, frozen=True):
    """The fitted T of each run, and its spread on a log scale."""

    runs: list[FittedTemperature]
    log_spread: Spread | None


class CalibrationError(msgspec.Struct, frozen=True):
    """ECE beside that of a calibrated model of the same size."""

    ece: float | None
    mce: float | None
    calibrated_mean: float | None
    calibrated_high: float | None
    p: float | None
    examples: int


class RunCalibration(msgspec.Struct, frozen=True):
    """One run's calibration."""

    error: CalibrationError
    ace: float | None
    nll: float | None
    brier: float | None
    temperature: FittedTemperature


class CanShow(msgspec.Struct, frozen=True):
    """What so many runs can show, in multiples of the SD over runs or of the margin."""

    runs: int
    mean_half_width: float | None
    sd_low: float | None
    sd_high: float | None
    new_run_half_width: float | None
    detectable: float | None
    tost_sd: float | None
    least_p: float | None
    alpha: float
    power: float
    level: float | None = None
    detectable_alone: float | None = None


class Failed(msgspec.Struct, frozen=True):
    """The share of runs that learnt nothing."""

    runs: int = 0
    rate: float | None = None
    interval: Bounds | None = None
    accuracy_limit: float | None = None
    loss_limit: float | None = None


class Difference(msgspec.Struct, frozen=True):
    """Candidate minus baseline in one metric."""

    baseline: float | None
    candidate: float | None
    estimate: Estimate
    p: float | None
    paired: bool
    runs: tuple[int, int]
    examples: int
    p_holm: float | None = None


class Equivalence(msgspec.Struct, frozen=True):
    """Two one-sided tests against the margin."""

    margin: float
    alpha: float
    p: float | None
    equivalent: bool
    interval: Bounds


class ExcessChurn(msgspec.Struct, frozen=True):
    """How much more two arms disagree than two runs of one arm."""

    between: float | None
    within: tuple[float | None, float | None]
    estimate: Estimate
    p: float | None
    exact: bool
    labellings: int
    least_p: float | None
    runs: tuple[int, int]
    examples: int
    matched: int = 0


class Slice(msgspec.Struct, frozen=True):
    """The difference in one slice of the examples."""

    slice: str
    examples: int
    difference: Difference | None
    p: float | None
    p_holm: float | None = None
    differs: bool | None = None
    apart: bool | None = None


class SliceSpread(msgspec.Struct, frozen=True):
    """The primary metric over the runs of one arm in one slice."""

    slice: str
    examples: int
    metric: Metric | None = None


class Levels(msgspec.Struct, frozen=True):
    """The part of alpha that each test had, before Holm's step."""

    difference: float
    permutation: float


class Baseline(msgspec.Struct, frozen=True):
    """Candidate against baseline."""

    paired: bool
    differences: dict[str, Difference]
    tost: Equivalence | None
    excess_churn: ExcessChurn | None
    churn_kinds: Kinds | None
    slices: list[Slice]
    can_show: CanShow | None
    false_alarm: float | None = None
    levels: Levels | None = None


class Needed(msgspec.Struct, frozen=True):
    """Runs that would settle it: "enough", "estimate", "at_least" or "none" (`runs` is None). `given` are the runs of the arm with
    the fewest that count, `counted` those that do.
    """

    runs: int | None
    kind: str
    given: int | None = None
    counted: int | None = None

    @property
    def lacking(self) -> int | None:
        """How many more must count, where no more are needed than were given; None else."""
        if self.runs is None or self.given is None or self.counted is None or self.runs > self.given:
            return None
        return self.runs - self.counted


class Reason(msgspec.Struct, frozen=True):
    """One thing the verdict looked at."""

    about: str
    value: float | None
    limit: float | None
    holds: bool


class Contested(msgspec.Struct, frozen=True):
    """An example that runs decide differently, with its votes."""

    row: int
    id: str | None
    text: str
    label: str | None
    entropy: float | None
    votes: list[tuple[str, int]]


class Factor(msgspec.Struct, frozen=True):
    """One seed: how often it alone differed, and how often that changed something."""

    name: str
    values: int
    alone: int
    changed: int


class Repeats(msgspec.Struct, frozen=True):
    """Runs of the same seeds."""

    pairs: int
    bitwise: int
    max_abs: float | None
    churn: float | None


class Fault(msgspec.Struct, frozen=True):
    """What was found of runs and their seeds; `hidden`: a seed that changed nothing, in runs that others made differ."""

    kind: str
    factors: list[str] = []
    hidden: bool = False


class Integrity(msgspec.Struct, frozen=True):
    """What was checked of one arm before anything was averaged."""

    factors: list[Factor] = []
    faults: list[Fault] = []
    repeats: Repeats | None = None


class ArmParts(msgspec.Struct, frozen=True):
    """One arm."""

    name: str
    runs: int
    failed: Failed
    metrics: dict[str, Metric]
    churn: Churn | None
    agreement: Agreement | None
    distances: list[Distances]
    temperature: Temperatures | None
    can_show: CanShow | None
    slices: list[SliceSpread]


class Parts(msgspec.Struct, frozen=True):
    """All of a seed audit that sections are made of."""

    arms: list[ArmParts]
    variance: Variance | None
    baseline: Baseline | None
    reasons: list[Reason]
    needed: Needed
    contested: list[Contested]
    integrity: dict[str, Integrity]
    calibration: list[RunCalibration | None]


def read_parts(audit: SeedAudit) -> Parts:
    """The parts of an audit; raises RecordError where one does not have the shape this version writes."""
    try:
        return Parts(
            arms=[_arm(arm) for arm in audit.arms],
            variance=_variance(audit),
            baseline=_convert(audit.baseline, Baseline),
            reasons=msgspec.convert(audit.reasons, list[Reason]),
            needed=msgspec.convert(audit.runs_needed, Needed),
            contested=msgspec.convert(audit.contested, list[Contested]),
            integrity=msgspec.convert(audit.integrity, dict[str, Integrity]),
            calibration=[_convert(run.calibration, RunCalibration) for run in audit.runs],
        )
    except msgspec.ValidationError as error:
        raise RecordError(
            f"A statistic of this seed audit cannot be read: {error}.",
            next_step="Run the audit again with this version of parity: runs that are finished are kept.",
        ) from error


def kept_runs(audit: SeedAudit, arm: str) -> list[RunRecord]:
    """The runs of an arm that are averaged, in the order of its churn matrix and its values."""
    return [run for run in audit.runs if run.arm == arm and run.standing == "kept"]


def _arm(arm: ArmRecord) -> ArmParts:
    return ArmParts(
        name=arm.arm,
        runs=arm.runs,
        failed=msgspec.convert(arm.failed, Failed),
        metrics=msgspec.convert(arm.metrics, dict[str, Metric]),
        churn=_convert(arm.churn, Churn),
        agreement=_convert(arm.agreement, Agreement),
        distances=msgspec.convert(arm.distances, list[Distances]),
        temperature=_convert(arm.temperature, Temperatures),
        can_show=_convert(arm.can_show, CanShow),
        slices=msgspec.convert(arm.slices, list[SliceSpread]),
    )


def _variance(audit: SeedAudit) -> Variance | None:
    """The metric's split stands under the metric's own name."""
    found = audit.variance
    if found is None:
        return None
    return msgspec.convert({**found, "metric": found.get(audit.margins.primary)}, Variance)


def _convert(found: dict[str, Any] | None, shape: type[_Shape]) -> _Shape | None:
    return None if found is None else msgspec.convert(found, shape)
