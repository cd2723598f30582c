"""Which module inside a module of one model is which inside the other's: by what they hold, by when they run, and by their names.

Three things speak for a pair of one shape: their parameters are one another's (`parameters`), they run at the same place among those of their
shape (`order`), and they have the same path inside (`path`). The pair for which most speaks is taken first; where as much speaks for two, the parameters
decide before the path, and the path before the order. So a module whose weights were exchanged with its neighbour's stays where it is, and
one that is called otherwise, or has the name of another one, is found.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, Self

from parity.align.parameters import Pairing
from parity.records.pair import Pair

__all__ = ["Inner", "KnownPairs", "pair_modules"]


class Inner(NamedTuple):
    """A module inside another one: its path in the model and in that one, its class, and the shapes of all weights in it."""

    path: str
    inside: str
    kind: str
    weights: tuple[tuple[int, ...], ...]


class KnownPairs(NamedTuple):
    """Which parameters of the candidate are one of the reference's, by their names; `modules` are the paths that a map pairs."""

    parameters: Mapping[str, Sequence[str]] = {}
    modules: Mapping[str, str] = {}

    @classmethod
    def of(cls, pairing: Pairing, modules: Mapping[str, str] | None = None) -> Self:
        """What a pairing of parameters shows."""
        found: dict[str, list[str]] = {}
        for one in pairing.sides:
            found.setdefault(one.reference.name, []).append(one.candidate.name)
        return cls(found, modules or {})


class _Pair(NamedTuple):
    """Two modules that may be one another's, and what speaks for it."""

    places: tuple[int, int]
    parameters: bool
    path: bool
    order: bool

    @property
    def rank(self) -> tuple[int, bool, bool, tuple[int, int]]:
        """What is taken first comes first."""
        return -sum(self[1:]), not self.parameters, not self.path, self.places


def pair_modules(sides: Pair[list[Inner]], known: KnownPairs) -> dict[str, tuple[str, str]]:
    """By the path inside of each of the reference's the candidate's path inside, and why.

    Each side's modules are in the order in which they begin to run, and the outermost (an empty path inside) is the other's.
    """
    found: dict[int, int] = {}
    reasons: dict[int, str] = {}

    def add(one: int, other: int, by: str) -> None:
        found[one] = other
        reasons[one] = by

    at = Pair(*({one.path: place for place, one in enumerate(side)} for side in sides))
    for reference, candidate in known.modules.items():
        if reference in at.reference and candidate in at.candidate:
            add(at.reference[reference], at.candidate[candidate], "the map")
    outermost = [next((k for k, one in enumerate(side) if not one.inside), None) for side in sides]
    if outermost[0] is not None and outermost[1] is not None:
        add(outermost[0], outermost[1], _in_words(sides, (outermost[0], outermost[1]), None))
    for pair in sorted(_possible(sides, known), key=lambda one: one.rank):
        one, other = pair.places
        if one not in found and other not in found.values():
            add(one, other, _in_words(sides, pair.places, pair))
    for one, other in _weightless(sides, found):
        add(one, other, _in_words(sides, (one, other), None))
    return {
        sides.reference[one].inside: (sides.candidate[other].inside, reasons[one])
        for one, other in sorted(found.items())
    }


def _possible(sides: Pair[list[Inner]], known: KnownPairs) -> Iterator[_Pair]:
    """The pairs of modules with weights for which something speaks."""
    ranks = Pair(*(_ranks(side) for side in sides))
    groups = Pair(*(Counter(one.weights for one in side) for side in sides))
    same = _same_parameters(sides, known)
    for k, one in enumerate(sides.reference):
        for j, other in enumerate(sides.candidate):
            if not one.weights or not other.weights:
                continue
            parameters = (k, j) in same
            path = one.inside == other.inside
            if one.weights == other.weights:
                many = groups.reference[one.weights], groups.candidate[one.weights]
                order = many[0] == many[1] and ranks.reference[k] == ranks.candidate[j]
                alone = order and many[0] == 1
                if parameters or path or alone:
                    yield _Pair((k, j), parameters, path, order)
            elif parameters or (path and _size(one) == _size(other)):
                yield _Pair((k, j), parameters, path, order=False)


