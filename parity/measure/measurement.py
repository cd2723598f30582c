"""What was measured at one aligned stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Measurement", "Spot"]


class Spot(NamedTuple):
    """The place of a value: the example, the position in it, the unit of the vector."""

    row: int
    position: int
    unit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One stage, all positions taken together. Distances are None where nothing was compared, or where undefined.

    `compared` counts elements that are numbers on both sides; only these enter the distances. `non_finite_*` count the
    others on each side: NaN, infinities, and fill values of 1e30 and beyond, which masks put in place of numbers and
    which would dominate every other difference. `non_finite_unequal` counts places where the two are not of the same
    kind (number, NaN, +inf, -inf, positive fill, negative fill), and fills of one sign that differ, unless both are among
    those that stand for one another (about 1e30 or 1e32, the end of the range of bfloat16, float32 or float64): never a pass. `nan_both` counts NaN against NaN, which
    equals nothing either; the judge must consider it.

    relative_l2 is |d| / |reference| over everything (inf when the reference is all zeros and the candidate is not);
    cosine_distance is 1 - cos; sqnr_db is 20 log10(|reference| / |d|), None when nothing differs; norm_ratio is
    |candidate| / |reference|. `rows` are examples, `positions` vectors; `first_beyond` holds up to 8 [row, position] of
    positions beyond the vector limit, lowest first; `worst_position` is the largest relative L2 of a single vector.
    """

    compared: int
    rows: int
    positions: int
    bitwise_equal: bool
    max_abs: float | None = None
    max_abs_at: Spot | None = None
    mean_abs: float | None = None
    rmse: float | None = None
    reference_rms: float | None = None
    relative_l2: float | None = None
    cosine_distance: float | None = None
    sqnr_db: float | None = None
    norm_ratio: float | None = None
    non_finite_reference: int = 0
    non_finite_candidate: int = 0
    non_finite_unequal: int = 0
    nan_both: int = 0
    rows_beyond: int = 0
    positions_beyond: int = 0
    first_beyond: tuple[tuple[int, int], ...] = ()
    worst_position: float = 0.0
