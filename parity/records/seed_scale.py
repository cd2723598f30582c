"""A pair's differences beside those of runs that differ by their seeds alone."""

from __future__ import annotations

from parity.records.places import Record

__all__ = ["MetricScale", "SeedScale", "StageScale"]


class StageScale(Record, frozen=True, kw_only=True):
    """One stage of the pair beside runs that differ by their seeds alone.

    `seeds_relative_l2` is the mean over pairs of runs, `_most` that of the pair furthest apart; `ratio` the pair's over the mean.
    """

    stage: str
    pass_: str
    relative_l2: float | None
    seeds_relative_l2: float | None
    seeds_relative_l2_most: float | None
    ratio: float | None


class MetricScale(Record, frozen=True, kw_only=True):
    """A metric's difference between the two beside its SD over seeds; `ratio` is that of the sizes."""

    metric: str
    difference: float
    seeds_sd: float
    ratio: float | None


class SeedScale(Record, frozen=True, kw_only=True):
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
