"""Per-row sums of one block: three ways to the same table, from cheap to exact."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FILL", "Integers", "RowSums", "Values", "exact_sums", "integer_sums", "lean_sums", "same_bits"]

Values = npt.NDArray[Any]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FILL = 1e30  # from here on a value is a mask's filling, no number (AllenNLP's -1e32, torch's finfo.min)
_HIGH = 1e37  # sums of squares from here on overflow float32, or hold a fill value
_LOW = {np.dtype(np.float32): 1e-30, np.dtype(np.float64): 1e-280}  # below, squares have been lost


@dataclass(slots=True)
class RowSums:
    """One entry a row, all float64 but the counts. d = candidate - reference over the places where both are numbers.

    `non_finite` [rows, 4]: on the reference, on the candidate, of unlike kind, NaN on both. `unit` is where the first row's
    largest difference sits.
    """

    largest: Floats
    sum_abs: Floats
    d2: Floats
    a2: Floats
    b2: Floats
    ad: Floats
    count: Integers
    non_finite: Integers
    equal_bits: bool = False
    unit: int = 0

    def of(self, rows: Integers) -> RowSums:
        """The table of these rows only; still of equal bits if the whole was."""
        return RowSums(
            self.largest[rows],
            self.sum_abs[rows],
            self.d2[rows],
            self.a2[rows],
            self.b2[rows],
            self.ad[rows],
            self.count[rows],
            self.non_finite[rows],
            self.equal_bits,
        )

    def put(self, rows: Integers, other: RowSums) -> None:
        """Replace these rows by another table's."""
        for name in _TABLE:
            getattr(self, name)[rows] = getattr(other, name)


_TABLE = tuple(field.name for field in fields(RowSums))[:8]


def _full(rows: int, width: int) -> Integers:
    """Every element of every row is compared."""
    return np.full((rows,), width, dtype=np.int64)


def same_bits(x: Values, y: Values) -> bool:
    """Whether two arrays of one shape are bit for bit the same, types included (so 0.0 is not -0.0)."""
    if x.dtype != y.dtype:
        return False
    if not x.size:
        return True
    as_bits = np.dtype(f"u{x.dtype.itemsize}")
    one, other = np.ascontiguousarray(x).view(as_bits), np.ascontiguousarray(y).view(as_bits)
    # Blocks that differ mostly differ in their first row: one row tells without reading the rest.
    return np.array_equal(one[:1], other[:1]) and np.array_equal(one, other)


def lean_sums(x: Values, y: Values, scratch: Values) -> RowSums:
    """Sums of float rows in their own precision; `scratch` is [rows, width] of the wider of the two types.

    Rows whose sums that precision cannot hold, or that hold anything but numbers, are done again exactly.
    """
    rows, width = x.shape
    wide, low = scratch.dtype, _LOW[scratch.dtype]
    typed = x.dtype == y.dtype
    x, y = x.astype(wide, copy=False), y.astype(wide, copy=False)
    equal = same_bits(x, y)
    with np.errstate(all="ignore"):
        a2 = np.vecdot(x, x).astype(np.float64)
        if equal:
            zeros = np.zeros(rows)
            sums = RowSums(
                zeros, zeros, zeros, a2, a2, zeros, _full(rows, width), np.zeros((rows, 4), np.int64), typed
            )
            # Zeros are shared between columns that `put` may write to: part them when something is unusual.
            unusual = ~(a2 < _HIGH)
            if unusual.any():
                sums = sums.of(np.arange(rows, dtype=np.int64))
        else:
            d = np.subtract(y, x, out=scratch)
            d2 = np.vecdot(d, d).astype(np.float64)
            ad = np.vecdot(x, d).astype(np.float64)
            np.abs(d, out=d)
            sum_abs = np.vecdot(d, np.ones(width, dtype=wide)).astype(np.float64)
            # Sizes as integers are in the same order (NaN on top), and their maximum is found in fewer steps.
            largest = np.max(d.view(f"i{wide.itemsize}"), axis=1).view(wide).astype(np.float64)
            b2 = a2 + 2 * ad + d2
            none = np.zeros((rows, 4), np.int64)
            sums = RowSums(largest, sum_abs, d2, a2, b2, ad, _full(rows, width), none)
            unusual = (
                ~((a2 < _HIGH) & (d2 < _HIGH) & (b2 < _HIGH)) | ((d2 < low) & (largest > 0)) | (a2 < low)
            )
            # Far apart, the norm and the angle follow from sums that cancel: float32 is not enough for them.
            unusual |= d2 > 0.01 * a2
    if unusual.any():
        again = np.flatnonzero(unusual)
        sums.put(again, exact_sums(x[again], y[again]))
    return sums


def exact_sums(x: Values, y: Values, *, centred: bool = False) -> RowSums:
    """Sums in float64 over the places where both sides are numbers; with `centred` less each row's mean over those."""
    kinds, other_kinds = _kinds(x), _kinds(y)
    both = (kinds == 0) & (other_kinds == 0)
    non_finite = np.stack(
        [
            (kinds != 0).sum(axis=1),
            (other_kinds != 0).sum(axis=1),
            (kinds != other_kinds).sum(axis=1),
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
        np.where(count > 0, size.max(axis=1, initial=0.0), -1.0),
        size.sum(axis=1),
        np.vecdot(d, d),
        np.vecdot(a, a),
        np.vecdot(b, b),
        np.vecdot(a, d),
        count,
        non_finite,
        same_bits(x, y),
        unit,
    )


def integer_sums(x: Values, y: Values, *, centred: bool = False) -> RowSums:
    """Sums of integer rows: equality and difference are exact (2^53 is not 2^53 + 1), only the sums are float64."""
    if centred:
        raise ValueError("integers are not centred")
    if np.uint64 in (x.dtype, y.dtype):
        raise ValueError("unsigned 64-bit integers are not compared")
    one, other = x.astype(np.int64), y.astype(np.int64)
    higher, lower = np.maximum(one, other).view(np.uint64), np.minimum(one, other).view(np.uint64)
    size = (higher - lower).astype(np.float64)  # wraps to the right distance even from end to end of int64
    a, b = one.astype(np.float64), other.astype(np.float64)
    d = np.where(other >= one, size, -size)
    rows, width = x.shape
    return RowSums(
        np.where(width > 0, size.max(axis=1, initial=0.0), -1.0),
        size.sum(axis=1),
        np.vecdot(d, d),
        np.vecdot(a, a),
        np.vecdot(b, b),
        np.vecdot(a, d),
        _full(rows, width),
        np.zeros((rows, 4), dtype=np.int64),
        same_bits(one, other),
        int(size[0].argmax()) if size.size else 0,
    )


def _kinds(values: Values) -> npt.NDArray[np.int8]:
    """0 for a number, else what it is instead: 1 NaN, 2 and 3 the infinities, 4 and 5 fill values."""
    with np.errstate(invalid="ignore", over="ignore"):
        kinds = np.where(values >= FILL, 4, np.where(values <= -FILL, 5, 0)).astype(np.int8)
    kinds[np.isnan(values)] = 1
    kinds[np.isposinf(values)] = 2
    kinds[np.isneginf(values)] = 3
    return kinds
