"""What a trace keeps of the logits of a vocabulary at one position, and how two such are compared.

Kept are the largest logits with their columns, the logit of the token that is there, the logarithm of the sum of all exponentials, the
mean, and random sums of all logits: each adds them up with fixed signs. A difference d between two rows of logits moves each of these
sums by about its own L2 norm, in whichever columns it lies (Johnson and Lindenstrauss, 1984), so that a change among the logits that
are not kept is seen: one of twice what is allowed is missed once in a thousand positions, one of ten times never.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.language import BEST, Outlook, best_of, log_sums
from parity.measure.row_sums import FILL
from parity.records.pair import Pair

__all__ = ["KEPT", "SUMS", "KeptPair", "KeptSide", "compared", "packed"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
KEPT = 64
"""How many of the largest logits are kept, where there are so many."""
SUMS = 16
"""How many random sums of all logits are kept."""
_OTHERS = (
    4 + SUMS
)  # the token that is there, the logarithm of the sum, the mean, how many columns there are, and the sums
_MARK_OF_FILL, _MARK_OF_INFINITY = 2.0**14, 2.0**15  # what stands in a sum for what is not a number
_AT_ONCE = 1 << 13  # columns: the same sums whatever the number of threads
_NO_REST = 1e-12  # a share of probability that is rounding
_TIE = 2  # of the candidate's best, beside those of the reference


class KeptSide(NamedTuple):
    """What one side has at n positions of `width` columns: all parts of what is kept, and, where it computes them, `whole` logits [n, width]."""

    values: Floats
    columns: Integers
    target: Floats
    log_sum: Floats
    mean: Floats
    width: int
    sums: Floats
    whole: Floats | None = None

    @classmethod
    def of(cls, packed_rows: npt.NDArray[Any], whole: Floats | None = None) -> KeptSide:
        """The parts of rows as `packed` makes them."""
        rows = np.asarray(packed_rows, dtype=np.float64)
        count = (rows.shape[1] - _OTHERS) // 2
        values, columns, others = rows[:, :count], rows[:, count : 2 * count], rows[:, 2 * count :]
        target, log_sum, mean, width = others[:, :4].T
        all_columns = int(width[0]) if len(rows) else 0
        sums = others[:, 4:]
        return cls(values, columns.astype(np.int64), target, log_sum, mean, all_columns, sums, whole)

    def at(self, columns: Integers, values: Floats) -> Floats:
        """[n, k] the logits of columns for which another side has `values`; of one that is not kept the most it can be, or that value."""
        if self.whole is not None:
            return np.take_along_axis(self.whole, columns, axis=1)
        same = columns[:, :, None] == self.columns[:, None, :]
        known = np.take_along_axis(self.values, same.argmax(axis=2), axis=1)
        return np.where(same.any(axis=2), known, np.minimum(values, self.values[:, -1:]))


class KeptPair(NamedTuple):
    """Two sides at the same n positions, in the columns that the reference keeps.

    `values` are what is compared as logits: those columns, the logarithm of the sum, and the log probability of the token that is there
    (0 on both where it is not the same, or not known); `sums` the random sums; `centred_values` and `centred_sums` the same less each
    row's mean. Decisions are between `choices`, of the columns `options`, where the candidate's best are beside the reference's; `shares`
    are logits of the kept columns and of all others together, from which a softmax makes their probabilities. `outlooks` are what either side predicts.
    """

    values: Pair[Floats]
    centred_values: Pair[Floats]
    sums: Pair[Floats]
    centred_sums: Pair[Floats]
    choices: Pair[Floats]
    options: Integers
    shares: Pair[Floats]
    outlooks: Pair[Outlook]

    def chosen(self, positions: npt.NDArray[np.bool_]) -> KeptPair:
        """The same at some of the positions."""
        if positions.all():
            return self
        return KeptPair(
            _some(self.values, positions),
            _some(self.centred_values, positions),
            _some(self.sums, positions),
            _some(self.centred_sums, positions),
            _some(self.choices, positions),
            self.options[positions],
            _some(self.shares, positions),
            Pair(*(side.chosen(positions) for side in self.outlooks)),
        )


def _some(pair: Pair[Floats], positions: npt.NDArray[np.bool_]) -> Pair[Floats]:
    return Pair(pair.reference[positions], pair.candidate[positions])


def packed(logits: npt.NDArray[Any], targets: Integers) -> Floats:
    """[n, kept] what is kept of rows of logits; `targets` [n] is the column of the token that is there, below 0 where there is none."""
    rows = np.asarray(logits, dtype=np.float64)
    best = best_of(rows, min(KEPT, rows.shape[1]))
    target = np.full(len(rows), np.nan)
    there = (targets >= 0) & (targets < rows.shape[1])
    target[there] = rows[there, targets[there]]
    number = np.abs(rows) < FILL
    count = np.maximum(number.sum(axis=1), 1)
    mean = np.where(number, rows, 0.0).sum(axis=1) / count
    parts = (
        np.take_along_axis(rows, best, axis=1),
        best,
        target[:, None],
        log_sums(rows)[:, None],
        mean[:, None],
        np.full((len(rows), 1), rows.shape[1]),
        _random_sums(rows, number),
    )
    return np.concatenate(parts, axis=1)


def compared(reference: KeptSide, candidate: KeptSide, same_target: npt.NDArray[np.bool_]) -> KeptPair:
    """Two sides that hold as many columns; `same_target` [n] says where the token that is there is the same on both."""
    columns, here = reference.columns, reference.values
    there = candidate.at(columns, here)
    sides = Pair(reference, candidate)
    likely = [np.where(same_target, side.target - side.log_sum, 0.0) for side in sides]
    unknown = np.isnan(likely[0]) & np.isnan(likely[1]) & ~np.isnan(reference.log_sum + candidate.log_sum)
    likely = [np.where(unknown, 0.0, side) for side in likely]
    sign_sums = _signs(reference.width).sum(axis=1) / np.sqrt(SUMS)
    raw: list[Floats] = []
    centred: list[Floats] = []
    sums: list[Floats] = []
    centred_sums: list[Floats] = []
    for side, values, target in zip(sides, (here, there), likely, strict=True):
        raw.append(np.concatenate([values, side.log_sum[:, None], target[:, None]], axis=1))
        less = np.concatenate([values, side.log_sum[:, None]], axis=1) - side.mean[:, None]
        centred.append(np.concatenate([less, target[:, None]], axis=1))
        sums.append(side.sums)
        centred_sums.append(side.sums - side.mean[:, None] * sign_sums)
    options, choices = _choices(reference, candidate, there)
    return KeptPair(
        Pair(*raw),
        Pair(*centred),
        Pair(*sums),
        Pair(*centred_sums),
        choices,
        options,
        _shares(sides, Pair(here, there)),
        Pair(_outlook(reference, candidate), _outlook(candidate, reference)),
    )


def _choices(reference: KeptSide, candidate: KeptSide, there: Floats) -> tuple[Integers, Pair[Floats]]:
    """The columns that decide: those of the reference, and the candidate's best that are not among them."""
    best, values = candidate.columns[:, :_TIE], candidate.values[:, :_TIE]
    known = (best[:, :, None] == reference.columns[:, None, :]).any(axis=2)
    ours = np.where(known, -np.inf, reference.at(best, values))
    theirs = np.where(known, -np.inf, values)
    options = np.concatenate([reference.columns, best], axis=1)
    here = np.concatenate([reference.values, ours], axis=1)
    return options, Pair(here, np.concatenate([there, theirs], axis=1))


