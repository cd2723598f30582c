"""The policy of a comparison: every number that the verdict rests on."""

from __future__ import annotations

from parity.records.places import Record

__all__ = ["PolicyRecord"]


class PolicyRecord(Record, frozen=True, kw_only=True):
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
