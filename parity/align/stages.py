"""Stage alignment: stages are paired by what they are, never by where they stand in a list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["StageAlignment", "StageSpec", "align_stages"]

_LAYER = re.compile(r"((?:encoder\.|decoder\.)?)layer\.(\d+)(?:\.|$)")


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
    lists = list[tuple[str, ...]]()
    for side, here, there in (("reference", mine, theirs), ("candidate", theirs, mine)):
        only = tuple(name for name in here if name not in there)
        lists.append(only)
        for name in only:
            depths = [_depth(specs, name) for specs in (mine, theirs)]
            surplus = _layer(name) is not None and all(depths) and depths[0] != depths[1]
            known = (
                f": the reference has {depths[0]} {_of(name)}, the candidate {depths[1]}" if surplus else ""
            )
            reasons.setdefault(name, f"Only the {side} has {name}{known}.")
    paired = tuple(name for name in mine if name in theirs and name not in reasons)
    return StageAlignment(paired, lists[0], lists[1], reasons)


def _layer(name: str) -> tuple[str, int] | None:
    """Which stack of layers a stage is in ("", "encoder.", "decoder."), and the number of its layer."""
    found = _LAYER.match(name)
    return None if found is None else (found.group(1), int(found.group(2)))


def _depth(specs: dict[str, StageSpec], like: str) -> int:
    """The layers of the stack that a stage is in."""
    layers = [layer for name in specs if (layer := _layer(name)) is not None]
    stack = _layer(like)
    return 1 + max((number for of, number in layers if stack is not None and of == stack[0]), default=-1)


def _of(name: str) -> str:
    layer = _layer(name)
    return f"{'' if layer is None else layer[0].replace('.', ' ')}layers"
