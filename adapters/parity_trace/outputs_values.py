"""The kind of numbers in a file of outputs: logits, probabilities or log-probabilities; and their rounding.

Inferred from all rows together. Probabilities lie in [0, 1] and each row sums to one; the exponentials of log-probabilities
do. The file's own rounding gives the tolerance: K classes rounded to a step of s sum to one within K s / 2. Numpy
alone.
"""

# Arrays are of whatever type the file has.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Values", "as_logits", "look_at", "out_of_range", "rounding"]

_MOST_DECIMALS = 12
_LOOSEST = 0.05  # of a sum of one: with two decimals, many classes can have almost any sum
_FLOAT = 1e-5  # of a sum of one, in float32, of very many classes


class Values(NamedTuple):
    """The kind of the numbers. `step` is the most that one of them was moved by its rounding (0: not beyond its float's own),
    `decimals` how many digits it was rounded to, where it was. `percent`: a probability of one is written as 100.
    `like_sigmoid`: they are treated as logits, and all lie in [0, 1].
    """

    kind: str
    step: float = 0.0
    decimals: int | None = None
    percent: bool = False
    like_sigmoid: bool = False


def look_at(values: Any, *, stored: Any, multi_label: bool, forced: str | None) -> Values:
    """The kind of values [rows, classes]. `stored` is the dtype in which they were written, `forced` the kind that the user states."""
    rows = values[(np.isfinite(values) | np.isneginf(values)).all(axis=1)].astype(np.float64)
    decimals, step = rounding(rows, stored)
    if forced is not None and forced != "logits":
        percent = forced == "probabilities" and bool(len(rows)) and bool(rows.max() > 1.5)
        return _of(forced, decimals, step, percent=percent)
    if forced == "logits" or not len(rows) or values.dtype.kind not in "f":
        return Values("logits")
    if np.isposinf(values).any() or np.array_equal(rows, np.round(rows)):
        return Values("logits")  # whole numbers are votes, or an artificial example
    if multi_label:
        return _of("probabilities", decimals, step) if _within(rows, 1.0) else Values("logits")
    if rows.shape[1] < 2:
        return Values("logits")
    classes, half = rows.shape[1], step
    for percent, one in ((False, 1.0), (True, 100.0)):
        allowed = min(max(classes * half, _FLOAT * one), _LOOSEST * one)
        if _within(rows, one) and bool((np.abs(rows.sum(axis=1) - one) <= allowed * (1 + 1e-9)).all()):
            return _of("probabilities", decimals, step, percent=percent)
    with np.errstate(over="ignore"):
        sums = np.exp(rows).sum(axis=1) if bool((rows <= half + 1e-6).all()) else np.zeros(len(rows))
    if bool((np.abs(sums - 1.0) <= min(half * 1.1 + _FLOAT, _LOOSEST)).all()):
        return _of("log_probabilities", decimals, step)
    return Values("logits", like_sigmoid=_within(rows, 1.0))


def out_of_range(values: Any, kind: str, percent: bool) -> int | None:
    """The first row that cannot be of the stated kind; None where all can."""
    if kind == "logits":
        return None
    top = 100.0 if percent else 1.0
    bad = (values < 0) | (values > top + 1e-6) if kind == "probabilities" else values > 1e-3
    rows = np.flatnonzero(bad.any(axis=1))
    return int(rows[0]) if len(rows) else None


def as_logits(values: Any, what: Values, *, multi_label: bool) -> Any:
    """Logits that have these values, float64: the logarithm of probabilities, up to a constant; of a sigmoid its inverse."""
    if what.kind == "logits":
        return values
    numbers = values.astype(np.float64) / (100.0 if what.percent else 1.0)
    if what.kind == "log_probabilities":
        if not multi_label:
            return numbers
        with np.errstate(divide="ignore"):
            return numbers - np.log(-np.expm1(np.minimum(numbers, 0.0)))
    with np.errstate(divide="ignore"):
        logs = np.log(np.clip(numbers, 0.0, None))
        return logs - np.log1p(-np.clip(numbers, None, 1.0)) if multi_label else logs


def _of(kind: str, decimals: int | None, step: float, *, percent: bool = False) -> Values:
    if decimals == 1:  # one digit is not enough evidence
        return Values(kind, percent=percent)
    return Values(kind, step / 100.0 if percent else step, decimals, percent)


def _within(rows: Any, top: float) -> bool:
    return bool((rows >= -1e-9).all() and (rows <= top * (1 + 1e-6)).all())


def rounding(rows: Any, stored: Any) -> tuple[int | None, float]:
    """The decimals that all values were rounded to, from 1, and the most that this moved one; (None, 0) where there are none."""
    numbers = rows[np.isfinite(rows)]
    if not numbers.size:
        return None, 0.0
    if np.dtype(stored) == np.float16:
        return None, float(np.spacing(np.abs(numbers).max().astype(np.float16))) / 2
    unit = 2.0**-24 if np.dtype(stored) == np.float32 else 2.0**-53
    for decimals in range(_MOST_DECIMALS + 1):
        scaled = numbers * 10.0**decimals
        slack = np.abs(scaled) * unit * 2 + 1e-9
        if float(slack.max()) > 0.1:
            break  # the float itself is not more precise
        if bool((np.abs(scaled - np.round(scaled)) <= slack).all()):
            return (decimals, 0.5 * 10.0**-decimals) if decimals else (None, 0.0)
    return None, 0.0
