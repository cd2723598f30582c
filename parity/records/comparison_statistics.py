"""The comparison of two arms, candidate and baseline, as it is written."""

from __future__ import annotations

from parity.records.arm_statistics import Bounds, CanShowRecord, ChurnKindsRecord, EstimateRecord
from parity.records.places import Record

__all__ = [
    "BaselineRecord",
    "DifferenceRecord",
    "EquivalenceRecord",
    "ExcessChurnRecord",
    "LevelsRecord",
    "MetricDifferenceRecord",
    "SliceDifferenceRecord",
]


class DifferenceRecord(Record, frozen=True, kw_only=True):
    """Candidate minus baseline in one metric. `p` is of the t test of no difference, `p_holm` the same after Holm's correction over
    the metrics. `runs` of the baseline and of the candidate.
    """

    metric: str = ""
    baseline: float | None
    candidate: float | None
    estimate: EstimateRecord
    p: float | None
    paired: bool
    runs: tuple[int, int]
    examples: int


class MetricDifferenceRecord(DifferenceRecord, frozen=True, kw_only=True):
    """The same of one of several metrics."""

    p_holm: float | None = None


class EquivalenceRecord(Record, frozen=True, kw_only=True):
    """Two one-sided tests against the margin."""

    margin: float
    alpha: float
    p: float | None
    equivalent: bool
    interval: Bounds


class ExcessChurnRecord(Record, frozen=True, kw_only=True):
    """How much more two arms disagree than two runs of one arm, with its permutation test."""

    between: float | None
    within: tuple[float | None, float | None]
    estimate: EstimateRecord
    p: float | None
    exact: bool
    labellings: int
    least_p: float | None
    runs: tuple[int, int]
    examples: int
    matched: int = 0


class SliceDifferenceRecord(Record, frozen=True, kw_only=True):
    """The difference in one slice of the examples: `differs` where the arms are found different and so is this slice, `apart` where it
    differs by its own test, `inside` where its interval lies within the margin.
    """

    slice: str
    examples: int
    difference: DifferenceRecord | None
    p: float | None
    p_holm: float | None = None
    differs: bool | None = None
    inside: bool | None = None
    apart: bool | None = None


class LevelsRecord(Record, frozen=True, kw_only=True):
    """The part of alpha that each test had, before Holm's step."""

    difference: float
    permutation: float


class BaselineRecord(Record, frozen=True, kw_only=True):
    """Candidate against baseline. `false_alarm` bounds the chance of "different" when the arms are alike."""

    paired: bool
    runs: tuple[int, int] | None = None
    conditional_on: list[str] = []
    differences: dict[str, MetricDifferenceRecord]
    tost: EquivalenceRecord | None
    excess_churn: ExcessChurnRecord | None
    churn_kinds: ChurnKindsRecord | None
    slices: list[SliceDifferenceRecord]
    can_show: CanShowRecord | None
    false_alarm: float | None = None
    levels: LevelsRecord | None = None
