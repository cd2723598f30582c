"""The streaming kernel: how far one stage of the candidate is from the reference's, over any number of batches.

In tiers, so that the usual case costs little more than reading the values once: blocks with the same bits need one pass;
others a handful of per-row sums; and only rows with something unusual in them (non-finite values, fill values, sums that
float32 cannot hold) go to float64 element by element.

Within a row sums are in the values' own precision, across rows in float64: relative error of sums about 2e-8 for float32.
With d = candidate - reference the sums kept are |a|^2, |d|^2 and <a, d>. The candidate's norm and the cosine follow from
them without cancellation, where <a, b> in float32 makes 1 - cos exactly 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.measure.dots import dots
from parity.measure.measurement import Measurement, Spot
from parity.measure.row_sums import (
    FILL,
    LOW,
    Integers,
    RowSums,
    Values,
    exact_sums,
    integer_sums,
    lean_sums,
    same_bits,
)

__all__ = ["Difference", "Measurement"]

_LEAN_BYTES = (
    1 << 18
)  # a block of either side and the scratch stay in a core's own cache, also beside two runners
_EXACT_BYTES = 1 << 20
_KEPT = 8


class Difference:
    """What accumulates for one stage: `add` batches, then take the `measurement`.

    vector_limit: how large a position's relative L2 may be before the position counts as beyond. A position is measured
    against its own norm, or against `vector_floor` where that is larger: rounding is relative to the size of what a stage
    usually holds, so that a vector near zero is not a false alarm. The floor is the root mean square norm of the stage's
    vectors; when none is given it is taken from the first batch added. None for the limit counts nothing as beyond.

    centred: take each row's mean out of both sides first (for logits: a constant added to a whole row changes nothing that
    is decided). Always in float64.
    """

    def __init__(
        self, vector_limit: float | None = None, *, vector_floor: float | None = None, centred: bool = False
    ) -> None:
        self.vector_limit = vector_limit
        self.vector_floor = vector_floor
        self.centred = centred
        self._max = -1.0
        self._at: Spot | None = None
        self._sum_abs = self._d2 = self._a2 = self._b2 = self._ad = 0.0
        self._compared = self._positions = self._positions_beyond = 0
        self._non_finite = np.zeros(4, dtype=np.int64)  # reference, candidate, unequal, NaN on both
        self._bitwise = True
        self._rows_seen = np.zeros(0, dtype=bool)
        self._rows_beyond = np.zeros(0, dtype=bool)
        self._first: list[tuple[int, int]] = []
        self._worst = 0.0
        self._scratch: npt.NDArray[Any] = np.empty((0, 0), dtype=np.float32)

    def add(
        self,
        reference: npt.NDArray[Any],
        candidate: npt.NDArray[Any],
        rows: npt.ArrayLike,
        positions: npt.ArrayLike,
        *,
        real: npt.NDArray[Any] | None = None,
    ) -> None:
        """Take in n positions: both sides [n, width], the example each belongs to [n] and its position in that example [n].

        real: [n], 0 for positions to exclude (padding); cheaper than gathering the others when most are real. Integers
        are compared as integers, never through floats. Raises ValueError for shapes that differ, and for integers against
        floats: such stages are not comparable.
        """
        if reference.shape != candidate.shape or reference.ndim != 2:
            raise ValueError(
                f"shapes {reference.shape} and {candidate.shape} cannot be compared as [positions, width]"
            )
        at_row, at_position = np.asarray(rows, dtype=np.int64), np.asarray(positions, dtype=np.int64)
        if at_row.shape != (len(reference),) or at_position.shape != (len(reference),):
            raise ValueError(
                f"{at_row.shape} rows and {at_position.shape} positions for {len(reference)} positions"
            )
        if (reference.dtype.kind in "fc") != (candidate.dtype.kind in "fc") or "c" in (
            reference.dtype.kind + candidate.dtype.kind
        ):
            raise ValueError(f"{reference.dtype} cannot be compared with {candidate.dtype}")
        if real is not None:
            keep = np.asarray(real, dtype=bool)
            if 2 * np.count_nonzero(keep) < len(keep):
                reference, candidate, at_row, at_position = (
                    part[keep] for part in (reference, candidate, at_row, at_position)
                )
                keep = keep[keep]
        else:
            keep = None
        if self.vector_floor is None and len(reference):
            self.vector_floor = _typical_norm(reference if keep is None else reference[keep], self.centred)
        if len(reference):
            self._take_in(
                reference,
                candidate,
                at_row,
                at_position,
                None if keep is None or keep.all() else keep,
            )

    @classmethod
    def merged(cls, parts: Iterable[Difference]) -> Difference:
        """One accumulator with the sums of all of these, which are unchanged. Limits are the first one's."""
        several = list(parts)
        whole = cls(
            several[0].vector_limit if several else None,
            vector_floor=several[0].vector_floor if several else None,
            centred=bool(several) and several[0].centred,
        )
        for part in several:
            if part._max > whole._max or (
                part._max == whole._max and part._at and whole._at and part._at < whole._at
            ):
                whole._max, whole._at = part._max, part._at
            whole._sum_abs += part._sum_abs
            whole._d2 += part._d2
            whole._a2 += part._a2
            whole._b2 += part._b2
            whole._ad += part._ad
            whole._compared += part._compared
            whole._positions += part._positions
            whole._positions_beyond += part._positions_beyond
            whole._non_finite += part._non_finite
            whole._bitwise = whole._bitwise and part._bitwise
            whole._rows_seen = _marked(whole._rows_seen, np.flatnonzero(part._rows_seen))
            whole._rows_beyond = _marked(whole._rows_beyond, np.flatnonzero(part._rows_beyond))
            whole._first = sorted({*whole._first, *part._first})[:_KEPT]
            whole._worst = max(whole._worst, part._worst)
        return whole

    def measurement(self) -> Measurement:
        """What was measured so far. Where nothing was compared every distance is None, which is not a pass."""
        n = self._compared
        rows = int(np.count_nonzero(self._rows_seen))
        counts = [int(count) for count in self._non_finite]
        common: dict[str, Any] = {
            "compared": n,
            "rows": rows,
            "positions": self._positions,
            "bitwise_equal": self._bitwise and self._positions > 0,
            "non_finite_reference": counts[0],
            "non_finite_candidate": counts[1],
            "non_finite_unequal": counts[2],
            "nan_both": counts[3],
            "rows_beyond": int(np.count_nonzero(self._rows_beyond)),
            "positions_beyond": self._positions_beyond,
            "first_beyond": tuple(self._first),
            "worst_position": self._worst,
        }
        if n == 0:
            return Measurement(**common)
        a2, d2, b2 = self._a2, self._d2, max(self._b2, 0.0)
        norms = math.sqrt(a2) * math.sqrt(b2)
        gap = (
            (2 * self._ad + d2) / (math.sqrt(a2) + math.sqrt(b2)) if norms else 0.0
        )  # |candidate| - |reference|
        return Measurement(
            **common,
            max_abs=self._max,
            max_abs_at=self._at,
            mean_abs=self._sum_abs / n,
            rmse=math.sqrt(d2 / n),
            reference_rms=math.sqrt(a2 / n),
            relative_l2=math.sqrt(d2) / math.sqrt(a2) if a2 else (math.inf if d2 else 0.0),
            cosine_distance=min(2.0, max(0.0, (d2 - gap * gap) / (2 * norms))) if norms else None,
            sqnr_db=10 * (math.log10(a2) - math.log10(d2)) if a2 and d2 else None,
            norm_ratio=math.sqrt(b2) / math.sqrt(a2) if a2 else None,
        )

    def _take_in(
        self,
        x: npt.NDArray[Any],
        y: npt.NDArray[Any],
        rows: Integers,
        positions: Integers,
        keep: npt.NDArray[np.bool_] | None,
    ) -> None:
        sums, seen = self._sums(x, y), rows
        if keep is not None:
            sums.leave_out(~keep)
            seen = rows[keep]
            if self._bitwise and not sums.equal_bits:
                self._bitwise = not sums.d2.any() and same_bits(x[keep], y[keep])
        else:
            self._bitwise = self._bitwise and sums.equal_bits
        self._positions += len(seen)
        self._rows_seen = _marked(self._rows_seen, seen)
        _, sum_abs, d2, a2, b2, ad = sums.floats.sum(axis=1).tolist()
        self._sum_abs += sum_abs
        self._d2 += d2
        self._a2 += a2
        self._b2 += b2
        self._ad += ad
        self._compared += int(sums.count.sum())
        if sums.non_finite.any():
            self._non_finite += sums.non_finite.sum(axis=0)
        self._place(x, y, rows, positions, sums)
        self._judge(rows, positions, sums)

    def _sums(self, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> RowSums:
        width = max(1, x.shape[1])
        if x.dtype.kind == "f" and x.shape[1] and not self.centred:
            dtype = np.result_type(x.dtype, y.dtype, np.float32)
            if self._scratch.shape[1] != x.shape[1] or self._scratch.dtype != dtype:
                step = max(8, _LEAN_BYTES // (width * dtype.itemsize))
                self._scratch = np.empty((step, x.shape[1]), dtype=dtype)
            return lean_sums(x, y, self._scratch)
        step = max(8, _EXACT_BYTES // (width * max(4, x.dtype.itemsize)))
        blocks = [(x[start : start + step], y[start : start + step]) for start in range(0, len(x), step)]
        if x.dtype.kind != "f":
            return RowSums.joined([integer_sums(*block) for block in blocks])
        return RowSums.joined([exact_sums(*block, centred=self.centred) for block in blocks])

    def _place(self, x: Values, y: Values, rows: Integers, positions: Integers, sums: RowSums) -> None:
        """Keep the largest difference and where it is; of equals the first by row, position and unit."""
        largest = float(sums.largest.max(initial=-1.0))
        if largest < self._max or largest <= 0:
            self._max = max(self._max, largest)
            return
        holders = np.flatnonzero(sums.largest == largest)
        first = holders[np.lexsort((positions[holders], rows[holders]))[0]]
        row, position = int(rows[first]), int(positions[first])
        if largest == self._max and self._at is not None and (row, position) >= self._at[:2]:
            return
        one = slice(first, first + 1)
        maker = integer_sums if x.dtype.kind not in "f" else exact_sums
        unit = maker(x[one], y[one], centred=self.centred).unit
        self._max, self._at = largest, Spot(row, position, unit)

    def _judge(self, rows: Integers, positions: Integers, sums: RowSums) -> None:
        """Mark the positions beyond the limit; values non-finite on one side only are beyond any limit."""
        squared = np.maximum(sums.a2, (self.vector_floor or 0.0) ** 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.sqrt(np.where(sums.d2 > 0, sums.d2 / squared, 0.0))
        worst = float(apart.max())
        self._worst = max(self._worst, worst)
        unlike = sums.non_finite[:, 2] > 0
        if self.vector_limit is None or not (worst > self.vector_limit or unlike.any()):
            return
        beyond = (apart > self.vector_limit) | unlike
        far_rows, far_positions = rows[beyond], positions[beyond]
        self._positions_beyond += len(far_rows)
        self._rows_beyond = _marked(self._rows_beyond, far_rows)
        order = np.lexsort((far_positions, far_rows))[:_KEPT]
        new = [(int(far_rows[k]), int(far_positions[k])) for k in order]
        self._first = sorted({*self._first, *new})[:_KEPT]


def _typical_norm(vectors: Values, centred: bool) -> float | None:
    """The root mean square norm of some vectors, over what is a number in them; None when there are none."""
    if not len(vectors):
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        if vectors.dtype in LOW and not centred:
            mean = float(dots(vectors, vectors).mean(dtype=np.float64))
            if LOW[vectors.dtype] < mean < FILL:
                return math.sqrt(mean)
        values = vectors.astype(np.float64)
        values[~(np.abs(values) < FILL)] = 0
    if centred and values.shape[1]:
        values -= values.mean(axis=1, keepdims=True)
    return math.sqrt(float(dots(values, values).mean()))


def _marked(seen: npt.NDArray[np.bool_], rows: Integers) -> npt.NDArray[np.bool_]:
    """The same marks with these rows set; grows by doubling, one byte an example."""
    need = int(rows.max(initial=-1)) + 1
    if need > len(seen):
        grown = np.zeros(max(need, 2 * len(seen)), dtype=bool)
        grown[: len(seen)] = seen
        seen = grown
    seen[rows] = True
    return seen
