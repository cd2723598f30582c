"""What both sides draw from where one of them samples, step by step on the reference's own tokens, after every processor.

A side that does not sample draws its best token with certainty.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from parity.border.description import Description
from parity.measure.drawn import Drawn, drawn_from, shares
from parity.measure.noise import NOISE_FACTOR
from parity.passes.text_runs import Along, TextRuns, Texts
from parity.records.exhibit import Exhibit, ExhibitColumn
from parity.records.generation import StepDifference, StepDistributions
from parity.records.pair import Pair

__all__ = ["distributions", "distributions_exhibit"]

_SAME_IN_FLOAT64 = 1e-9  # total variation
_TOO_SMALL = 1e-6  # a total variation that float32 cannot know
_SHOWN = 32


class _Block(NamedTuple):
    """Some steps of one row: how far apart the sides are, and at which steps by more than noise explains."""

    found: Drawn
    beyond: NDArray[np.bool_]


def distributions(runs: TextRuns, texts: Texts, described: Pair[Description]) -> StepDistributions:
    """The distances of all steps of these texts; tokens of unlike vocabularies cannot be paired."""
    if not runs.shared:
        return StepDistributions(
            steps=0,
            beyond=0,
            largest=0.0,
            reason="the two vocabularies differ, so that what is drawn from was not compared",
        )
    steps, beyond, support = 0, 0, 0
    largest = np.zeros(3)
    first: dict[int, StepDifference] = {}
    for row, pair in zip(texts.rows, texts.pairs, strict=True):
        tokens = pair.reference.ids
        for start in range(0, len(tokens), runs.at_once):
            wanted = Along(row, tokens, (start, min(start + runs.at_once, len(tokens))))
            block = _block(runs, wanted, described)
            found, over = block
            steps += len(over)
            beyond += int(over.sum())
            support += int((over & (found.only_one + found.only_other > 0)).sum())
            worst = (one.max(initial=0.0) for one in (found.variation, found.jensen_shannon, found.largest))
            largest = np.maximum(largest, np.fromiter(worst, np.float64))
            if over.any() and row not in first:
                at = int(over.argmax())
                first[row] = _step(found, at, row, start, pair.reference.pieces[start + at])
    return StepDistributions(
        steps=steps,
        beyond=beyond,
        largest=float(largest[0]),
        rows_beyond=list(first),
        largest_js=float(largest[1]),
        largest_difference=float(largest[2]),
        support=support,
        first=list(first.values()),
    )


def distributions_exhibit(found: StepDistributions, of: str) -> Exhibit:
    """The first step of each row at which the two draw from other distributions."""
    return Exhibit(
        title="What is drawn from",
        kind="table",
        columns=[
            ExhibitColumn(name="row", kind="number"),
            ExhibitColumn(name="token", kind="number"),
            ExhibitColumn(name="reference's token", kind="data"),
            ExhibitColumn(name="total variation", kind="number"),
            ExhibitColumn(name="Jensen-Shannon", kind="number"),
            ExhibitColumn(name="largest difference", kind="number"),
            ExhibitColumn(name="only the reference", kind="number"),
            ExhibitColumn(name="only the candidate", kind="number"),
        ],
        rows=[
            [
                one.row,
                one.step,
                one.token,
                one.total_variation,
                one.jensen_shannon,
                one.largest,
                one.only_reference,
                one.only_candidate,
            ]
            for one in found.first[:_SHOWN]
        ],
        of=of,
        note=f"After temperature, top-k, top-p and penalties, on the reference's own tokens: {found.beyond} of {found.steps} steps differ by "
        "more than noise explains; the first such step of each row. The last two columns count the tokens that one side alone can draw. "
        "A side that does not sample draws its best token.",
        left_out=max(0, len(found.first) - _SHOWN),
    )


def _block(runs: TextRuns, wanted: Along, described: Pair[Description]) -> _Block:
    own = _shares(runs, wanted, described, None)
    found = drawn_from(own)
    over = found.variation > _TOO_SMALL
    if runs.known and over.any():
        exact = _shares(runs, wanted, described, "float64")
        noise = sum(drawn_from(Pair(one, two)).variation for one, two in zip(own, exact, strict=True))
        truly = drawn_from(exact).variation
        ended = np.isnan(own.reference).any(axis=-1) | np.isnan(own.candidate).any(axis=-1)
        over &= ended | ((truly > _SAME_IN_FLOAT64) & (found.variation > NOISE_FACTOR * noise))
    return _Block(found, over)


def _shares(
    runs: TextRuns, wanted: Along, described: Pair[Description], precision: str | None
) -> Pair[NDArray[np.float64]]:
    scores = runs.scores([wanted], precision, sampled=True)
    samples = (bool(side.generation.get("do_sample")) for side in described)
    return Pair(*(shares(side[0], best=not drawn) for side, drawn in zip(scores, samples, strict=True)))


def _step(found: Drawn, at: int, row: int, start: int, token: str) -> StepDifference:
    return StepDifference(
        row=row,
        step=start + at,
        token=token,
        total_variation=float(found.variation[at]),
        jensen_shannon=float(found.jensen_shannon[at]),
        largest=float(found.largest[at]),
        largest_token=int(found.token[at]),
        only_reference=int(found.only_one[at]),
        only_candidate=int(found.only_other[at]),
    )
