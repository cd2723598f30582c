"""Stages of unlike names that are one another's: their axes are the same, their modules hold the same parameters, and they run in one order.

Names decide wherever they can. They cannot where the two have unlike numbers of layers, since all after the odd one are then called otherwise; nor
where a model is wrapped in another one, since the path of a module is a part of its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from parity.align.parameters import Pairing
from parity.border.description import Description, StageSeen
from parity.records.pair import Pair
from parity.stages import is_detail, is_output

__all__ = ["StageJoin", "joined_stages"]

_LAYER = re.compile(r"((?:encoder\.|decoder\.)?)layer\.\d+")
_PARAMETERS = "axes and parameters, in one order"
_MOST = "axes and equal parameters, in one order"
_BETWEEN = "axes, and the place between layers that are one another's"


class StageJoin(NamedTuple):
    """Two stages of unlike names, and why they are one another's."""

    reference: str
    candidate: str
    by: str


def joined_stages(described: Pair[Description], pairing: Pairing) -> list[StageJoin]:
    """The stages to join; `pairing` says which parameter is which."""
    held = _Held(pairing)
    seen = Pair(*([one for one in side.stages if not is_detail(one.name)] for side in described))
    found: list[StageJoin] = []
    for stack in sorted({stack for side in seen for one in side if (stack := _stack(one)) is not None}):
        layers = Pair(*([one for one in side if _stack(one) == stack] for side in seen))
        if len(layers.reference) != len(layers.candidate):
            found += [one for one in _layers(layers, held) if one.reference != one.candidate]
    names = Pair(*({one.name for one in side} for side in seen))
    lone = Pair(
        *(
            [one for one in side if one.name not in other and _stack(one) is None and not is_output(one.name)]
            for side, other in zip(seen, (names.candidate, names.reference), strict=True)
        )
    )
    found += [StageJoin(one.name, other.name, _PARAMETERS) for one, other in _same(lone, held)]
    return found


class _Held:
    """Which parameters lie in a module, as the pairs that they are in; `equal` are the pairs that hold the same bytes."""

    def __init__(self, pairing: Pairing) -> None:
        self._pairs = pairing.sides
        self.equal = frozenset(at for at, one in enumerate(pairing.pairs) if one.equal)

    def in_module(self, one: StageSeen, side: int) -> frozenset[int]:
        """The pairs of parameters in a stage's module."""
        if not one.module:
            return frozenset()
        beginning = one.module + "."
        return frozenset(at for at, pair in enumerate(self._pairs) if pair[side].name.startswith(beginning))


def _stack(one: StageSeen) -> str | None:
    found = _LAYER.fullmatch(one.name)
    return None if found is None else found.group(1)


def _same(sides: Pair[list[StageSeen]], held: _Held) -> Iterator[tuple[StageSeen, StageSeen]]:
    """The stages of the same axes whose modules hold the same bytes or one another's parameters, where no other of the two sides does."""
    ours, theirs = ([held.in_module(one, number) for one in side] for number, side in enumerate(sides))
    for one, names in zip(sides.reference, ours, strict=True):
        same = [other for other, there in zip(sides.candidate, theirs, strict=True) if there == names]
        if names and len(same) == 1 and ours.count(names) == 1 and one.axes == same[0].axes:
            yield one, same[0]


def _most_equal(layers: Pair[list[StageSeen]], held: _Held) -> Iterator[tuple[StageSeen, StageSeen]]:
    """The layers of which more than half of the parameters hold the same bytes as those of one layer of the other side."""
    theirs = [held.in_module(other, 1) & held.equal for other in layers.candidate]
    for one in layers.reference:
        names = held.in_module(one, 0)
        for other, there in zip(layers.candidate, theirs, strict=True):
            if 2 * len(names & there) > len(names) and one.axes == other.axes:
                yield one, other


def _layers(layers: Pair[list[StageSeen]], held: _Held) -> list[StageJoin]:
    """The layers of two stacks of unlike depths; none where those with the same bytes do not run in one order."""
    at = Pair(*({one.name: place for place, one in enumerate(side)} for side in layers))
    sure = [(at.reference[one.name], at.candidate[other.name]) for one, other in _most_equal(layers, held)]
    if not sure or any(before[1] >= after[1] for before, after in pairwise(sure)):
        return []
    found = [
        StageJoin(layers.reference[one].name, layers.candidate[other].name, _MOST) for one, other in sure
    ]
    ends = (len(layers.reference), len(layers.candidate))
    for before, after in zip(((-1, -1), *sure), (*sure, ends), strict=True):
        gap = after[0] - before[0]
        if gap == after[1] - before[1]:
            found += [
                StageJoin(
                    layers.reference[before[0] + step].name, layers.candidate[before[1] + step].name, _BETWEEN
                )
                for step in range(1, gap)
            ]
    return found
