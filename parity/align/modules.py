"""The calls of the modules inside a module of two models, and which is which there.

Two modules are one another's where they have the same path inside, the same of its calls, and weights of the same shapes. Their classes may
differ: the one may be the other's mistake. Where a module with weights has no counterpart the two are built otherwise, and nothing inside is paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from parity.records.pair import Pair

__all__ = ["ModuleCall", "PairedModule", "calls_inside", "given_inside", "pair_inside"]

_NAMED = 3


class ModuleCall(NamedTuple):
    """One call of a module: its path, which of its calls, its path in the outermost module (empty for that one), that one and which of its calls, and
    what it is.

    A module that several layers hold has one path, and a path in each of them.
    """

    path: str
    call: int
    inside: str
    root: str
    root_call: int
    kind: str
    weights: Sequence[Sequence[int]]
    takes: Mapping[str, Any]
    gives: Mapping[str, Any] | None

    @property
    def key(self) -> str:
        """The name by which a runner knows it."""
        return f"{self.path}#{self.call}"


class PairedModule(NamedTuple):
    """One call of both sides."""

    sides: Pair[ModuleCall]

    @property
    def by(self) -> str:
        """Why the two are one another's, in words."""
        one, other = (side.kind for side in self.sides)
        shapes = " and shapes" if self.sides.reference.weights else ""
        return f"path, class{shapes}" if one == other else f"path{shapes}; {one} against {other}"


def calls_inside(answer: Mapping[str, Any]) -> list[ModuleCall]:
    """What a runner showed, in the order in which the calls begin."""
    return [
        ModuleCall(
            one["path"],
            one["call"],
            one["inside"],
            one["root"],
            one["root_call"],
            one["kind"],
            one["weights"],
            one["takes"],
            one["gives"],
        )
        for one in answer["modules"]
    ]


def pair_inside(
    calls: Pair[Sequence[ModuleCall]], roots: Sequence[Pair[str]]
) -> tuple[list[PairedModule], dict[Pair[str], str]]:
    """The calls of both sides in the reference's order, and why nothing inside some of the outermost modules could be paired."""
    paired: list[PairedModule] = []
    reasons: dict[Pair[str], str] = {}
    for root in roots:
        ours, theirs = (_named(side, path) for side, path in zip(calls, root, strict=True))
        reason = _unlike(ours, theirs)
        if reason:
            reasons[root] = reason
            continue
        paired += [
            PairedModule(Pair(one, theirs[name]))
            for name, one in ours.items()
            if name in theirs and _shapes(one) == _shapes(theirs[name])
        ]
    return paired, reasons


def given_inside(modules: Sequence[PairedModule], keys: Sequence[str], real: str | None) -> dict[str, Any]:
    """What each of these modules is to be given of the reference's, by the key of each; `real` names the tensor that says which tokens are."""
    return {
        "modules": {
            key: {"takes": one.sides.reference.takes, "gives": one.sides.reference.gives}
            for key, one in zip(keys, modules, strict=True)
        },
        "real": real,
    }


def _named(calls: Sequence[ModuleCall], root: str) -> dict[tuple[str, int, int], ModuleCall]:
    """The calls inside an outermost module, by their path in it, its call, and which of theirs in that one."""
    found: dict[tuple[str, int, int], ModuleCall] = {}
    for one in calls:
        if one.root == root:
            number = 0
            while (one.inside, one.root_call, number) in found:
                number += 1
            found[one.inside, one.root_call, number] = one
    return found


def _shapes(call: ModuleCall) -> list[tuple[int, ...]]:
    return [tuple(shape) for shape in call.weights]


def _unlike(
    ours: Mapping[tuple[str, int, int], ModuleCall], theirs: Mapping[tuple[str, int, int], ModuleCall]
) -> str:
    """Why two modules are built otherwise inside; empty where they are not."""
    if not ours or not theirs:
        return "it is not called by itself"
    parts: list[str] = []
    for name, here, there in (("reference", ours, theirs), ("candidate", theirs, ours)):
        lone = dict.fromkeys(one.inside for key, one in here.items() if one.weights and key not in there)
        if lone:
            more = f" and {len(lone) - _NAMED} more" if len(lone) > _NAMED else ""
            parts.append(f"only the {name} runs {', '.join([*lone][:_NAMED])}{more} in it")
    other = dict.fromkeys(
        one.inside or "it"
        for key, one in ours.items()
        if key in theirs and _shapes(one) != _shapes(theirs[key])
    )
    if other and not parts:
        parts.append(f"{', '.join([*other][-_NAMED:])} has weights of other shapes")
    return "; ".join(parts)
