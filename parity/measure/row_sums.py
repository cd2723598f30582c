"""Per-row sums of one block: three ways to the same table, from cheap to exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.measure.dots import dots

__all__ = [
    "FILL",
    "LOW",
    "Integers",
    "RowSums",
    "Values",
    "exact_sums",
    "integer_sums",
    "lean_sums",
    "same_bits",
]

Values = npt.NDArray[Any]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FILL = (
    1e30  # from here on a value is a mask's fill value and not a number (AllenNLP's -1e32, torch's finfo.min)
)
# Equivalent fill values: what adapters and frameworks write, and the end of each type's range.
_KNOWN_FILLS = (
    1e30,
    1e32,
    (2 - 2.0**-7) * 2.0**127,
    float(np.finfo(np.float32).max),
    float(np.finfo(np.float64).max),
)
_FILL_SHARE = 0.01  # bfloat16 keeps 1e32 to 0.4 %
_ROUNDING = 2.0**-23  # one rounding of float32, by which the same filling may differ between two types
_HIGH = 1e37  # sums of squares from here on overflow float32, or hold a fill value
LOW = {np.dtype(np.float32): 1e-30, np.dtype(np.float64): 1e-280}  # below, squares have been lost


class RowSums:
    """One entry a row. d = candidate - reference over the places where both are numbers.

    `largest`, `sum_abs`, `d2`, `a2`, `b2`, `ad` are float64 [rows], and rows of one table, so that all are taken and summed at
    once. `non_finite` [rows, 4]: on the reference, on the candidate, unlike (in kind, or fills of unlike size that are not both
    known ones), NaN on both. `unit` is where the first row's largest difference sits.
    """

    __slots__ = ("count", "equal_bits", "floats", "non_finite", "unit")

    def __init__(
        self,
        floats: Floats,
        count: Integers,
        non_finite: Integers,
        *,
        equal_bits: bool = False,
        unit: int = 0,
    ) -> None:
        self.floats = floats
        self.count = count
        self.non_finite = non_finite
        self.equal_bits = equal_bits
        self.unit = unit

    @property
    def largest(self) -> Floats:
        row: Floats = self.floats[0]
        return row

    @property
    def sum_abs(self) -> Floats:
        row: Floats = self.floats[1]
        return row

    @property
    def d2(self) -> Floats:
        row: Floats = self.floats[2]
        return row

    @property
    def a2(self) -> Floats:
        row: Floats = self.floats[3]
        return row

    @property
    def b2(self) -> Floats:
        row: Floats = self.floats[4]
        return row

    @property
    def ad(self) -> Floats:
        row: Floats = self.floats[5]
        return row

    @classmethod
    def zeros(cls, rows: int, width: int) -> RowSums:
        """The table of rows that do not differ, their sums still to be filled in; every element is compared."""
        count, non_finite = np.full(rows, width, dtype=np.int64), np.zeros((rows, 4), dtype=np.int64)
        return cls(np.zeros((6, rows)), count, non_finite)

    @classmethod
    def joined(cls, parts: Sequence[RowSums]) -> RowSums:
        """Several tables (one at least) as one, in this order."""
        return cls(
            np.concatenate([part.floats for part in parts], axis=1),
            np.concatenate([part.count for part in parts]),
            np.concatenate([part.non_finite for part in parts]),
            equal_bits=all(part.equal_bits for part in parts),
        )

    def leave_out(self, rows: npt.NDArray[np.bool_]) -> None:
        """Exclude these rows, as if each were empty."""
        self.floats[:, rows] = 0
        self.floats[0, rows] = -1
        self.count[rows] = 0
        self.non_finite[rows] = 0

    def put(self, rows: Integers, other: RowSums) -> None:
        """Replace these rows by another table's."""
        self.floats[:, rows] = other.floats
        self.count[rows] = other.count
        self.non_finite[rows] = other.non_finite


def same_bits(x: Values, y: Values) -> bool:
    """Whether two arrays of one shape are bit for bit the same, types included (so 0.0 is not -0.0)."""
    if x.dtype != y.dtype:
        return False
    if not x.size:
        return True
    # Blocks that differ mostly differ in their first row, which shows it without reading the rest.
    if x[0].tobytes() != y[0].tobytes():
        return False
    as_bits = np.dtype(f"u{x.dtype.itemsize}")
    one, other = np.ascontiguousarray(x).view(as_bits), np.ascontiguousarray(y).view(as_bits)
    return np.array_equal(one, other)


def lean_sums(x: Values, y: Values, scratch: Values) -> RowSums:
    """Sums of float rows in their own precision, a block of as many rows at a time as `scratch` [block, width] has.

    `scratch` is of the wider of the two types, and small: a block of either side and the scratch lie in the fastest cache
    together, so that each value is read from memory once. Rows with sums that this precision cannot hold, or with
    non-finite values, are computed again exactly.
    """
    rows, width = x.shape
    wide = scratch.dtype
    typed = x.dtype == y.dtype
    sums = RowSums.zeros(rows, width)
    equal, ones = True, np.ones(width, dtype=wide)
    with np.errstate(all="ignore"):
        for start in range(0, rows, len(scratch)):
            part = slice(start, start + len(scratch))
            equal = (
                _lean_block(
                    x[part].astype(wide, copy=False),
                    y[part].astype(wide, copy=False),
                    scratch,
                    ones,
                    sums,
                    part,
                )
                and equal
            )
        sums.equal_bits = equal and typed
        if equal:
            sums.b2[:] = sums.a2
            unusual = ~(sums.a2 < _HIGH)
        else:
            a2, d2, low = sums.a2, sums.d2, LOW[wide]
            np.add(a2 + 2 * sums.ad, d2, out=sums.b2)
            # Far apart, the norm and the angle follow from sums that cancel: float32 is not enough for them.
            near = d2 <= 0.01 * a2
            if near.all() and d2.min() >= low and a2.min() >= low and a2.max() < _HIGH / 4:
                return sums  # every row is ordinary, which takes fewer steps to see than below
            unusual = ~(near & (a2 < _HIGH) & (d2 < _HIGH) & (sums.b2 < _HIGH))
            unusual |= ((d2 < low) & (sums.largest > 0)) | (a2 < low)
    again = np.flatnonzero(unusual)
    for start in range(0, len(again), len(scratch)):
        few = again[start : start + len(scratch)]
        sums.put(few, exact_sums(x[few].astype(wide, copy=False), y[few].astype(wide, copy=False)))
    return sums


