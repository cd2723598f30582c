"""What the passes of one batch share: both sides, the plan, the rows, and what the first pass ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from parity.align.batch import Pairs
from parity.align.feed import Feed
from parity.align.plan import Plan
from parity.align.tokens import RowAlignment
from parity.border.breakdown import Breakdown
from parity.border.runner import Batch, Reply
from parity.passes.shared_feed import Fed, SharedFeed
from parity.records.pair import Pair
from parity.session.session import Session
from parity.session.window import Window

__all__ = ["PassContext", "Rows", "Shared"]


class Rows(NamedTuple):
    """The rows of one batch, and the numbers by which each side's runner knows the window that they are in.

    `targets` are the alignments of what the decoders are fed, empty where a side has none.
    """

    rows: Sequence[int]
    alignments: Sequence[RowAlignment | None]
    windows: Pair[int]
    targets: Sequence[RowAlignment | None] = ()

    @classmethod
    def of(cls, window: Window, rows: Sequence[int]) -> Rows:
        """Some rows of a window, by their numbers over all inputs."""
        places = {example.row: place for place, example in enumerate(window.examples)}
        chosen = [places[row] for row in rows]
        aligned = [window.alignments[place] for place in chosen]
        targets = [window.targets[place] for place in chosen] if window.targets else []
        return cls(rows, aligned, window.numbers, targets)

    @property
    def equal(self) -> list[bool]:
        """Whose tokens are equal, or not known."""
        return [aligned is None or aligned.equal for aligned in self.alignments]

    @property
    def pairs(self) -> Pairs:
        """The pairs of tokens of each row, and of what its decoders are fed; None where both have the same."""
        return {
            axis: [None if aligned is None or aligned.equal else aligned.pairs for aligned in rows]
            for axis, rows in (("token", self.alignments), ("target", self.targets))
        }

    @property
    def shown_equal(self) -> bool:
        """Whether the tokens of all rows are known to be equal."""
        return all(aligned is not None and aligned.equal for aligned in self.alignments)


class Shared:
    """What the passes of a whole comparison share: whether the feed can be shared, and which sides can be run in float64."""

    def __init__(self) -> None:
        self.feed = SharedFeed()
        self.able = [False, False]
        self.impossible = ["", ""]
        self.float64 = ["", ""]
        self.failure = ""

    def cannot(self, number: int, reason: str) -> None:
        """A side that cannot be run in float64 any more, and why."""
        self.able[number] = False
        self.impossible[number] = self.impossible[number] or reason


class PassContext:
    """One batch: `own` are the batches of the first pass, as soon as they are there."""

    def __init__(self, sides: Pair[Session], plan: Plan, batch: Rows, shared: Shared) -> None:
        self.sides = sides
        self.plan = plan
        self.batch = batch
        self.shared = shared
        self._own: Pair[Batch] | None = None
        self._further: Pair[list[Batch]] = Pair([], [])
        self._fed: Fed | None = None

    @property
    def own(self) -> Pair[Batch]:
        """What each side gave in the first pass; not to be read before that pass has run."""
        assert self._own is not None, "the first pass has not been run"
        return self._own

    def take(self, own: Pair[Batch]) -> None:
        """The first pass has run."""
        self._own = own

    def forward(
        self, number: int, rows: Sequence[int] | None = None, *, precision: str | None = None
    ) -> Reply[Batch]:
        """Request a forward of a side (0, 1) on its own encoding: of the whole batch, or of some rows of it."""
        chosen = self.batch.rows if rows is None else rows
        return self.sides[number].runner.forward(
            chosen,
            window=self.batch.windows[number],
            stages=list(self.plan.wanted(number)),
            precision=precision,
            groups=self.plan.sizes.groups(number, len(chosen)),
        )

    def forward_fed(self, reference: Batch, *, positions: bool, precision: str | None = None) -> Reply[Batch]:
        """Request a forward of the candidate on what the reference fed itself, with the same rows run together."""
        return self.sides.candidate.runner.forward(
            inputs=Feed.of(reference).inputs(
                positions=positions,
                words=self.sides.candidate.described.can.words != "no",
                target=self.sides.candidate.described.can.target,
            ),
            stages=list(self.plan.stages),
            precision=precision,
            groups=reference.groups,
        )

    def fed(self) -> Fed:
        """Whether both fed themselves the same; found out once a batch."""
        if self._fed is None:
            self._fed = self.shared.feed.compare(self.sides.candidate, self.plan, self.own)
        return self._fed

    @property
    def fed_known(self) -> bool:
        """Whether that was found out."""
        return self._fed is not None

    def note(self, number: int, batch: Batch) -> None:
        """A further batch of a side, which may have been its last."""
        self._further[number].append(batch)

    def broken(self) -> Breakdown | None:
        """The first side whose process ended in one of these forwards: nothing more can be run."""
        for side, own, further in zip(Pair._fields, self.own, self._further, strict=True):
            for batch in (own, *further):
                if batch.failure is not None and batch.ended:
                    stages = self.plan.stages
                    lost = next(
                        (stage for stage in stages if stage not in batch.stages),
                        next(iter(stages[-1:]), "scores"),
                    )
                    return Breakdown(side, batch.failure, lost, len(self.batch.rows))
        return None
