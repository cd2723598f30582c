"""The audit: the record of a comparison, from which every report is rendered.

It is written as `audit.json` (schema `parity.audit/1`); `parity/schema/audit.json` is its JSON Schema, made from these
records (parity/records/document.py). Names here are relied on by other programs: add to them, never rename. `pass` is a Python keyword, so the
attribute is `pass_` and the key in the file `pass`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from parity.errors import RecordError

__all__ = [
    "Audit",
    "Decisions",
    "Finding",
    "FirstDivergence",
    "Flip",
    "FlipRate",
    "ImpliedTemperature",
    "InputsRecord",
    "LabelledMetric",
    "MetricScale",
    "Noise",
    "NotCompared",
    "Place",
    "PolicyRecord",
    "SeedScale",
    "StageRecord",
    "StageScale",
    "SubjectRecord",
    "Temperature",
    "TokenExample",
    "Tokens",
    "load_audit",
]

Verdict = Literal["parity", "equivalent", "divergent", "inconclusive", "not_comparable"]
Status = Literal["equal", "within_noise", "within_limit", "divergent", "not_comparable"]
Pass = Literal["own", "same_ids"]


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename={"pass_": "pass"}):
    """What all records share: frozen, keyword-only, `pass_` written as `pass`."""


class Place(_Record, frozen=True, kw_only=True):
    """Where a largest difference was seen: the value and its index, such as `[row 4, token 7, unit 12]`."""

    value: float | None
    at: str | None


class SubjectRecord(_Record, frozen=True, kw_only=True):
    """One side as it described itself. `spec` is the subject as written."""

    spec: str
    framework: str
    versions: dict[str, str]
    weights_digest: str | None
    model_class: str = ""
    task: str = ""
    dtype: str = ""
    device: str = ""
    labels: list[str] | None = None
    temperature: float = 1.0
    scope: Literal["full", "outputs"] = "full"
    parameters: int = 0
    newly_initialised: list[str] = []
    unused_weights: list[str] = []
    config: dict[str, Any] = {}
    tokenizer: dict[str, Any] = {}
    notes: list[str] = []
    warnings: list[str] = []


class InputsRecord(_Record, frozen=True, kw_only=True):
    """The examples both sides were asked with. `digest` is over texts, pairs, labels and ids, in order."""

    count: int
    digest: str
    source: str
    built_in: bool = False
    labelled: int = 0
    pairs: int = 0


class PolicyRecord(_Record, frozen=True, kw_only=True):
    """What is required: the name, and every number the verdict rests on.

    `stages` are limits by the name of a stage or a pattern (`layer.*`); `ignore` the stages, by name or pattern, that are
    measured and do not count, `ignore_option` those of them that came from --ignore and not from the policy itself.
    """

    name: str
    floor_factor: float
    float64_limit: float
    check_float64: bool
    flip_rate: float | None = None
    probability: float | None = None
    confidence: float = 0.95
    stages: dict[str, float] = {}
    ignore: list[str] = []
    ignore_option: list[str] = []
    allow_inconclusive: bool = False


class FirstDivergence(_Record, frozen=True, kw_only=True):
    """Where the two first part. Layer, example and token are given only where a strict subset is concerned."""

    stage: str
    pass_: Pass
    layer: int | None = None
    example: int | None = None
    token: int | None = None
    float64_only: bool = False


class StageRecord(_Record, frozen=True, kw_only=True):
    """One aligned stage in one pass.

    `relative_l2` is ||candidate - reference|| / ||reference|| over real positions; `noise_floor` the relative L2 of
    rounding, measured; `allowed` how much of it the policy permits; `times_floor` relative_l2 / noise_floor.
    `compared` counts elements; `rows` and `rows_beyond` the examples seen and those with a position beyond twice what is
    allowed; `worst_position` is the largest relative L2 of one position's vector. `limit` is the relative L2 that the policy
    set instead of what rounding explains (null: none), and the status `within_limit` that of a difference which rounding does
    not explain and the limit permits. `ignored` says that the stage was measured and does not count.
    """

    stage: str
    pass_: Pass
    status: Status
    relative_l2: float | None
    max_abs: Place
    noise_floor: float | None
    times_floor: float | None
    float64_relative_l2: float | None
    compared: int
    allowed: float | None = None
    float64_allowed: float | None = None
    max_abs_floor: float | None = None
    mean_abs: float | None = None
    rmse: float | None = None
    cosine_distance: float | None = None
    sqnr_db: float | None = None
    centred_relative_l2: float | None = None
    non_finite_reference: int = 0
    non_finite_candidate: int = 0
    norm_ratio: float | None = None
    rows: int = 0
    rows_beyond: int = 0
    positions: int = 0
    positions_beyond: int = 0
    first_beyond: list[list[int]] = []
    worst_position: float | None = None
    reason: str = ""
    limit: float | None = None
    ignored: bool = False


class TokenExample(_Record, frozen=True, kw_only=True):
    """One row whose tokens differ, with both sides' pieces and the edit script between them.

    `script` holds [operation, reference index or null, candidate index or null]; operation is "equal", "replace",
    "delete" (only in the reference) or "insert" (only in the candidate).
    """

    row: int
    kinds: list[str]
    text: str
    pair: str | None = None
    reference_pieces: list[str]
    candidate_pieces: list[str]
    reference_ids: list[int]
    candidate_ids: list[int]
    script: list[list[Any]] = []


class Tokens(_Record, frozen=True, kw_only=True):
    """How the encodings compare. `differences` counts rows by kind; a row can have several."""

    rows: int
    rows_equal: int
    differences: dict[str, int]
    examples: list[TokenExample] = []
    padding_side: dict[str, str] = {}
    pairs_aligned: int = 0


class FlipRate(_Record, frozen=True, kw_only=True):
    """Share of decisions that differ, with exact (Clopper-Pearson) bounds.

    `bounds` says what `low` and `high` are: two one-sided bounds, each of which holds at `confidence`, or (in records of
    earlier versions) the ends of a two-sided interval.
    """

    value: float
    low: float
    high: float
    confidence: float
    bounds: Literal["one-sided", "two-sided"] = "two-sided"


class Flip(_Record, frozen=True, kw_only=True):
    """One decision that differs. A margin is the gap between a side's two largest logits, in logit units (null: infinite)."""

    row: int
    id: str | None = None
    token: int | None = None
    text: str
    reference: str
    candidate: str
    reference_margin: float | None
    candidate_margin: float | None
    max_abs_logit: float | None
    explained_by_noise: bool
    label: str | None = None


