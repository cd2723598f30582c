"""The decisions of the two sides: flips, their rates, distances between distributions, metrics."""

from __future__ import annotations

from typing import Literal

from parity.records.places import Record

__all__ = [
    "Decisions",
    "Flip",
    "FlipRate",
    "Headroom",
    "ImpliedTemperature",
    "LabelledMetric",
    "Temperature",
    "WouldFlip",
]


class FlipRate(Record, frozen=True, kw_only=True):
    """Share of decisions that differ, with exact (Clopper-Pearson) bounds.

    `bounds` says what `low` and `high` are: two one-sided bounds, each of which holds at `confidence`, or (in records of
    earlier versions) the ends of a two-sided interval.
    """

    value: float
    low: float
    high: float
    confidence: float
    bounds: Literal["one-sided", "two-sided"] = "two-sided"


class Flip(Record, frozen=True, kw_only=True):
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
    word: str | None = None


class Temperature(Record, frozen=True, kw_only=True):
    """Distances between the two distributions at one temperature, in nats (KL, JS; null: infinite) and share (TV); `kl_at` is the row and
    the position of the largest KL, where a row has several decisions."""

    temperature: float
    js_mean: float
    tv_mean: float
    kl_mean: float | None
    max_abs_probability: float
    js_max: float = 0.0
    tv_max: float = 0.0
    kl_max: float | None = 0.0
    kl_at: list[int] | None = None
    agree: int = 0


class ImpliedTemperature(Record, frozen=True, kw_only=True):
    """The t of "candidate = reference at temperature t", and how much of the candidate it explains."""

    value: float | None
    r2: float | None
    reverse: float | None = None


class LabelledMetric(Record, frozen=True, kw_only=True):
    """A metric against the labels: both sides, candidate minus reference, and that difference's interval."""

    metric: str
    reference: float
    candidate: float
    difference: float
    low: float | None
    high: float | None
    confidence: float = 0.95
    labelled: int = 0


class WouldFlip(Record, frozen=True, kw_only=True):
    """How many decisions that agree would flip, were the difference between the two `times` larger."""

    times: float
    flips: int


class Headroom(Record, frozen=True, kw_only=True):
    """How far the `decisions` that agree are from flipping.

    Each output is moved on along the difference: at t times the difference a row decides by reference + t (candidate - reference).
    `first_at` is the smallest t at which one flips (null: none ever does), `first_row` its input.
    """

    decisions: int
    first_at: float | None
    first_row: int | None
    would_flip: list[WouldFlip]


class Decisions(Record, frozen=True, kw_only=True):
    """What the two would decide, each on its own encoding. `unit` is "example", "token", "word" or "next_token".

    `flips_total` counts all that differ (`flips` holds the first hundred), `flips_explained` those whose margin rounding can
    cross, `undefined` those where a side has no number to decide by (`undefined_both`: neither has), `ties` those with a
    shared largest logit, `unknown_labels` labels of the inputs that are not a class. `rows` are the inputs that the decisions
    belong to, `rows_flipped` those in which one differs, `row_flip_rate` their share: the tokens of one text are not
    independent, so what bounds a rate of tokens is a rate of rows. Special tokens decide nothing. `distinct` are the distinct
    texts (or pairs) among the rows, `distinct_flipped` those with a copy that differs (0 and null where the texts are not
    known): copies are not independent either. `noun` is what is decided, and `decided_by` how, where that is not obvious; `probabilities`
    is False where the task has none, so that there are no distances between them. `stage` is the stage that shows them.
    `headroom` says what the decisions that agree would do, were the difference larger (null: not known, since a side does not hold
    all that it decides by).
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
    noun: str = "label"
    decided_by: str = ""
    probabilities: bool = True
    stage: str = "label"
    headroom: Headroom | None = None
