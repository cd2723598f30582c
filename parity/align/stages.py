"""Stage alignment: stages are paired by what they are, never by where they stand in a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["StageAlignment", "StageSpec", "align_stages"]


class StageSpec(NamedTuple):
    """One named point on the way, and what its axes are, such as ("row", "token", "hidden")."""

    name: str
    axes: tuple[str, ...]


class StageAlignment(NamedTuple):
    """Which stages are the same. `paired` is in the reference's forward order; `reasons` says for every other why not."""

    paired: tuple[str, ...]
    only_reference: tuple[str, ...]
    only_candidate: tuple[str, ...]
    reasons: dict[str, str]


def align_stages(reference: Sequence[StageSpec], candidate: Sequence[StageSpec]) -> StageAlignment:
    """Pair stages of the same name and the same axes.

    A stage that both have with unlike axes, or that a side gives twice, is in none of the lists of names but has its
    reason. So has each layer beyond the shorter side's last.
    """
    mine, theirs = {spec.name: spec for spec in reference}, {spec.name: spec for spec in candidate}
    reasons: dict[str, str] = {}
    for side, specs in (("reference", reference), ("candidate", candidate)):
        for name, times in Counter(spec.name for spec in specs).items():
            if times > 1:
                reasons[name] = f"The {side} gives {name} {times} times."
    for name, spec in mine.items():
        other = theirs.get(name)
        if other is not None and other.axes != spec.axes and name not in reasons:
            reasons[name] = (
                f"{name} is [{', '.join(spec.axes)}] in the reference and [{', '.join(other.axes)}] in the candidate."
            )
    depths = _depth(mine), _depth(theirs)
    lists = list[tuple[str, ...]]()
    for side, here, there in (("reference", mine, theirs), ("candidate", theirs, mine)):
        only = tuple(name for name in here if name not in there)
        lists.append(only)
        for name in only:
            surplus = _layer(name) is not None and depths[0] and depths[1] and depths[0] != depths[1]
            known = f": the reference has {depths[0]} layers, the candidate {depths[1]}" if surplus else ""
            reasons.setdefault(name, f"Only the {side} has {name}{known}.")
    paired = tuple(name for name in mine if name in theirs and name not in reasons)
    return StageAlignment(paired, lists[0], lists[1], reasons)


def _layer(name: str) -> int | None:
    kind, _, rest = name.partition(".")
    number = rest.partition(".")[0]
    return int(number) if kind == "layer" and number.isdecimal() else None


def _depth(specs: dict[str, StageSpec]) -> int:
    return 1 + max((layer for name in specs if (layer := _layer(name)) is not None), default=-1)
