"""The passes: the ways of running both sides so that their stages can be compared. One file each; nothing else names them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import cast

from parity.errors import NameTaken, UsageError
from parity.passes.float64 import FLOAT64
from parity.passes.own import OWN
from parity.passes.pass_ import Pass
from parity.passes.rerun import RERUN
from parity.passes.same_ids import SAME_IDS
from parity.records.passes import Phase

__all__ = ["FIRST", "PASSES", "all_passes", "pass_named", "pass_rank", "passes_in"]

PASSES: tuple[Pass, ...] = (OWN, SAME_IDS, FLOAT64, RERUN)
"""Those of parity, in their order; others come after them, by the entry-point group `parity.passes`."""
FIRST = PASSES[0]
"""The pass that every other begins with; what either side decides is what it gave there."""
_GROUP = "parity.passes"


@cache
def all_passes() -> tuple[Pass, ...]:
    """The passes of parity and then those of others; raises UsageError for a name used twice, or one that does not load."""
    found = list(PASSES)
    for entry in sorted(entry_points(group=_GROUP), key=lambda entry: (entry.name, entry.value)):
        try:
            made = cast("Pass", entry.load())
            name = made.name
        except Exception as error:  # whatever a stranger's module raises when imported
            raise UsageError(
                f"The pass {entry.name} ({entry.value}) does not load: {type(error).__name__}: {error}.",
                next_step="Install it again, or ask its author.",
            ) from error
        if name in {one.name for one in found}:
            raise NameTaken(
                f"Two passes are called {name!r}: one of them is {entry.value}.",
                next_step="Uninstall the package of one of them, or ask its author for another name.",
            )
        found.append(made)
    return tuple(found)


def passes_in(phase: Phase) -> list[Pass]:
    """The passes of a phase, in their order."""
    return [one for one in all_passes() if one.phase == phase]


def pass_named(name: str) -> Pass | None:
    """The pass of this name, if there is one."""
    return next((one for one in all_passes() if one.name == name), None)


def pass_rank(name: str) -> int:
    """Where a pass stands among all; one that is not known here comes last."""
    names = [one.name for one in all_passes()]
    return names.index(name) if name in names else len(names)
