"""Passes after the sweep: they run what is not a forward of all rows, on rows that the sweep has run already.

Each runs once, on the sampled rows, when all inputs were compared and the floors are known; it returns records. One that fails costs
only itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from parity.align.module_pairs import KnownPairs
from parity.align.paired_stage import PairedStage
from parity.align.plan import Plan
from parity.inputs.example import Example
from parity.inputs.inputs import Inputs
from parity.measure.noise import Floors
from parity.passes.pass_ import PassFacts
from parity.passes.shared_feed import SharedFeed
from parity.records.after import AfterResult
from parity.records.pair import Pair
from parity.records.stage import StageRecord
from parity.session.session import Session
from parity.session.window import Window

__all__ = ["AfterContext", "AfterPass", "AfterSettings", "MaskedTokens"]


class AfterSettings(NamedTuple):
    """What the user requested of these passes: `generate` is how many new tokens (0: none), `temperatures` are those of the probabilities, `depth` how
    small a thing is named that has an error of its own: a "layer" or a "module".
    """

    generate: int = 0
    temperatures: Sequence[float] = (1.0,)
    depth: str = "module"


class MaskedTokens(Protocol):
    """What takes in what both sides give where tokens are masked in turn."""

    def begin(self, examples: Sequence[Example], sampled: str) -> None:
        """The texts that come, and a sentence without a full stop on what was drawn."""
        ...

    def take(self, item: PairedStage, targets: NDArray[np.int64]) -> None:
        """Logits [n, columns] at masks, and the ids [n] of the tokens that were masked."""
        ...


class AfterContext(NamedTuple):
    """Both sides, still open; the plan; the sampled rows in their window, tokenized on both sides; and the floors.

    `inputs` are all of them: a pass that needs other rows opens a window of its own. `masked` takes in what is seen at masks. `stages` are those
    that were compared on the same inputs, judged as in the record; `feed` knows whose positions a shared feed takes, `so_far` is
    what the passes before this one have.
    """

    sides: Pair[Session]
    plan: Plan
    inputs: Inputs
    window: Window
    floors: Floors
    settings: AfterSettings
    masked: MaskedTokens | None = None
    stages: Sequence[StageRecord] = ()
    feed: SharedFeed = SharedFeed()
    so_far: AfterResult = AfterResult()
    known_pairs: KnownPairs = KnownPairs()

    @property
    def rows(self) -> Sequence[int]:
        """The sampled rows, by their numbers over all inputs."""
        return [example.row for example in self.window.examples]


class AfterPass(PassFacts, Protocol):
    """A pass of the phase "after"; `stage` is the stage that it shows, and that was not compared where it fails."""

    @property
    def stage(self) -> str: ...

    def possible(self, sides: Pair[Session], plan: Plan, settings: AfterSettings) -> str:
        """Empty, or why this pass is not run, for the record; a pass that was not requested says so."""
        ...

    def run(self, context: AfterContext) -> AfterResult:
        """Run it; whatever this raises is recorded as the reason why it did not."""
        ...
