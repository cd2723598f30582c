"""The judge of one stage: what was measured, the floor and the policy give its record with its status.

Rules of an auditor hold here: nothing compared is not a pass, and a non-finite value equals nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from parity.measure.measurement import Measurement
from parity.measure.noise import Floor
from parity.records.places import Place, Status
from parity.records.policy import PolicyRecord
from parity.records.stage import StageRecord
from parity.records.stage_patterns import limit_of
from parity.stages import DECIDING

__all__ = ["Measured", "Symbols", "discrete_record", "judge_stage", "nan_on_both"]


class Measured(NamedTuple):
    """One stage in one pass: its measurement, its floor, and what the two differ by in float64 (None: not measured).

    `centred` is the relative L2 once each row's mean is taken out of both sides; `whole` is true where the stage holds whole
    numbers, which rounding does not change; `in_part` where its vectors are made of a part of the logits, so that no unit is a class.
    """

    stage: str
    pass_: str
    measurement: Measurement
    floor: Floor
    float64: float | None
    centred: float | None = None
    whole: bool = False
    in_part: bool = False


def judge_stage(measured: Measured, policy: PolicyRecord) -> StageRecord:
    """The record of one stage, with its status under the policy."""
    seen, floor = measured.measurement, measured.floor
    status, reason = _status(measured, policy)
    relative = seen.relative_l2
    return StageRecord(
        stage=measured.stage,
        pass_=measured.pass_,
        status=status,
        relative_l2=_finite(relative),
        max_abs=Place(value=_finite(seen.max_abs), at=_place(measured.stage, seen, in_part=measured.in_part)),
        noise_floor=floor.relative_l2,
        times_floor=None if relative is None else _finite(relative / floor.relative_l2),
        float64_relative_l2=_finite(measured.float64),
        compared=seen.compared,
        allowed=floor.allowed,
        float64_allowed=floor.float64_allowed,
        max_abs_floor=_finite(floor.max_abs),
        mean_abs=_finite(seen.mean_abs),
        rmse=_finite(seen.rmse),
        cosine_distance=_finite(seen.cosine_distance),
        sqnr_db=_finite(seen.sqnr_db),
        centred_relative_l2=_finite(measured.centred),
        non_finite_reference=seen.non_finite_reference,
        non_finite_candidate=seen.non_finite_candidate,
        norm_ratio=_finite(seen.norm_ratio),
        rows=seen.rows,
        rows_beyond=seen.rows_beyond,
        positions=seen.positions,
        positions_beyond=seen.positions_beyond,
        first_beyond=[list(place) for place in seen.first_beyond],
        worst_position=_finite(seen.worst_position),
        reason=reason,
        limit=floor.limit,
    )


class Symbols(NamedTuple):
    """A stage of symbols: `compared` symbols of `rows` rows, of which `differing` differ; `named` are the first of those."""

    compared: int
    rows: int
    named: Sequence[int]
    differing: int


def discrete_record(stage: str, pass_: str, symbols: Symbols, reason: str = "") -> StageRecord:
    """The record of a stage of symbols (text, tokens, ids, labels): equal, or divergent in so many rows."""
    rows, differing = symbols.rows, symbols.differing
    status: Status = "not_comparable" if rows == 0 else "divergent" if differing else "equal"
    return StageRecord(
        stage=stage,
        pass_=pass_,
        status=status,
        relative_l2=None,
        max_abs=Place(value=None, at=None),
        noise_floor=None,
        times_floor=None,
        float64_relative_l2=None,
        compared=symbols.compared,
        rows=rows,
        rows_beyond=differing,
        first_beyond=[[row] for row in symbols.named[:8]],
        reason=reason,
    )


def _status(measured: Measured, policy: PolicyRecord) -> tuple[Status, str]:
    seen = measured.measurement
    if seen.non_finite_unequal:
        return (
            "divergent",
            f"{_values(seen.non_finite_unequal, 'a number', 'numbers')} on one side only, or not the same infinity or fill value",
        )
    if not seen.compared or seen.relative_l2 is None:
        return (
            "not_comparable",
            "every value is NaN or infinite on both sides" if seen.non_finite_reference else "it is empty",
        )
    status, reason = _by_distance(measured, policy)
    note = nan_on_both(seen)
    if not note:
        return status, reason
    # Values that can be measured are judged first: NaN beside them must not hide a difference.
    if status == "divergent":
        return status, f"{reason}; {note}" if reason else note
    return "not_comparable", note


def nan_on_both(seen: Measurement) -> str:
    """Why a stage with NaN on both sides shows neither a difference nor agreement; empty without any."""
    return (
        f"{_values(seen.nan_both, 'NaN', 'NaN')} on both sides, and NaN equals nothing"
        if seen.nan_both
        else ""
    )


def _values(count: int, one: str, several: str) -> str:
    return f"1 value is {one}" if count == 1 else f"{count:,} values are {several}"


def _by_distance(measured: Measured, policy: PolicyRecord) -> tuple[Status, str]:
    """How the values that are numbers on both sides compare with what is allowed."""
    seen, floor = measured.measurement, measured.floor
    assert seen.relative_l2 is not None, "a stage without a distance is judged earlier"
    if measured.whole:
        return ("equal", "") if seen.bitwise_equal else ("divergent", "the whole numbers are not equal")
    if _bitwise(policy, measured.stage):
        return ("equal", "") if seen.bitwise_equal else ("divergent", "not bitwise equal")
    if seen.relative_l2 > floor.allowed:
        return "divergent", _too_strict(measured)
    permission = "is noise" if floor.limit is None else "is allowed"
    if seen.worst_position > floor.position_allowed:
        limit = f"up to {floor.position_allowed:.1e} {permission}"
        return "divergent", f"one position differs by {seen.worst_position:.1e} of its size ({limit})"
    float64 = measured.float64 if policy.check_float64 else None
    if float64 is not None and not float64 <= floor.float64_allowed:
        if math.isinf(float64):
            return (
                "divergent",
                f"invisible in {floor.precision}; in float64 a value is a number on one side only",
            )
        if floor.limit is not None and not _explained(measured):
            return (
                "divergent",
                f"in float64 the two differ by a relative L2 of {float64:.1e} (up to {floor.float64_allowed:.1e} is allowed)",
            )
        return (
            "divergent",
            f"invisible in {floor.precision}; in float64 rounding sinks and the difference stays",
        )
    if seen.bitwise_equal:
        return "equal", ""
    if not _explained(measured):
        return "within_limit", ""
    if float64 is not None and not float64 <= _permitted(floor.noise_float64_allowed, floor.float64_allowed):
        return "within_limit", f"rounding explains it in {floor.precision}, and not in float64"
    return "within_noise", ""


def _explained(measured: Measured) -> bool:
    """Whether rounding explains what is seen in the precision of the sides, whatever a limit permits."""
    seen, floor = measured.measurement, measured.floor
    noise = _permitted(floor.noise_allowed, floor.allowed)
    share = noise / floor.allowed if floor.allowed else 1.0
    return (seen.relative_l2 or 0.0) <= noise and seen.worst_position <= floor.position_allowed * share


def _permitted(noise: float | None, allowed: float) -> float:
    return allowed if noise is None else noise


def _too_strict(measured: Measured) -> str:
    """What a difference over a limit is where rounding alone explains it: neither a difference nor agreement is shown."""
    if measured.floor.limit is None or not _explained(measured):
        return ""
    noise = _permitted(measured.floor.noise_allowed, measured.floor.allowed)
    return f"the limit is below the {noise:.1e} that rounding explains: whether the two differ by more than it cannot be seen"


def _bitwise(policy: PolicyRecord, stage: str) -> bool:
    """Whether a stage must hold the same bits; the policy's numbers decide that, whatever it is called."""
    return policy.floor_factor == 0 and limit_of(stage, policy) is None


def _place(stage: str, seen: Measurement, *, in_part: bool) -> str | None:
    if seen.max_abs_at is None:
        return None
    row, position, unit = seen.max_abs_at
    if in_part:
        return f"[row {row}, token {position}]"
    if stage in DECIDING or seen.positions == seen.rows:
        kind = "class" if stage in DECIDING else "unit"
        middle = (
            f"{'word' if stage == 'words' else 'token'} {position}, " if seen.positions > seen.rows else ""
        )
        return f"[row {row}, {middle}{kind} {unit}]"
    return f"[row {row}, token {position}, unit {unit}]"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
