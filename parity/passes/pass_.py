"""What a pass is: one way of running both sides so that their stages can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

from parity.align.batch import Pairs
from parity.align.plan import Plan
from parity.border.runner import Batch
from parity.passes.context import PassContext
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.session.session import Session

__all__ = ["Pass", "PassFacts", "PassResult"]

Of = Literal["both", "reference", "candidate"]


class PassResult(NamedTuple):
    """What a pass has of one batch.

    `batches` are compared with each other: of both sides, or (`of`) two runs of one side, which show its rounding. `rows` are
    theirs (None: the whole batch), `pairs` the pairs of positions of each row (None: by their rank). `as_first` says that what the first pass ran is this pass as well, and
    `reason` why there is nothing: then there are no batches. `limited` says that two runs may differ by more than rounding, so
    that no more than a limit counts as it.
    """

    batches: Pair[Batch] | None = None
    of: Of = "both"
    rows: Sequence[int] | None = None
    pairs: Pairs | None = None
    as_first: bool = False
    reason: str = ""
    limited: bool = False


class PassFacts(Protocol):
    """What every pass says of itself.

    `title` heads its column (`own ids`), `sentence` says what is run (`each side on its own ids`), `note` explains it
    in a legend, `condition` is under which condition a difference is stated (`given …`, or nothing). `feed` says what the sides are fed; passes of the phase "sample"
    run on the sampled rows before the others, those of the phase "sweep" on all rows, those of the phase "after" at the end.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def condition(self) -> str: ...
    @property
    def phase(self) -> Phase: ...
    @property
    def feed(self) -> FeedKind: ...


class Pass(PassFacts, Protocol):
    """One way of running both sides batch by batch: a pass of the phase "sample" or "sweep".

    The first pass of the sweep is run in the sample as well: what each side fed itself and gave is where the others begin.
    """

    def possible(self, sides: Pair[Session], plan: Plan) -> str:
        """Empty, or why this pass cannot be run, for the record."""
        ...

    def run(self, context: PassContext) -> Iterator[PassResult | None]:
        """Run one batch. Each None says that forwards were requested, and that others may work until they are there.

        The first thing yielded is None: nothing of the first pass is known before, and nothing may be waited for.
        """
        ...
