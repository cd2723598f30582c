"""A parameter of one side that holds several of the other side's, such as a query, a key and a value in one matrix.

Which of its rows or columns are which is found by their digests, never by the order in which the parts are named or stored. A part of which nothing
is found in it is in the place that the others leave, where only that one part fits; a bias lies as its weight does.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Literal, NamedTuple

from parity.align.parameter_names import siblings
from parity.border.description import Parameter
from parity.border.parameters_asked import Sketch
from parity.records.pair import Pair

__all__ = [
    "Axis",
    "FusedPart",
    "differing_lines",
    "fused_parts",
    "placed",
    "read_places",
    "spans",
    "uncovered",
]

Axis = Literal["rows", "columns"]
_AXES: tuple[Axis, Axis] = ("rows", "columns")
_BY = "the rows of it that the other holds"
_LEFT = "the place in the other that its other parts leave"
_BIAS = "the place of its weight"
_PLACES = re.compile(r"(rows|columns) ([0-9]+(?:-[0-9]+)?(?:, [0-9]+(?:-[0-9]+)?)*) as (rows|columns)")


class FusedPart(NamedTuple):
    """A parameter that is a part of one of the other side.

    `whole` is the side (0, 1) that holds several in one. `axes` are that of the whole along which its parts lie, and that of the part: line k of the
    part along its own is line `places[k]` of the whole.
    """

    sides: Pair[Parameter]
    whole: int
    axes: tuple[Axis, Axis]
    places: tuple[int, ...]
    by: str

    @property
    def in_order(self) -> bool:
        """Whether the lines of the part stand in the whole in its own order."""
        return list(self.places) == sorted(self.places)

    @property
    def part(self) -> Parameter:
        """The one that is a part of the other."""
        return self.sides[1 - self.whole]

    @property
    def written(self) -> str:
        """Where it lies, in the form that `read_places` reads: `columns 0-31 as rows`."""
        return f"{self.axes[0]} {spans(self.places)} as {self.axes[1]}"


class _Lines(NamedTuple):
    """The digests of a parameter's lines along one axis, and how many numbers a line has."""

    of: Parameter
    axis: Axis
    digests: list[str]
    width: int


def fused_parts(only: Pair[Collection[Parameter]], sketches: Pair[dict[str, Sketch]]) -> list[FusedPart]:
    """The parts of every parameter that is made of several of the other side's; those of one whole follow one another."""
    found: list[FusedPart] = []
    taken: set[str] = set()
    for whole in (0, 1):
        other = 1 - whole
        for one in only[whole]:
            rest = [part for part in only[other] if part.name not in taken and len(part.shape) == 2]
            made = _parts_of(one, rest, Pair(sketches[whole], sketches[other]), whole)
            if made:
                made += list(_biases(made, only))
                taken |= {part.part.name for part in made}
                found += made
    return found


def differing_lines(part: FusedPart, sketches: Pair[dict[str, Sketch]]) -> list[int] | None:
    """The lines of the part that the whole holds with other numbers; None where they are not known."""
    whole, own = (
        _lines(part.sides[side], axis, sketches[side])
        for side, axis in zip((part.whole, 1 - part.whole), part.axes, strict=True)
    )
    if whole is None or own is None:
        return None
    return [line for line, place in enumerate(part.places) if own.digests[line] != whole.digests[place]]


def placed(sides: Pair[Parameter], places: str) -> FusedPart:
    """The part that lies where a map says; raises ValueError with a clause where it cannot lie there."""
    read = read_places(places)
    if read is None:
        raise ValueError(f"the places {places!r} of {sides.reference.name!r} cannot be read")
    axes, lines = read
    whole = int(math.prod(sides.candidate.shape) > math.prod(sides.reference.shape))
    counts = [
        (one.shape or [1])[-1 if axis == "columns" else 0]
        for one, axis in zip((sides[whole], sides[1 - whole]), axes, strict=True)
    ]
    if len(lines) != counts[1] or len(set(lines)) != len(lines) or max(lines) >= counts[0]:
        raise ValueError(
            f"{len(lines)} places ({spans(lines)}) are given for the {counts[1]} {axes[1]} of {sides[1 - whole].name!r} in the "
            f"{counts[0]} {axes[0]} of {sides[whole].name!r}"
        )
    return FusedPart(sides, whole, axes, lines, "the map")


def uncovered(parts: Sequence[FusedPart]) -> list[str]:
    """What of each parameter that holds several is in none of these parts, or in two: clauses."""
    held: dict[str, list[FusedPart]] = {}
    for part in parts:
        held.setdefault(part.sides[part.whole].name, []).append(part)
    clauses: list[str] = []
    for name, inside in held.items():
        axis, shape = inside[0].axes[0], inside[0].sides[inside[0].whole].shape or [1]
        count = shape[-1] if axis == "columns" else shape[0]
        seen = Counter(place for part in inside for place in part.places)
        for places, words in (
            ([place for place in range(count) if place not in seen], "in no part"),
            ([place for place in sorted(seen) if seen[place] > 1], "in several parts"),
        ):
            if places:
                clauses.append(f"{axis} {spans(places)} of {name} are {words}")
    return clauses


