"""The noise floor: how far each side is from its own float64 run at each stage, on a sample, and what follows from it.

Rounding alone makes a float32 run differ from its own float64 run by e (relative L2). Two faithful runs of one model err
independently, so they differ by about sqrt(2) e: that is the floor. Where the two sides have different errors the smaller e
counts; otherwise the low precision of a bfloat16 candidate would excuse its differences. No error is taken to be smaller than the float32 unit
roundoff 2^-24, which is the scale of one rounding (Higham, Accuracy and Stability of Numerical Algorithms, section 2.1).

In float64 the same rounding is 2^-29 of that, so a difference far above it is one of implementation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from parity.records.pair import Pair
from parity.records.policy import PolicyRecord
from parity.records.stage_patterns import limit_of

__all__ = ["Floor", "Floors", "StageNoise", "floor_of", "rerun_limit"]

UNIT_ROUNDOFF = 2.0**-24
NOISE_FACTOR = 5.0
"""How many times the floor two faithful runs may differ by; what a policy permits above that is a limit, not noise."""
FLOAT64_ROUNDING = 1e-12
"""Relative L2 in float64 that rounding explains at any stage; what a policy permits above that is a limit too."""
_FLOAT64_SHARE = 2.0**-29
_FLOAT64_GROWTH = 1000.0
_POSITION_FACTOR = 10.0
_RERUN_GROWTH = 32.0  # float32 errors of whole models are 2 to 20 roundings in relative L2


class StageNoise(NamedTuple):
    """One side's own error at one stage: relative L2 and largest absolute difference between float32 and float64."""

    relative_l2: float
    max_abs: float


def rerun_limit(dtype: str) -> float:
    """The largest relative L2 that a second run of single rows may count as rounding, where there is no float64 run.

    A model whose result depends on its batch (a Fourier or a pooling encoder) differs from itself by much more than
    rounding; without a limit that difference would become the floor, and every difference would be within it.
    """
    return _RERUN_GROWTH * {"bfloat16": 2.0**-8, "float16": 2.0**-11}.get(dtype, UNIT_ROUNDOFF)


class Floor(NamedTuple):
    """What rounding explains at one stage, and what the policy allows.

    `relative_l2` is the floor, `allowed` the relative L2 permitted, `position_allowed` the same for one position's vector,
    `float64_allowed` the relative L2 permitted between the two in float64, `max_abs` the largest absolute difference that
    rounding explains (None where it was not measured). Where the policy permits more (or less) than rounding explains, `limit`
    is what it permits, and `noise_allowed` and `noise_float64_allowed` are what rounding explains. `precision` names that of the sides.
    """

    relative_l2: float
    allowed: float
    position_allowed: float
    float64_allowed: float
    max_abs: float | None
    measured: bool
    limit: float | None = None
    noise_allowed: float | None = None
    noise_float64_allowed: float | None = None
    precision: str = "float32"


def floor_of(
    stage: str,
    reference: Mapping[str, StageNoise],
    candidate: Mapping[str, StageNoise],
    policy: PolicyRecord,
    *,
    float64_is_pure: bool,
) -> Floor:
    """The floor at a stage from what was measured on either side (a side without float64 is excluded)."""
    known = [
        side[stage]
        for side in (reference, candidate)
        if stage in side and math.isfinite(side[stage].relative_l2)
    ]
    finest = min((noise.relative_l2 for noise in known), default=0.0)
    floor = max(math.sqrt(2.0) * finest, UNIT_ROUNDOFF)
    limit = limit_of(stage, policy)
    allowed = policy.floor_factor * floor if limit is None else limit
    explained = min(policy.floor_factor, NOISE_FACTOR)
    largest = min((noise.max_abs for noise in known), default=None)
    growth = _FLOAT64_GROWTH * floor * _FLOAT64_SHARE
    float64 = max(policy.float64_limit, growth)
    noise64 = max(min(policy.float64_limit, FLOAT64_ROUNDING), growth)
    if limit is not None or not float64_is_pure:
        float64 = max(float64, allowed)
    if not float64_is_pure:
        noise64 = max(noise64, explained * floor)
    if limit is None and policy.floor_factor > NOISE_FACTOR:
        limit = allowed
    return Floor(
        relative_l2=floor,
        allowed=allowed,
        position_allowed=_POSITION_FACTOR * allowed,
        float64_allowed=float64,
        max_abs=None if largest is None else math.sqrt(2.0) * explained * largest,
        measured=bool(known),
        limit=limit,
        noise_allowed=explained * floor,
        noise_float64_allowed=noise64,
    )


class Floors(NamedTuple):
    """The floors of all stages: what was measured on either side, and the policy.

    `exact` says that a difference in float64 comes from the models and not from rounding; `shares` that a side holds
    probabilities: both are compared in that form, and neither is finer than it. `precision` names that of the sides.
    """

    noise: Pair[dict[str, StageNoise]]
    policy: PolicyRecord
    exact: bool
    shares: bool = False
    precision: str = "float32"

    def of(self, stage: str) -> Floor:
        """The floor at a stage."""
        noise = _coarser(self.noise, stage) if self.shares else self.noise
        found = floor_of(stage, noise.reference, noise.candidate, self.policy, float64_is_pure=self.exact)
        return found._replace(precision=self.precision)


def _coarser(noise: Pair[dict[str, StageNoise]], stage: str) -> Pair[dict[str, StageNoise]]:
    """The noise of both sides, at `logits` and `probabilities` the larger one for both."""
    known = [side[stage] for side in noise if stage in side]
    if stage not in {"logits", "probabilities"} or not known:
        return noise
    worst = max(known, key=lambda item: item.relative_l2)
    return Pair({stage: worst}, {stage: worst})