def _shares(sides: Pair[KeptSide], values: Pair[Floats]) -> Pair[Floats]:
    """Logits of the kept columns, and of all the others together."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        rests = [
            1.0 - np.exp(known - side.log_sum[:, None]).sum(axis=1)
            for side, known in zip(sides, values, strict=True)
        ]
        nothing = np.minimum(*rests) < _NO_REST
        logits = [
            np.where(nothing, -np.inf, side.log_sum + np.log(np.where(nothing, 1.0, rest)))
            for side, rest in zip(sides, rests, strict=True)
        ]
    return Pair(
        *(np.concatenate([known, rest[:, None]], axis=1) for known, rest in zip(values, logits, strict=True))
    )


def _outlook(side: KeptSide, other: KeptSide) -> Outlook:
    best = other.columns[:, :BEST]
    return Outlook(
        side.columns[:, :BEST],
        side.values[:, :BEST],
        side.at(best, other.values[:, :BEST]),
        side.target - side.log_sum,
    )


def _random_sums(rows: Floats, number: npt.NDArray[np.bool_]) -> Floats:
    """[n, SUMS] the sums of each row with fixed signs, each of the size of the row's L2 norm."""
    plain = rows
    if not number.all():
        with np.errstate(invalid="ignore"):
            mark = np.where(np.isinf(rows), _MARK_OF_INFINITY, _MARK_OF_FILL) * np.sign(rows)
        plain = np.where(number | np.isnan(rows), rows, mark)
    signs = _signs(rows.shape[1])
    found = np.zeros((len(rows), SUMS))
    for start in range(0, rows.shape[1], _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        found += np.vecdot(plain[:, None, part], signs[None, :, part])
    return np.asarray(found / np.sqrt(SUMS))


@lru_cache(maxsize=2)
def _signs(columns: int) -> Floats:
    """[SUMS, columns] signs that depend on the place alone, on every machine (splitmix64: Steele, Lea and Flood, 2014)."""
    with np.errstate(over="ignore"):
        z = np.arange(1, columns * SUMS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    signs: Floats = np.where(z >> np.uint64(63), 1.0, -1.0).reshape(columns, SUMS)
    found: Floats = np.ascontiguousarray(signs.T)
    return found
