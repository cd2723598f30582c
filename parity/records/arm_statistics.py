"""The statistics of the runs of one arm as they are written. Null is infinite, undefined, or measured on too few runs."""

from __future__ import annotations

from typing import Literal

from parity.records.places import Record

__all__ = [
    "AgreementRecord",
    "ArmRecord",
    "Bounds",
    "CanShowRecord",
    "ChurnKindsRecord",
    "ChurnRecord",
    "ComponentRecord",
    "DistancesRecord",
    "EstimateRecord",
    "FailedRecord",
    "FailedRunRecord",
    "LabelTemperatureRecord",
    "MetricRecord",
    "SeedEffectRecord",
    "SliceSpreadRecord",
    "SplitRecord",
    "SpreadRecord",
    "StageSimilarity",
    "TemperaturesRecord",
    "VarianceRecord",
]


class Bounds(Record, frozen=True, kw_only=True):
    """A lower and an upper bound; null is unbounded."""

    low: float | None
    high: float | None


class EstimateRecord(Record, frozen=True, kw_only=True):
    """A value and how certain it is. `run_variance` is what shrinks with more runs, `example_variance` what shrinks only with more
    examples; `degrees` of freedom are of the whole, `run_degrees` of the runs' part alone where that has its own quantile.
    """

    value: float | None
    interval: Bounds | None
    standard_error: float | None = None
    degrees: float | None = None
    run_variance: float | None = None
    example_variance: float | None = None
    confidence: float
    run_degrees: float | None = None


class SpreadRecord(Record, frozen=True, kw_only=True):
    """One number a run: its mean, its SD, and where a new run is expected, each with an interval."""

    values: list[float | None]
    mean: float | None
    mean_interval: Bounds | None
    sd: float | None
    sd_interval: Bounds | None
    new_run: Bounds | None
    new_run_half_width: float | None
    confidence: float


class SeedEffectRecord(Record, frozen=True, kw_only=True):
    """The SD over runs, split: what would stay with endless examples, what this many produce, and the p of no seed effect."""

    seed_sd: float | None
    flip_sd: float | None
    observed_sd: float | None = None
    p: float | None


class MetricRecord(Record, frozen=True, kw_only=True):
    """One metric over the runs of an arm: `spread` for these examples, `overall` over new examples as well. `independent` of the
    runs share no seed that moved.
    """

    metric: str = ""
    spread: SpreadRecord
    overall: EstimateRecord | None
    seed: SeedEffectRecord | None
    runs: int
    examples: int
    independent: int | None = None


class ChurnKindsRecord(Record, frozen=True, kw_only=True):
    """Churn by what it did to the label, as shares of labelled examples: wrong to right, right to wrong, wrong to another wrong."""

    win: float
    loss: float
    neutral: float


class ChurnRecord(Record, frozen=True, kw_only=True):
    """The share of examples that two runs decide differently: of each pair, and its mean; `over` says what the interval holds for.

    `of`: what the shares are of, "examples", or the "tokens" of which an example, a text, has several.
    """

    matrix: list[list[float | None]]
    estimate: EstimateRecord
    least: float | None
    most: float | None
    over: str
    examples: int
    kinds: ChurnKindsRecord | None = None
    of: str = "examples"


class AgreementRecord(Record, frozen=True, kw_only=True):
    """Agreement of all runs of an arm at once: raw, by chance, Fleiss' kappa, and the entropy of the votes in bits."""

    runs: int
    examples: int
    raw: float | None
    chance: float | None
    kappa: EstimateRecord | None
    entropy: float | None
    entropy_limit: float | None
    unanimous: float | None
    unanimous_interval: Bounds | None
    accuracy_unanimous: float | None
    accuracy_contested: float | None
    contested_total: int


class DistancesRecord(Record, frozen=True, kw_only=True):
    """Mean distances of two runs' probabilities at one temperature, in nats (TV a share), and those of the pair furthest apart."""

    temperature: float
    js: EstimateRecord
    tv: EstimateRecord
    kl: EstimateRecord
    js_most: float | None
    tv_most: float | None
    kl_most: float | None
    over: str = ""


class ComponentRecord(Record, frozen=True, kw_only=True):
    """One source of variance: its raw estimate, its share once negative ones are clipped, and the interval of the variance."""

    raw: float | None
    share: float | None
    degrees: float | None
    interval: Bounds | None


