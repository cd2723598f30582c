"""The calls of the modules inside a module of two models, and which is which there.

Two calls are one another's where their modules are (`module_pairs.py`) and both are the same call of them. The classes of the modules may differ: the one may be
the other's mistake. A module with weights that has no counterpart is listed, and belongs to the work of the smallest one around it that has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from parity.align.module_pairs import Inner, KnownPairs, pair_modules
from parity.records.pair import Pair

__all__ = ["Inside", "ModuleCall", "PairedModule", "calls_inside", "given_inside", "pair_inside"]

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
    """One call of both sides, and why the two are one another's."""

    sides: Pair[ModuleCall]
    by: str = ""


class Inside(NamedTuple):
    """The calls of both sides in the reference's order; `reasons` say why nothing inside some of the outermost modules could be paired, and `lone` are
    those with weights that have no counterpart, by their paths inside."""

    pairs: list[PairedModule]
    reasons: dict[Pair[str], str]
    lone: dict[Pair[str], Pair[list[str]]]

    def without(self, module: PairedModule) -> str:
        """What in a module has no counterpart, in words; empty where everything has."""
        root = Pair(*(side.root for side in module.sides))
        within = [
            [path for path in lone if path.startswith(f"{side.inside}." if side.inside else "")]
            for lone, side in zip(self.lone.get(root, Pair([], [])), module.sides, strict=True)
        ]
        return _in_words(Pair(*within))


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
    calls: Pair[Sequence[ModuleCall]], roots: Sequence[Pair[str]], known: KnownPairs | None = None
) -> Inside:
    """Pair the calls inside these modules; `known` is what is known of their parameters."""
    found = Inside([], {}, {})
    for root in roots:
        ours, theirs = (_named(side, path) for side, path in zip(calls, root, strict=True))
        if not ours or not theirs:
            found.reasons[root] = "it is not called by itself"
            continue
        inner = Pair(_inner(ours), _inner(theirs))
        paired = pair_modules(inner, known or KnownPairs())
        others = {there for there, _ in paired.values()}
        lone = Pair(
            [one.inside for one in inner.reference if one.weights and one.inside not in paired],
            [one.inside for one in inner.candidate if one.weights and one.inside not in others],
        )
        if any(lone):
            found.lone[root] = lone
            if not any(one.weights and one.inside in paired for one in inner.reference if one.inside):
                found.reasons[root] = _in_words(lone)
                continue
        for (inside, *place), one in ours.items():
            there, by = paired.get(inside, ("", ""))
            other = theirs.get((there, place[0], place[1])) if by else None
            if other is not None:
                found.pairs.append(PairedModule(Pair(one, other), by))
    return found


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


def _inner(calls: Mapping[tuple[str, int, int], ModuleCall]) -> list[Inner]:
    """The modules of these calls, in the order in which they first begin."""
    found: dict[str, Inner] = {}
    for one in calls.values():
        shapes = tuple(tuple(shape) for shape in one.weights)
        found.setdefault(one.inside, Inner(one.path, one.inside, one.kind, shapes))
    return list(found.values())


def _in_words(lone: Pair[list[str]]) -> str:
    """What only one side runs."""
    parts = [
        f"only the {name} runs {', '.join(paths[:_NAMED])}{f' and {len(paths) - _NAMED} more' if len(paths) > _NAMED else ''} in it"
        for name, paths in zip(Pair._fields, lone, strict=True)
        if paths
    ]
    return "; ".join(parts)