class Temperature(_Record, frozen=True, kw_only=True):
    """Distances between the two distributions at one temperature, in nats (KL, JS; null: infinite) and share (TV)."""

    temperature: float
    js_mean: float
    tv_mean: float
    kl_mean: float | None
    max_abs_probability: float
    js_max: float = 0.0
    tv_max: float = 0.0
    kl_max: float | None = 0.0
    agree: int = 0


class ImpliedTemperature(_Record, frozen=True, kw_only=True):
    """The t of "candidate = reference at temperature t", and how much of the candidate it explains."""

    value: float | None
    r2: float | None
    reverse: float | None = None


class LabelledMetric(_Record, frozen=True, kw_only=True):
    """A metric against the labels: both sides, candidate minus reference, and that difference's interval."""

    metric: str
    reference: float
    candidate: float
    difference: float
    low: float | None
    high: float | None
    confidence: float = 0.95
    labelled: int = 0


class Decisions(_Record, frozen=True, kw_only=True):
    """What the two would decide, each on its own encoding. `unit` is "example" or "token".

    `flips_total` counts all that differ (`flips` holds the first hundred), `flips_explained` those whose margin rounding can
    cross, `undefined` those where a side has no number to decide by (`undefined_both`: neither has), `ties` those with a
    shared largest logit, `unknown_labels` labels of the inputs that are no class. `rows` are the inputs that the decisions
    belong to, `rows_flipped` those in which one differs, `row_flip_rate` their share: the tokens of one text are not
    independent, so what bounds a rate of tokens is a rate of rows. Special tokens decide nothing. `distinct` are the distinct
    texts (or pairs) among the rows, `distinct_flipped` those with a copy that differs (0 and null where the texts are not
    known): copies are not independent either.
    """

    examples: int
    agree: int
    flips: list[Flip]
    flip_rate: FlipRate
    temperatures: list[Temperature]
    implied_temperature: ImpliedTemperature
    unit: str = "example"
    flips_total: int = 0
    flips_explained: int = 0
    undefined: int = 0
    unknown_labels: int = 0
    ties: int = 0
    multi_label: bool = False
    class_order: str = "same"
    classes: list[str] = []
    metrics: list[LabelledMetric] = []
    undefined_both: int = 0
    rows: int = 0
    rows_flipped: int = 0
    row_flip_rate: FlipRate | None = None
    distinct: int = 0
    distinct_flipped: int = 0
    distinct_flip_rate: FlipRate | None = None


