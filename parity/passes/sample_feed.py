"""What passes after the sweep share that run forwards of sampled rows on one feed: small batches, and the candidate on the reference's inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parity.align.feed import Feed
from parity.border.runner import Batch
from parity.passes.after import AfterContext
from parity.records.pair import Pair
from parity.session.session import Session

__all__ = ["of_reference", "small_batches"]


def small_batches(
    sides: Pair[Session], rows: Sequence[int], lengths: Mapping[int, int], most: int
) -> list[list[int]]:
    """Rows of similar length together, at most so many tokens at once; one at a time where a side takes no more."""
    alone = any(side.described.max_rows == 1 for side in sides)
    made: list[list[int]] = []
    for row in sorted(rows, key=lambda row: (lengths[row], row)):
        if alone or not made or (len(made[-1]) + 1) * lengths[row] > most:
            made.append([])
        made[-1].append(row)
    return made


def of_reference(context: AfterContext, reference: Batch, rows: Sequence[int], window: int) -> dict[str, Any]:
    """What a forward of the candidate is requested with: the reference's feed, or its own rows where it can be given none."""
    can = context.sides.candidate.described.can
    if not can.accepts_feed or "input_ids" not in reference.stages:
        return {"rows": rows, "window": window}
    positions = context.feed.positions and "position_ids" in reference.stages
    fed = Feed.of(reference)
    return {"inputs": fed.inputs(positions=positions, words=can.words != "no", target=can.target)}
