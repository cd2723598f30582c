"""The passes: the ways of running both sides so that their stages can be compared. One file each; nothing else names them."""

from __future__ import annotations

from functools import cache
from typing import cast

from parity.passes.float64 import FLOAT64
from parity.passes.own import OWN
from parity.passes.pass_ import Pass
from parity.passes.rerun import RERUN
from parity.passes.same_ids import SAME_IDS
from parity.records.passes import Phase
from parity.subjects.registry import Group, with_registered

__all__ = ["FIRST", "PASSES", "all_passes", "pass_named", "pass_rank", "passes_in"]

PASSES: tuple[Pass, ...] = (OWN, SAME_IDS, FLOAT64, RERUN)
"""Those of parity, in their order; others come after them, by the entry-point group `parity.passes`."""
FIRST = PASSES[0]
"""The pass that every other begins with; what either side decides is what it gave there."""
_GROUP = Group("parity.passes", "pass", "passes")


@cache
def all_passes() -> tuple[Pass, ...]:
    """The passes of parity and then those of others; raises UsageError for one that does not load, NameTaken for a name used twice."""
    return with_registered(_GROUP, PASSES, lambda one: one.name, lambda one: cast("Pass", one))


def passes_in(phase: Phase) -> list[Pass]:
    """The passes of a phase, in their order."""
    return [one for one in all_passes() if one.phase == phase]


def pass_named(name: str) -> Pass | None:
    """The pass of this name, if there is one."""
    return next((one for one in all_passes() if one.name == name), None)


def pass_rank(name: str) -> int:
    """The place of a pass among all; an unknown one comes last."""
    names = [one.name for one in all_passes()]
    return names.index(name) if name in names else len(names)
