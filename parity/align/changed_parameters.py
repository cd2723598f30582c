"""Parameters that both sides have by the same name with other values: inputs that use none of them cannot show it."""

from __future__ import annotations

from parity.align.names import some
from parity.border.description import Description
from parity.records.pair import Pair

__all__ = ["changed_parameters", "changed_parameters_note", "common_parameters", "packed_on_one_side"]


def common_parameters(sides: Pair[Description]) -> list[str]:
    """The names that both sides have; none where the number formats differ or most names do, since then values must differ.

    A parameter that is quantised on one side alone, or otherwise there, is not among them.
    """
    ours, theirs = ({item.name: item.packed for item in side.parameters} for side in sides)
    common = [name for name in ours if name in theirs]
    if sides.reference.dtype != sides.candidate.dtype or len(common) < 0.5 * max(len(ours), len(theirs), 1):
        return []
    return [name for name in common if ours[name] == theirs[name]]


def packed_on_one_side(sides: Pair[Description]) -> list[str]:
    """The parameters that both sides have and that are quantised on one of them alone, or otherwise there."""
    ours, theirs = ({item.name: item.packed for item in side.parameters} for side in sides)
    return [name for name in ours if name in theirs and ours[name] != theirs[name]]


def changed_parameters(sides: Pair[Description]) -> list[str]:
    """Those of the common names whose values differ. What no file holds is drawn at random on each side, and is not among them."""
    ours, theirs = ({item.name: item.digest for item in side.parameters} for side in sides)
    drawn = {name for side in sides for name in side.newly_initialised}
    return [name for name in common_parameters(sides) if name not in drawn and ours[name] != theirs[name]]


def changed_parameters_note(changed: list[str]) -> str:
    """The differing parameters that these inputs do not show, as a clause; empty where none differs."""
    if not changed:
        return ""
    names = some(changed)
    if len(changed) == 1:
        return f"1 parameter differs, and these inputs do not show it: {names}"
    return f"{len(changed)} parameters differ, and these inputs do not show it: {names}"
