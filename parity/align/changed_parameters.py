"""Parameters that both sides have by the same name with other values: inputs that use none of them cannot show it."""

from __future__ import annotations

from parity.align.names import some
from parity.border.description import Description
from parity.records.pair import Pair
from parity.records.parameters import Parameters

__all__ = [
    "changed_parameters",
    "changed_parameters_note",
    "common_parameters",
    "packed_on_one_side",
    "unlike_parameters",
]

_NO_CHANGE = ("dtype:", "newly_initialised", "reshaped", "fused:rows", "fused:columns")


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


def unlike_parameters(sides: Pair[Description], compared: Parameters | None) -> list[str]:
    """The parameters with other values, by the candidate's names; those of one name where it was not found out which is which, or a map leaves them out.

    Those with a row for each class, in another order, are not among them where both sides have the same classes in another order: these are
    compared by their names and columns.
    """
    if compared is None or not compared.compared:
        return changed_parameters(sides)
    left_out = {*compared.only_reference} & {*compared.only_candidate}
    names = [side.labels or [] for side in sides]
    classes = len(names[0]) if names[0] != names[1] and sorted(names[0]) == sorted(names[1]) else 0
    rows = {one.name: one.shape[0] for one in sides.candidate.parameters if one.shape}
    seen = [
        one.candidate
        for one in compared.differing
        if not one.relation.startswith(_NO_CHANGE)
        and not (classes and one.relation == "permuted:rows" and rows.get(one.candidate) == classes)
    ]
    # Several of the reference's may be parts of one of the candidate's.
    return list(dict.fromkeys((*seen, *(name for name in changed_parameters(sides) if name in left_out))))


def changed_parameters_note(changed: list[str]) -> str:
    """The differing parameters that these inputs do not show, as a clause; empty where none differs."""
    if not changed:
        return ""
    names = some(changed)
    if len(changed) == 1:
        return f"1 parameter differs, and these inputs do not show it: {names}"
    return f"{len(changed)} parameters differ, and these inputs do not show it: {names}"
