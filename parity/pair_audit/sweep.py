"""The sweep: all inputs, window by window, asked of both sides at once; what they say is measured while the next batch runs.

For each batch the two passes of an audit are made. Own: each side on its own encoding. Same ids: the candidate on the
reference's ids, mask, types and (where they count for both, see parity.passes.positioning) positions; where both had fed
themselves the same already, the own pass is that pass.
A side is never asked more than three batches ahead of what has been measured, so memory does not grow with the inputs.

A forward that fails costs what it did not write: the stages before are measured, in either pass. Where the process of a
side is gone, nothing more is asked of it, and the sweep ends there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from parity.align.batch import same_feed
from parity.align.plan import Plan
from parity.align.tokens import RowAlignment
from parity.border.runner import Batch, Reply, written
from parity.errors import InputsDoNotFit
from parity.pair_audit.ledger import Ledger
from parity.pair_audit.sample import Rescued
from parity.passes.positioning import Positioning
from parity.records.pair import Pair
from parity.session.feed import feed_of
from parity.session.session import Session
from parity.session.stream import ahead
from parity.session.window import Window

__all__ = ["CpuSeconds", "add_rescued", "sweep_window"]

_AHEAD = 2


class CpuSeconds(NamedTuple):
    """What the forwards of each side took, in CPU seconds."""

    reference: float
    candidate: float


def sweep_window(
    sides: Pair[Session],
    plan: Plan,
    window: Window,
    ledger: Ledger,
    positioning: Positioning,
    advance: Callable[[int], None],
) -> CpuSeconds:
    """Ask every batch of a window and add what it shows to the ledger, up to the one in which a process ends."""
    first = window.examples[0].row
    _add_tokens(window, ledger)
    seconds = [0.0, 0.0]
    for rows, replies in ahead(window.batches(plan), partial(_ask, sides, plan, window), count=_AHEAD):
        own = Pair(written(replies.reference), written(replies.candidate))
        alignments = [window.alignments[row - first] for row in rows]
        _one_batch(sides, plan, ledger, positioning, own, rows, alignments, seconds)
        if ledger.ended:
            break
        advance(len(rows))
    return CpuSeconds(*seconds)


def add_rescued(plan: Plan, ledger: Ledger, rescued: Rescued) -> None:
    """Add the one batch in which a process ended while the noise was measured: what was written until then is all there is."""
    rows, own, broken, window = rescued
    _add_tokens(window, ledger)
    known = {
        example.row: aligned for example, aligned in zip(window.examples, window.alignments, strict=True)
    }
    alignments = [known[row] for row in rows]
    ledger.add_feeds(own, rows, [aligned is None or aligned.equal for aligned in alignments])
    ledger.add_failures(own, rows, plan)
    ledger.breakdowns.setdefault(broken.side, broken)
    ledger.ended = ledger.ended or broken.failure.sentence.rstrip(".")
    pairs = [None if aligned is None or aligned.equal else aligned.pairs for aligned in alignments]
    ledger.add_stages("both" if same_feed(own) else "own", own, rows, pairs, plan)


def _add_tokens(window: Window, ledger: Ledger) -> None:
    ledger.open_window()
    here_all, there_all = window.encodings.reference, window.encodings.candidate
    for example, here, there, aligned in zip(
        window.examples, here_all, there_all, window.alignments, strict=True
    ):
        if here is not None and there is not None and aligned is not None:
            ledger.add_tokens(example, Pair(here, there), aligned)


def _one_batch(
    sides: Pair[Session],
    plan: Plan,
    ledger: Ledger,
    positioning: Positioning,
    own: Pair[Batch],
    rows: Sequence[int],
    alignments: Sequence[RowAlignment | None],
    seconds: list[float],
) -> None:
    seconds[0] += own.reference.cpu_seconds
    seconds[1] += own.candidate.cpu_seconds
    ledger.add_feeds(own, rows, [aligned is None or aligned.equal for aligned in alignments])
    ledger.add_failures(own, rows, plan)
    if _without_ids(own):
        # Nothing was fed that could be given to the other: rows whose encodings are equal are the same ids all the same.
        equal = all(aligned is not None and aligned.equal for aligned in alignments)
        ledger.add_stages("both" if equal else "own", own, rows, None, plan)
        return
    forced = False
    fed_alike = same_feed(own)
    if not fed_alike and sides.candidate.described.can.same_ids and not own.candidate.ended:
        forced = positioning.forced(sides.candidate.runner, plan, own)
        fed_alike = positioning.settled and not forced and same_feed(own, positions=False)
    if fed_alike:
        ledger.add_stages("both", own, rows, None, plan)
        return
    given = _ask_given(sides, plan, own, ledger, positions=forced)
    pairs = [None if aligned is None or aligned.equal else aligned.pairs for aligned in alignments]
    ledger.add_stages("own", own, rows, pairs, plan)
    if given is None:
        return
    try:
        batch = written(given)
    except InputsDoNotFit as error:
        _cannot(plan, ledger, error.sentence.rstrip("."))
        return
    if batch.failure is not None:
        # A finding and not the end: the own pass is there, and what was written before the failure is measured.
        ledger.failures.add(batch.failure.sentence.rstrip("."))
        ledger.ended = ledger.ended or (batch.failure.sentence.rstrip(".") if batch.ended else "")
    seconds[1] += batch.cpu_seconds
    ledger.add_stages("given", Pair(own.reference, batch), rows, None, plan)


def _ask(sides: Pair[Session], plan: Plan, window: Window, rows: Sequence[int]) -> Pair[Reply[Batch]]:
    stages = list(plan.stages)
    return Pair(
        *(
            side.runner.forward(rows, window=number, stages=stages)
            for side, number in zip(sides, window.numbers, strict=True)
        )
    )


def _ask_given(
    sides: Pair[Session], plan: Plan, own: Pair[Batch], ledger: Ledger, *, positions: bool
) -> Reply[Batch] | None:
    if not sides.candidate.described.can.same_ids:
        _cannot(plan, ledger, "the candidate cannot be given another's ids")
        return None
    if own.candidate.failure is not None and own.candidate.ended:
        _cannot(plan, ledger, own.candidate.failure.sentence.rstrip("."))
        return None
    return sides.candidate.runner.forward(
        inputs=feed_of(own.reference, positions=positions), stages=list(plan.stages)
    )


def _without_ids(own: Pair[Batch]) -> bool:
    return any("input_ids" not in side.stages for side in own)


def _cannot(plan: Plan, ledger: Ledger, reason: str) -> None:
    for stage in plan.stages:
        ledger.unfit.setdefault((stage, "same_ids"), reason)