class SplitRecord(Record, frozen=True, kw_only=True):
    """The variance of one quantity over a full grid of two seeds; `shape` is the grid's, and how many runs a cell has."""

    first: ComponentRecord
    second: ComponentRecord
    interaction: ComponentRecord | None
    rest: ComponentRecord
    shape: tuple[int, int, int]
    confidence: float


# `first` and `second` name the seeds; `logits` is the split of the row-centred logits, and that of a metric stands under its name.
VarianceRecord = dict[str, SplitRecord | str | None]


class LabelTemperatureRecord(Record, frozen=True, kw_only=True):
    """The temperature that fits one run's logits to the labels; `state` says whether there is one, and else its bound."""

    state: str
    value: float | None
    interval: Bounds | None
    at_most: float | None = None
    at_least: float | None = None
    nll: float | None = None
    nll_fitted: float | None = None
    rows: int | None = None
    confidence: float | None = None


class TemperaturesRecord(Record, frozen=True, kw_only=True):
    """The fitted temperature of each run, and its spread on a log scale."""

    runs: list[LabelTemperatureRecord]
    log_spread: SpreadRecord | None


class CanShowRecord(Record, frozen=True, kw_only=True):
    """What this number of runs can show, in multiples of the SD over runs, or of the margin (`tost_sd`)."""

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


class FailedRunRecord(Record, frozen=True, kw_only=True):
    """One run that failed, by its place among the runs, and why."""

    run: int
    accuracy: float | None
    loss: float | None
    reasons: list[str]
    value: float | None = None


class FailedRecord(Record, frozen=True, kw_only=True):
    """How many runs failed, the interval of that rate, and the limits that they failed by; `keep` are the places of the others.

    Where nothing is decided a run fails at a `metric` of `metric_limit` or less, what chance gives. `of` is what an accuracy is held
    against.
    """

    failed: list[FailedRunRecord] = []
    runs: int = 0
    rate: float | None = None
    interval: Bounds | None = None
    accuracy_limit: float | None = None
    loss_limit: float | None = None
    keep: list[int] = []
    majority: float | None = None
    metric: str = ""
    metric_limit: float | None = None
    of: str = "the largest class"


class SliceSpreadRecord(Record, frozen=True, kw_only=True):
    """The primary metric over the runs of one arm in one slice of the examples."""

    slice: str
    examples: int
    metric: MetricRecord | None = None


class StageSimilarity(Record, frozen=True, kw_only=True):
    """One stage over the pairs of runs that share no seed: debiased CKA, cosine, relative L2; null where undefined, never 1.

    `cka_interval` is of the mean CKA of these runs, for new examples.
    """

    stage: str
    cka: float | None
    cka_least: float | None
    cosine: float | None
    cosine_least: float | None
    relative_l2: float | None
    relative_l2_most: float | None
    pairs: int
    undefined: int
    cka_interval: Bounds | None = None


class ArmRecord(Record, frozen=True, kw_only=True):
    """The statistics over the kept runs of one arm; null where there are too few runs or no labels.

    `independent` of the runs share no seed that moved, and every interval for new runs rests on that: over a full grid of two seeds
    with the forms of a grid, else over such runs alone. `conditional_on` names the seeds that never moved: nothing is known of
    runs with others. metrics: by name, mean with t interval, SD with interval, the interval for a new run, seed effect and flip noise. churn:
    matrix, mean with the two-way jackknife interval, win/loss/neutral. agreement: raw, Fleiss' kappa, vote entropy in
    bits, contested examples. distances: mean JS, TV, KL at each temperature. variance: of row-centred logits and of the
    primary metric over a full grid of two seeds. temperature: the fitted T over runs. slices: the primary metric over runs in
    each slice.
    """

    arm: Literal["candidate", "baseline"]
    runs: int
    failed: FailedRecord
    metrics: dict[str, MetricRecord]
    churn: ChurnRecord | None
    agreement: AgreementRecord | None
    distances: list[DistancesRecord]
    variance: VarianceRecord | None
    cka: list[StageSimilarity]
    temperature: TemperaturesRecord | None
    can_show: CanShowRecord | None
    slices: list[SliceSpreadRecord] = []
    independent: int | None = None
    conditional_on: list[str] = []
