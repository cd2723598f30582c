"""The rows that the noise floor is measured on: drawn evenly from all inputs, and tokenized as a window of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from parity.inputs.batches import sample_rows
from parity.inputs.inputs import Inputs
from parity.records.pair import Pair
from parity.session.session import Session
from parity.session.window import Window, open_window

__all__ = ["SampleRows", "SampleWindow", "choose_rows", "open_sample"]


class SampleRows(NamedTuple):
    """Which rows are sampled, and why these.

    `able` says which side can be run in float64 on them; `drawn` how they were drawn, as a sentence without a full stop.
    """

    rows: list[int]
    able: Pair[bool]
    drawn: str


class SampleWindow(NamedTuple):
    """The sampled rows, tokenized on both sides and aligned."""

    chosen: SampleRows
    window: Window


def choose_rows(sides: Pair[Session], count: int, size: int, full: int | None = None) -> SampleRows:
    """`size` of `count` rows, evenly spaced, and which sides can be run in float64 on them.

    A trace may hold every stage for the first `full` rows only: the sample is drawn from those. And it holds float64
    values of some rows only: then from those; a trace that has none of these rows is used only in its own precision.
    """
    able = [side.described.can.float64 for side in sides]
    chosen: Sequence[int] = range(count)
    drawn = f"evenly over all {count:,} inputs"
    if full and full < count:
        chosen, drawn = (
            range(full),
            f"evenly over the first {full:,} inputs, which a trace holds every stage of",
        )
    for number, side in enumerate(sides):
        held = side.described.recorded.float64_rows if side.described.recorded is not None else None
        if able[number] and held is not None:
            common = sorted(set(held).intersection(chosen))
            able[number] = bool(common)
            if common:
                chosen, drawn = common, f"from the {len(common):,} inputs that a trace holds in float64"
    rows = [chosen[place] for place in sample_rows(len(chosen), size)]
    if len(chosen) < size:
        drawn += f", all of them (--sample {size:,} requests more than there are)"
    return SampleRows(rows, Pair(*able), drawn)


def open_sample(sides: Pair[Session], inputs: Inputs, chosen: SampleRows) -> SampleWindow:
    """Read the chosen rows, which takes one more pass over the inputs, and tokenize them on both sides."""
    return SampleWindow(chosen, open_window(sides, inputs.picked(chosen.rows)))