class Finding(_Record, frozen=True, kw_only=True):
    """What is different, as a sentence with evidence. `cause` is from the published list, or absent.

    `could_hide` marks a notice of something that could hide a difference, as inputs that exercise little do.
    """

    stage: str
    sentence: str
    evidence: dict[str, Any]
    cause: str | None = None
    severity: Literal["divergent", "notice"] = "notice"
    could_hide: bool = False


class NotCompared(_Record, frozen=True, kw_only=True):
    """What could not be compared, and why. `counts` says that it keeps the verdict from parity.

    `not_run` names what of a subject's files was not run: tensors, or the part itself where it has none.
    """

    stage: str
    reason: str
    pass_: Pass | None = None
    side: Literal["reference", "candidate", "both"] = "both"
    counts: bool = True
    not_run: list[str] = []


class Noise(_Record, frozen=True, kw_only=True):
    """How the floor was measured: on how many examples, and whether float64 was really float64 inside.

    `reference_float64` and `candidate_float64` are "pure", "kept: softmax, to" (computed in float64 although the model
    requests less there), "mixed: op" (computed in less), "unchecked", "not possible: reason", or "" (it has no float64).
    `rows` are the sampled rows, counted from 0, and `drawn` says how they were drawn.
    """

    sample: int
    method: str
    reference_float64: str = ""
    candidate_float64: str = ""
    rows: list[int] = []
    drawn: str = ""


class StageScale(_Record, frozen=True, kw_only=True):
    """One stage of the pair beside runs that differ by their seeds alone.

    `seeds_relative_l2` is the mean over pairs of runs, `_most` that of the pair furthest apart; `ratio` the pair's over the mean.
    """

    stage: str
    pass_: Pass
    relative_l2: float | None
    seeds_relative_l2: float | None
    seeds_relative_l2_most: float | None
    ratio: float | None


class MetricScale(_Record, frozen=True, kw_only=True):
    """A metric's difference between the two beside its SD over seeds; `ratio` is that of the sizes."""

    metric: str
    difference: float
    seeds_sd: float
    ratio: float | None


class SeedScale(_Record, frozen=True, kw_only=True):
    """The pair's differences in the scale of seeds: `audit` names the seed audit, `notes` what could not be set beside it.

    `seeds_churn` is the mean share of examples that two runs decide differently, with its interval.
    """

    audit: str
    verdict: str
    runs: int
    stages: list[StageScale]
    flip_rate: float | None
    seeds_churn: float | None
    seeds_churn_low: float | None
    seeds_churn_high: float | None
    flip_ratio: float | None
    metrics: list[MetricScale]
    notes: list[str]
    sentence: str = ""


class Audit(_Record, frozen=True, kw_only=True):
    """The record of one comparison; `seed_scale` where it was set beside a seed audit.

    `rows_needed` is how many rows would settle an inconclusive verdict, if they flip as often as these do (null where the
    verdict is another, or no number would). `findings` stand in the order of what they explain.
    """

    schema: Literal["parity.audit/1"] = "parity.audit/1"
    kind: Literal["compare"] = "compare"
    verdict: Verdict
    exit_code: int
    headline: str
    policy: PolicyRecord
    reference: SubjectRecord
    candidate: SubjectRecord
    inputs: InputsRecord
    first_divergence: FirstDivergence | None
    stages: list[StageRecord]
    tokens: Tokens
    decisions: Decisions | None
    findings: list[Finding]
    not_compared: list[NotCompared]
    noise: Noise
    provenance: dict[str, Any]
    command: str
    seed_scale: SeedScale | None = None
    rows_needed: int | None = None


def audit_bytes(audit: Audit) -> bytes:
    """The record as JSON, indented, in the order of its fields."""
    return msgspec.json.format(msgspec.json.encode(audit), indent=1) + b"\n"


def load_audit(path: Path) -> Audit:
    """Read a record again; raises RecordError with the reason when it is not one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(
            f"{path} cannot be read: {error.strerror}.", next_step="Name an audit.json that parity wrote."
        ) from error
    try:
        return msgspec.json.decode(data, type=Audit)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise RecordError(
            f"{path} is not a parity.audit/1 record: {error}.",
            next_step="Name an audit.json that this version of parity wrote, or run the comparison again.",
        ) from error