def read_places(text: str) -> tuple[tuple[Axis, Axis], tuple[int, ...]] | None:
    """The axes and places that `FusedPart.written` wrote; None for any other text.

    >>> read_places("columns 0-1, 4 as rows")
    (('columns', 'rows'), (0, 1, 4))
    """
    found = _PLACES.fullmatch(text.strip())
    if found is None:
        return None
    places: list[int] = []
    for span in found.group(2).split(", "):
        first, _, last = span.partition("-")
        places += range(int(first), int(last or first) + 1)
    return (_axis(found.group(1)), _axis(found.group(3))), tuple(places)


def _axis(word: str) -> Axis:
    return "rows" if word == "rows" else "columns"


def spans(places: Sequence[int]) -> str:
    """Places in their order, runs of them as one.

    >>> spans([0, 1, 2, 6, 7])
    '0-2, 6-7'
    """
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][1] + 1:
            runs[-1][1] = place
        else:
            runs.append([place, place])
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)


def _parts_of(
    one: Parameter, rest: Sequence[Parameter], sketches: Pair[dict[str, Sketch]], whole: int
) -> list[FusedPart]:
    """The parts that together are all of a parameter; empty where there are none such."""
    for axis in _AXES if len(one.shape) == 2 else ():
        lines = _lines(one, axis, sketches[0])
        if lines is None:
            continue
        once = {digest for digest, times in Counter(lines.digests).items() if times == 1}
        index = {digest: place for place, digest in enumerate(lines.digests) if digest in once}
        fitting = [
            own
            for part, axis_of_part in product(rest, _AXES)
            if (own := _lines(part, axis_of_part, sketches[1])) is not None
            and own.width == lines.width
            and len(own.digests) < len(lines.digests)
        ]
        placed: dict[str, tuple[_Lines, list[int | None]]] = {}
        for own in fitting:
            seen = [index.get(digest) for digest in own.digests]
            known = placed.get(own.of.name)
            if 2 * _found(seen) > len(seen) and (known is None or _found(seen) > _found(known[1])):
                placed[own.of.name] = own, seen
        made = _complete(lines, placed, fitting)
        if len(made) > 1:
            return [
                FusedPart(
                    Pair(own.of, one) if whole else Pair(one, own.of), whole, (axis, own.axis), places, by
                )
                for own, places, by in made
            ]
    return []


def _complete(
    lines: _Lines, placed: Mapping[str, tuple[_Lines, list[int | None]]], fitting: Sequence[_Lines]
) -> list[tuple[_Lines, tuple[int, ...], str]]:
    """Every part with the place of each of its lines; empty where they are not all lines of the whole, each once."""
    free = set(range(len(lines.digests)))
    for _, seen in placed.values():
        free -= {place for place in seen if place is not None}
    made: list[tuple[_Lines, tuple[int, ...], str]] = []
    for own, seen in placed.values():
        places = _filled(seen, free)
        if places is None:
            return []
        made.append((own, places, _BY))
    if made and free:
        left = [
            own
            for own in fitting
            if own.of.name not in placed
            and len(own.digests) == len(free)
            and own.axis == made[0][0].axis
            and all(siblings(own.of.name, part.of.name) for part, _, _ in made)
        ]
        if len(left) == 1:
            made.append((left[0], tuple(sorted(free)), _LEFT))
            free.clear()
    covered = sorted(place for _, places, _ in made for place in places)
    return [] if free or covered != list(range(len(lines.digests))) else made


def _filled(seen: Sequence[int | None], free: set[int]) -> tuple[int, ...] | None:
    """The places of all lines: one that was not found lies beside its neighbour, where that is `free`; None where it does not."""
    places = list(seen)
    for order, step in ((range(1, len(places)), 1), (range(len(places) - 2, -1, -1), -1)):
        for line in order:
            neighbour = places[line - step]
            if places[line] is None and neighbour is not None and neighbour + step in free:
                places[line] = neighbour + step
                free.discard(neighbour + step)
    known = [place for place in places if place is not None]
    return tuple(known) if len(known) == len(places) else None


def _biases(parts: Sequence[FusedPart], only: Pair[Collection[Parameter]]) -> Iterator[FusedPart]:
    """The biases of the same modules, where there is one for each weight."""
    named = Pair(*({one.name: one for one in side} for side in only))
    found = [
        Pair(*(held.get(_bias_of(side.name)) for side, held in zip(part.sides, named, strict=True)))
        for part in parts
    ]
    for part, (reference, candidate) in zip(parts, found, strict=True):
        if reference is None or candidate is None:
            return
        sides = Pair(reference, candidate)
        if [len(sides[1 - part.whole].shape), *sides[1 - part.whole].shape] != [1, len(part.places)]:
            return
    for part, (reference, candidate) in zip(parts, found, strict=True):
        if reference is not None and candidate is not None:
            yield part._replace(sides=Pair(reference, candidate), axes=("rows", "rows"), by=_BIAS)


def _bias_of(name: str) -> str:
    head, _, last = name.rpartition(".")
    return ".".join(part for part in (head, last.replace("weight", "bias")) if part)


def _lines(one: Parameter, axis: Axis, sketches: Mapping[str, Sketch]) -> _Lines | None:
    held = sketches.get(one.name)
    if held is None:
        return None
    digests = held.each_row if axis == "rows" else held.each_column
    if not digests or len(one.shape) > 2:
        return None
    width = 1 if len(one.shape) < 2 else one.shape[1 if axis == "rows" else 0]
    return _Lines(one, axis, digests, width)


def _found(seen: Sequence[int | None]) -> int:
    return sum(place is not None for place in seen)