def _weightless(sides: Pair[list[Inner]], found: Mapping[int, int]) -> list[tuple[int, int]]:
    """Modules without weights: those of one path, and the only ones of their class in two that are one another's."""
    taken = set(found.values())
    left = Pair(
        *(
            [(k, one) for k, one in enumerate(side) if not one.weights and k not in done]
            for side, done in zip(sides, (found, taken), strict=True)
        )
    )
    around = {sides.reference[one].inside: sides.candidate[other].inside for one, other in found.items()}
    pairs: list[tuple[int, int]] = []
    paths = {one.inside: j for j, one in left.candidate}
    for k, one in left.reference:
        if one.inside in paths:
            pairs.append((k, paths.pop(one.inside)))
    done = {k for k, _ in pairs}, {j for _, j in pairs}

    def alike(one: Inner, other: Inner) -> bool:
        return one.kind == other.kind and around.get(_parent(one)) == _parent(other)

    ours, theirs = (
        [item for item in side if item[0] not in gone] for side, gone in zip(left, done, strict=True)
    )
    for k, one in ours:
        same = [j for j, other in theirs if alike(one, other)]
        if len(same) == 1 and sum(alike(each, sides.candidate[same[0]]) for _, each in ours) == 1:
            pairs.append((k, same[0]))
    return pairs


def _in_words(sides: Pair[list[Inner]], places: tuple[int, int], pair: _Pair | None) -> str:
    """Why two are one another's, in words, with their classes where these differ."""
    one, other = sides.reference[places[0]], sides.candidate[places[1]]
    same = one.kind == other.kind
    if one.inside == other.inside:
        alike = one.weights == other.weights
        shapes = (" and shapes" if alike else " and number of weights") if one.weights else ""
        return f"path, class{shapes}" if same else f"path{shapes}; {one.kind} against {other.kind}"
    if pair is None:
        return "class, in modules that are one another's"
    reasons = ["parameters"] if pair.parameters else []
    reasons += ["order of execution"] if pair.order else []
    reasons += ["class"] if same else []
    reasons += ["shapes"] if one.weights == other.weights else []
    words = f"{', '.join(reasons[:-1])} and {reasons[-1]}" if len(reasons) > 1 else reasons[0]
    return words if same else f"{words}; {one.kind} against {other.kind}"


def _same_parameters(sides: Pair[list[Inner]], known: KnownPairs) -> set[tuple[int, int]]:
    """The modules of both sides whose parameters are one another's: all that are in the one, and no other than these in the other."""
    sources: dict[str, set[str]] = {}
    for name, counterparts in known.parameters.items():
        for counterpart in counterparts:
            sources.setdefault(counterpart, set()).add(name)
    ours, theirs = _names_in(sides.reference, known.parameters), _names_in(sides.candidate, sources)
    made: dict[frozenset[str], list[int]] = {}
    for j, names in enumerate(theirs):
        made.setdefault(names, []).append(j)
    return {
        (k, j)
        for k, names in enumerate(ours)
        if names
        for j in made.get(frozenset(there for one in names for there in known.parameters[one]), [])
        if names == frozenset(one for there in theirs[j] for one in sources[there])
    }


def _names_in(modules: Sequence[Inner], names: Collection[str]) -> list[frozenset[str]]:
    """The parameters in each module, by the beginnings of their names."""
    inside: dict[str, set[str]] = {one.path: set() for one in modules}
    for name in names:
        steps = name.split(".")
        for end in range(1, len(steps)):
            held = inside.get(".".join(steps[:end]))
            if held is not None:
                held.add(name)
    return [frozenset(inside[one.path]) for one in modules]


def _ranks(side: Sequence[Inner]) -> list[int]:
    """Which of those of its shape each module is, in the order in which they run."""
    seen: Counter[tuple[tuple[int, ...], ...]] = Counter()
    ranks: list[int] = []
    for one in side:
        ranks.append(seen[one.weights])
        seen[one.weights] += 1
    return ranks


def _size(one: Inner) -> int:
    return sum(math.prod(shape) for shape in one.weights)


def _parent(one: Inner) -> str:
    return one.inside.rpartition(".")[0]