def _lean_block(x: Values, y: Values, scratch: Values, ones: Values, sums: RowSums, part: slice) -> bool:
    """Fill in one block's part of the table, all but `b2`; whether the two hold the same bits (then nothing but `a2`)."""
    sums.a2[part] = dots(x, x)
    if same_bits(x, y):
        return True
    d = np.subtract(y, x, out=scratch[: len(x)])
    sums.d2[part] = dots(d, d)
    sums.ad[part] = dots(x, d)
    np.abs(d, out=d)
    sums.sum_abs[part] = dots(d, ones)
    # Sizes as integers are in the same order (NaN on top), and their maximum is found in fewer steps.
    sums.largest[part] = np.max(d.view(f"i{d.dtype.itemsize}"), axis=1).view(d.dtype)
    return False


def exact_sums(x: Values, y: Values, *, centred: bool = False) -> RowSums:
    """Sums in float64 over the places where both sides are numbers; with `centred` less each row's mean over those."""
    kinds, other_kinds = _kinds(x), _kinds(y)
    both = (kinds == 0) & (other_kinds == 0)
    unlike = (kinds != other_kinds) | _unlike_fills(x, y, (kinds >= 4) & (kinds == other_kinds))
    non_finite = np.stack(
        [
            (kinds != 0).sum(axis=1),
            (other_kinds != 0).sum(axis=1),
            unlike.sum(axis=1),
            ((kinds == 1) & (other_kinds == 1)).sum(axis=1),
        ],
        axis=1,
    ).astype(np.int64)
    a, b = np.where(both, x, 0).astype(np.float64), np.where(both, y, 0).astype(np.float64)
    d = b - a
    count = both.sum(axis=1).astype(np.int64)
    if centred:
        share = np.maximum(count, 1)[:, None]
        for side in (a, b, d):
            side -= np.where(both, side.sum(axis=1, keepdims=True) / share, 0)
    size = np.abs(d)
    unit = int(size[0].argmax()) if size.size else 0
    return RowSums(
        _table(np.where(count > 0, size.max(axis=1, initial=0.0), -1.0), size, a, b, d),
        count,
        non_finite,
        equal_bits=same_bits(x, y),
        unit=unit,
    )


def integer_sums(x: Values, y: Values, *, centred: bool = False) -> RowSums:
    """Sums of integer rows: equality and difference are exact (2^53 is not 2^53 + 1), only the sums are float64."""
    if centred:
        raise ValueError("integers are not centred")
    if np.uint64 in (x.dtype, y.dtype):
        raise ValueError("unsigned 64-bit integers are not compared")
    one, other = x.astype(np.int64), y.astype(np.int64)
    higher, lower = np.maximum(one, other).view(np.uint64), np.minimum(one, other).view(np.uint64)
    size = (higher - lower).astype(np.float64)  # wraps to the correct distance over the whole range of int64
    a, b = one.astype(np.float64), other.astype(np.float64)
    d = np.where(other >= one, size, -size)
    rows, width = len(x), x.shape[1]
    count: Integers = np.full((rows,), width, dtype=np.int64)
    return RowSums(
        _table(np.where(width > 0, size.max(axis=1, initial=0.0), -1.0), size, a, b, d),
        count,
        np.zeros((rows, 4), dtype=np.int64),
        equal_bits=same_bits(one, other),
        unit=int(size[0].argmax()) if size.size else 0,
    )


def _table(largest: Floats, size: Floats, a: Floats, b: Floats, d: Floats) -> Floats:
    """The sums of rows [rows, width] in the order that `RowSums` has them."""
    products = dots(d, d), dots(a, a), dots(b, b), dots(a, d)
    return np.stack([largest, size.sum(axis=1), *products])


def _kinds(values: Values) -> npt.NDArray[np.int8]:
    """0 for a number, else its kind: 1 NaN, 2 and 3 the infinities, 4 and 5 fill values."""
    with np.errstate(invalid="ignore", over="ignore"):
        kinds = np.where(values >= FILL, 4, np.where(values <= -FILL, 5, 0)).astype(np.int8)
    kinds[np.isnan(values)] = 1
    kinds[np.isposinf(values)] = 2
    kinds[np.isneginf(values)] = 3
    return kinds


def _unlike_fills(x: Values, y: Values, fills: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Where fill values of one sign differ: they have different sizes and are not both known fill values."""
    unlike = np.zeros(fills.shape, dtype=bool)
    if fills.any():
        one, other = np.abs(x[fills]).astype(np.float64), np.abs(y[fills]).astype(np.float64)
        same = np.abs(one - other) <= _ROUNDING * one
        unlike[fills] = ~(same | (_is_known(one) & _is_known(other)))
    return unlike


def _is_known(sizes: Floats) -> npt.NDArray[np.bool_]:
    known = np.array(_KNOWN_FILLS)
    return np.asarray((np.abs(sizes[:, None] / known - 1) <= _FILL_SHARE).any(axis=1))
