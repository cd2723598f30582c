"""Forwards of some rows in which what a model's parts take is shown or changed: in float64, or in each side's own precision."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from parity.align.feed import Feed
from parity.border.interventions import Interventions
from parity.border.reply import StageTensor
from parity.border.runner import Batch, written
from parity.measure.noise import NOISE_FACTOR, UNIT_ROUNDOFF
from parity.passes.after import AfterContext
from parity.passes.distance import Place
from parity.passes.sample_feed import small_batches
from parity.records.pair import Pair
from parity.records.stage import StageRecord
from parity.session.window import open_window

__all__ = [
    "FLOAT64",
    "Forwards",
    "NotFed",
    "RowsAtHand",
    "batches_at_hand",
    "check_fed",
    "moved",
    "rows_at_hand",
    "rows_showing",
]

FLOAT64 = "float64"
_ROUNDED = 2.0**-52
_FLOAT64_ROUNDING = 2.0**-53
_FLOAT64_LEAST = (
    1e-12  # of a stage in float64 two libraries may differ by that: other sums, other approximations
)
_UNITS = {"bfloat16": 2.0**-9, "float16": 2.0**-12}
_FILL = 1e30


class NotFed(Exception):
    """The candidate cannot be run on the reference's feed."""


class Forwards:
    """How the two are run: `exact` in float64, else in each side's own precision."""

    def __init__(self, context: AfterContext, *, exact: bool) -> None:
        self._context = context
        self.exact = exact

    @property
    def precision(self) -> str | None:
        """What a forward is asked for."""
        return FLOAT64 if self.exact else None

    @property
    def named(self) -> str:
        """That of the forwards, by its name."""
        return FLOAT64 if self.exact else str(self._context.sides.candidate.described.dtype)

    @property
    def least(self) -> float:
        """One rounding in this precision, the finer of the two sides'."""
        if self.exact:
            return _FLOAT64_ROUNDING
        return min(_UNITS.get(side.described.dtype, UNIT_ROUNDOFF) for side in self._context.sides)

    def finer(self, number: int) -> bool:
        """Whether a side is not run in float64, and could be: its rounding is then seen against that."""
        return self._context.sides[number].described.can.float64 and not self.exact

    def allowed(self, place: Place) -> float:
        """What rounding explains of an own error."""
        most = NOISE_FACTOR * place.floor(self.least)
        return max(most, _FLOAT64_LEAST) if self.exact else most

    def run(
        self,
        number: int,
        asked: Interventions,
        precision: str | None,
        *,
        stages: Sequence[str],
        feed: Mapping[str, Any],
    ) -> Batch:
        """One forward; raises what it failed with."""
        side = self._context.sides[number]
        with side.runner.intervening(asked):
            batch = written(side.runner.forward(stages=list(stages), precision=precision, **feed))
        if batch.failure is not None:
            raise batch.failure
        return batch


def check_fed(reference: Batch, candidate: Batch) -> None:
    """Raise NotFed where the two were not fed the same."""
    if not Feed.of(reference).same_as(Feed.of(candidate), positions=False):
        raise NotFed("the candidate cannot be given the reference's ids")


def moved(tensor: StageTensor) -> StageTensor:
    """A tensor with every number moved by one rounding of its precision, up and down in turn."""
    values = tensor.values
    if values.dtype.kind != "f":
        return tensor
    unit = {"float64": _ROUNDED, "float32": 2.0**-23, "bfloat16": 2.0**-8, "float16": 2.0**-11}[tensor.source]
    signs = np.where(np.arange(values.size) % 2, 1.0, -1.0).reshape(values.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        changed = np.where(np.abs(values) < _FILL, values * (1.0 + unit * signs), values)
    return tensor._replace(values=changed.astype(values.dtype))


def rows_showing(record: StageRecord) -> Iterable[int]:
    """The rows that show a stage's difference: that of the largest, then the first ones."""
    at = record.max_abs.at
    if at is not None and at.startswith("[row "):
        yield int(at[5:].partition(",")[0].rstrip("]"))
    yield from (place[0] for place in record.first_beyond)


class RowsAtHand(NamedTuple):
    """Rows in a window of their own, by its numbers, and in batches."""

    numbers: Pair[int]
    rows: list[int]
    batches: list[list[int]]


@contextmanager
def batches_at_hand(context: AfterContext, batches: Sequence[Sequence[int]]) -> Generator[RowsAtHand]:
    """The rows of these batches, tokenized."""
    rows = [row for batch in batches for row in batch]
    window = open_window(context.sides, context.inputs.picked(sorted(rows)))
    try:
        yield RowsAtHand(window.numbers, rows, [list(batch) for batch in batches])
    finally:
        window.forget(context.sides)


@contextmanager
def rows_at_hand(
    context: AfterContext, rows: Sequence[int], *, tokens: int, at_once: int, lead: int = 0
) -> Generator[RowsAtHand]:
    """The first of these rows that have so many `tokens` together, tokenized, in batches of at most `at_once` tokens.

    The first `lead` of them are in batches of their own, which come first and have half as many tokens.
    """
    window = open_window(context.sides, context.inputs.picked(sorted(rows)))
    order = {row: place for place, row in enumerate(rows)}
    lengths = dict(zip((one.row for one in window.examples), window.lengths(), strict=True))
    chosen: list[int] = []
    spent = 0
    for row in sorted(lengths, key=lambda row: order[row]):
        if chosen and spent + lengths[row] > tokens:
            break
        chosen.append(row)
        spent += lengths[row]
    try:
        batches = small_batches(context.sides, chosen[:lead], lengths, at_once // 2)
        batches += small_batches(context.sides, chosen[lead:], lengths, at_once)
        yield RowsAtHand(window.numbers, chosen, batches)
    finally:
        window.forget(context.sides)
