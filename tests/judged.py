"""Stages judged from measurements built by hand, for the tests of the judge and of the verdict."""

from __future__ import annotations

from typing import Any

import msgspec

from parity.measure.measurement import Measurement, Spot
from parity.measure.noise import Floor
from parity.pair_audit.judge import Measured, Symbols, discrete_record, judge_stage
from parity.pair_audit.policy import BUILT_IN
from parity.pair_audit.verdict import reach_verdict
from parity.pair_audit.verdict_of_decisions import Judgement
from parity.records.policy import PolicyRecord
from parity.records.stage import NotCompared, StageRecord
from tests.audit_parts import decisions

__all__ = [
    "BITWISE",
    "DECISIONS",
    "FAITHFUL",
    "FLOOR",
    "LIMITED",
    "RIGHT",
    "excluding",
    "judged",
    "limit",
    "seen",
    "verdict",
]

FAITHFUL, DECISIONS, BITWISE = BUILT_IN["faithful"], BUILT_IN["decisions"], BUILT_IN["bitwise"]
FLOOR = Floor(
    relative_l2=1e-7,
    allowed=5e-7,
    position_allowed=5e-6,
    float64_allowed=1e-12,
    max_abs=4e-6,
    measured=True,
)
RIGHT = discrete_record("input_ids", "own", Symbols(40, 10, [], 0))


def excluding(*names: str, policy: PolicyRecord = FAITHFUL, option: bool = True) -> PolicyRecord:
    """A policy that excludes these stages, by an option of the command line or by itself."""
    return msgspec.structs.replace(policy, ignore=list(names), ignore_option=list(names) if option else [])


def seen(relative: float | None = 1e-7, **changes: Any) -> Measurement:
    """A stage of 10 rows with 4 tokens of 8 units each."""
    values: dict[str, Any] = {
        "compared": 320,
        "rows": 10,
        "positions": 40,
        "bitwise_equal": relative == 0.0,
        "max_abs": 3e-6,
        "max_abs_at": Spot(4, 2, 7),
        "relative_l2": relative,
        "worst_position": relative or 0.0,
        **changes,
    }
    return Measurement(**values)


def judged(
    relative: float | None = 1e-7,
    *,
    stage: str = "layer.1",
    pass_: str = "own",
    policy: PolicyRecord = FAITHFUL,
    float64: float | None = None,
    whole: bool = False,
    floor: Floor = FLOOR,
    **changes: Any,
) -> StageRecord:
    return judge_stage(Measured(stage, pass_, seen(relative, **changes), floor, float64, whole=whole), policy)


def verdict(
    *stages: StageRecord, policy: PolicyRecord = FAITHFUL, missing: tuple[NotCompared, ...] = (), **flips: Any
) -> Judgement:
    return reach_verdict(stages, decisions(**flips) if flips else None, missing, policy)


def limit(value: float, floor: Floor = FLOOR) -> Floor:
    """The floor of a stage with a limit, as `parity.measure.noise.floor_of` leaves it."""
    return floor._replace(
        allowed=value,
        position_allowed=10 * value,
        float64_allowed=max(value, floor.float64_allowed),
        limit=value,
        noise_allowed=floor.allowed,
        noise_float64_allowed=floor.float64_allowed,
    )


LIMITED = msgspec.structs.replace(FAITHFUL, name="own", stages={"layer.1": 1e-3})
