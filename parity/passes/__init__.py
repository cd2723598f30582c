"""The passes: the ways of running both sides so that their stages can be compared. One file each; nothing else names them."""

from __future__ import annotations

from functools import cache
from typing import Literal, cast

from parity.passes.after import AfterPass
from parity.passes.again import AGAIN
from parity.passes.batched_texts import BATCHED_TEXTS
from parity.passes.cache_off import CACHE_OFF
from parity.passes.composition import COMPOSITION
from parity.passes.float64 import FLOAT64
from parity.passes.generation import GENERATION
from parity.passes.inside import INSIDE
from parity.passes.isolated import ISOLATED
from parity.passes.lens import LENS
from parity.passes.masked import MASKED, masks_in_turn
from parity.passes.order import ORDER
from parity.passes.own import OWN
from parity.passes.pass_ import Pass, PassFacts
from parity.passes.rerun import RERUN
from parity.passes.same_ids import SAME_IDS
from parity.passes.speed import SPEED
from parity.passes.streamed_texts import STREAMED_TEXTS
from parity.passes.swapped import SWAPPED
from parity.subjects.registry import Group, with_registered

__all__ = [
    "AFTER",
    "FIRST",
    "PASSES",
    "after_passes",
    "all_passes",
    "masks_in_turn",
    "pass_named",
    "pass_rank",
    "passes_in",
]

PASSES: tuple[Pass, ...] = (OWN, SAME_IDS, FLOAT64, RERUN)
"""Those of parity, in their order; others come after them, by the entry-point group `parity.passes`."""
AFTER: tuple[AfterPass, ...] = (
    MASKED,
    SWAPPED,
    AGAIN,
    ORDER,
    COMPOSITION,
    ISOLATED,
    INSIDE,
    GENERATION,
    BATCHED_TEXTS,
    CACHE_OFF,
    STREAMED_TEXTS,
    SPEED,
    LENS,
)
"""Those of parity that run when the sweep is over, in their order."""
FIRST = PASSES[0]
"""The pass that every other begins with; what either side decides is what it gave there."""
_GROUP = Group("parity.passes", "pass", "passes")


@cache
def all_passes() -> tuple[PassFacts, ...]:
    """The passes of parity and then those of others; raises UsageError for one that does not load, NameTaken for a name used twice."""
    own = cast("tuple[PassFacts, ...]", (*PASSES, *AFTER))
    return with_registered(_GROUP, own, lambda one: one.name, lambda one: cast("PassFacts", one))


def passes_in(phase: Literal["sample", "sweep"]) -> list[Pass]:
    """The passes of a phase, in their order."""
    return [cast("Pass", one) for one in all_passes() if one.phase == phase]


def after_passes() -> list[AfterPass]:
    """The passes that run when the sweep is over, in their order."""
    return [cast("AfterPass", one) for one in all_passes() if one.phase == "after"]


def pass_named(name: str) -> PassFacts | None:
    """The pass of this name, if there is one."""
    return next((one for one in all_passes() if one.name == name), None)


def pass_rank(name: str) -> int:
    """The place of a pass among all; an unknown one comes last."""
    names = [one.name for one in all_passes()]
    return names.index(name) if name in names else len(names)
