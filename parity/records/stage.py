"""The stages of a comparison: what was measured, where the two first differ, and what could not be compared."""

from __future__ import annotations

from typing import Literal

from parity.records.places import Place, Record, Status

__all__ = ["FirstDivergence", "Noise", "NotCompared", "StageRecord"]


class StageRecord(Record, frozen=True, kw_only=True):
    """One aligned stage in one pass.

    `relative_l2` is ||candidate - reference|| / ||reference|| over real positions; `noise_floor` the relative L2 of
    rounding, measured; `allowed` how much of it the policy permits; `times_floor` relative_l2 / noise_floor.
    `compared` counts elements; `rows` and `rows_beyond` the examples seen and those with a position beyond twice what is
    allowed; `worst_position` is the largest relative L2 of one position's vector. `limit` is the relative L2 that the policy
    set instead of what rounding explains (null: none), and the status `within_limit` that of a difference which rounding does
    not explain and the limit permits. `ignored` says that the stage was measured and does not count.
    """

    stage: str
    pass_: str
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


class FirstDivergence(Record, frozen=True, kw_only=True):
    """Where the two first differ. Layer, example and token are given only where a strict subset is concerned."""

    stage: str
    pass_: str
    layer: int | None = None
    example: int | None = None
    token: int | None = None
    float64_only: bool = False


class NotCompared(Record, frozen=True, kw_only=True):
    """What could not be compared, and why. `counts` says that it prevents the verdict `parity`.

    `not_run` names what of a subject's files was not run: tensors, or the part itself where it has none.
    """

    stage: str
    reason: str
    pass_: str | None = None
    side: Literal["reference", "candidate", "both"] = "both"
    counts: bool = True
    not_run: list[str] = []


class Noise(Record, frozen=True, kw_only=True):
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
