"""Which parameter of one model is which of the other: by what they hold, and by their names only where that does not decide.

Two that hold the same bytes are one another's, whatever they are called. Of the others those of one name are, then those whose names are
renamed as the names of equal ones are. What is left is paired by what sketches show (`pair_by_content`), or by shape and likeness of the names.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from parity.align.fused_parameters import FusedPart, fused_parts
from parity.align.parameter_names import Renames, likeness, other_layer
from parity.border.description import Description, Parameter
from parity.border.parameters_asked import Sketch
from parity.records.pair import Pair

__all__ = ["PairedParameter", "Pairing", "in_place", "pair_by_content", "pair_parameters"]

_CONSTANT = 1 << 16  # numbers: larger tensors are not constant
_BITS = {
    "float64": (np.float64, (0.0, 1.0)),
    "float32": (np.float32, (0.0, 1.0)),
    "float16": (np.float16, (0.0, 1.0)),
    "bfloat16": (np.uint16, (0, 0x3F80)),
}


class PairedParameter(NamedTuple):
    """Two parameters that are one another's: why, whether they hold the same bytes, and whether one stands where another one belongs."""

    sides: Pair[Parameter]
    by: str
    moved: Literal["", "layers", "names"] = ""

    @property
    def equal(self) -> bool:
        """Whether both hold the same bytes."""
        return _content(self.sides.reference) == _content(self.sides.candidate)


class Pairing(NamedTuple):
    """The pairs in the reference's order, the parameters of either side that have no counterpart, and those that are a part of one of the other side."""

    pairs: list[PairedParameter]
    only: Pair[list[Parameter]]
    fused: Sequence[FusedPart] = ()

    @property
    def sides(self) -> list[Pair[Parameter]]:
        """Every two that are one another's, as a whole or as a part."""
        return [*(one.sides for one in self.pairs), *(one.sides for one in self.fused)]


class _Pairs:
    """The pairs while they are found."""

    def __init__(self, sides: Pair[list[Parameter]]) -> None:
        self.sides = sides
        self.found: dict[str, PairedParameter] = {}
        self.left = Pair(*({one.name: one for one in side} for side in sides))

    def add(
        self, reference: Parameter, candidate: Parameter, by: str, moved: Literal["", "layers", "names"] = ""
    ) -> None:
        self.found[reference.name] = PairedParameter(Pair(reference, candidate), by, moved)
        del self.left.reference[reference.name], self.left.candidate[candidate.name]

    def leave_out(self, fused: Sequence[FusedPart]) -> None:
        """These are paired as parts of one another."""
        for part in fused:
            for side, held in zip(part.sides, self.left, strict=True):
                held.pop(side.name, None)

    def result(self) -> Pairing:
        ordered = [self.found[one.name] for one in self.sides.reference if one.name in self.found]
        return Pairing(ordered, Pair(*(list(side.values()) for side in self.left)))


def pair_parameters(
    described: Pair[Description], given: Mapping[str, str] | None = None, fused: Sequence[FusedPart] = ()
) -> Pairing:
    """Pair by digests and names. What no file holds is drawn at random, so that its digest says nothing.

    `given` are the parameters of the candidate by those of the reference, `fused` the parts of others: then no others are paired.
    """
    found = _Pairs(Pair(*(side.parameters for side in described)))
    if given is not None:
        for name, counterpart in given.items():
            found.add(found.left.reference[name], found.left.candidate[counterpart], "the map")
        found.leave_out(fused)
        return found.result()._replace(fused=fused)
    drawn = {one for side in described for one in side.newly_initialised}
    ours, theirs = found.left
    for name, one in list(ours.items()):
        other = theirs.get(name)
        if other is not None and _content(one) == _content(other):
            found.add(one, other, "name and digest")
    names = Renames()
    for name in found.found:
        names.vote(name, name)
    same = _same_content(found, drawn)
    for one, other in same:
        names.vote(one.name, other.name)
    # What holds nothing of the reference's may stand there and not be used, as AllenNLP's second pooler does.
    held = {one.name: one for one in described.candidate.parameters if one.name in ours}
    held.update({pair.sides.candidate.name: pair.sides.candidate for pair in found.found.values()})
    held.update({other.name: other for _, other in same})
    for one, other in same:
        found.add(one, other, "digest", _moved(one, other, names, held))
    for name, one in list(ours.items()):
        if name in theirs:
            found.add(one, theirs[name], "name")
    for name, one in list(ours.items()):
        made = next(((theirs[new], why) for new, why in names.of_name(name) if new in theirs), None)
        if made is not None:
            found.add(one, made[0], f"name, {made[1]}")
    return found.result()


def in_place(pairing: Pairing, described: Pair[Description]) -> Pairing:
    """The same, where a parameter of another layer's number stands where it belongs if the stages of both layers are one another's."""
    stages = Pair(*({seen.module: seen.name for seen in side.stages if seen.module} for side in described))
    return pairing._replace(
        pairs=[
            one._replace(moved="") if one.moved == "layers" and _in_one_stage(one.sides, stages) else one
            for one in pairing.pairs
        ]
    )


def _in_one_stage(sides: Pair[Parameter], stages: Pair[dict[str, str]]) -> bool:
    found: list[str | None] = []
    for one, named in zip(sides, stages, strict=True):
        path = one.name.split(".")
        found.append(
            next((named[at] for end in range(len(path)) if (at := ".".join(path[:end])) in named), None)
        )
    return found[0] is not None and found[0] == found[1]


def pair_by_content(pairing: Pairing, sketches: Pair[dict[str, Sketch]]) -> Pairing:
    """Pair what is left by digests of the same numbers in another form or order, then by shape and the likeness of names."""
    known = {one.sides.reference.name: one for one in pairing.pairs}
    lone = _Pairs(pairing.only)
    forms: tuple[tuple[str, Callable[[Sketch], Hashable]], ...] = (
        ("the same numbers", lambda one: one.rounded["float32"] if "float32" in one.exact else ""),
        ("the same numbers, rounded to bfloat16", lambda one: one.rounded["bfloat16"]),
        ("the same numbers, rounded to float16", lambda one: one.rounded["float16"]),
        ("the same numbers in another order", lambda one: one.numbers),
    )
    for by, form in forms:
        here, there = (
            _grouped((one for one in side.values() if one.name in held), _form(held, form))
            for side, held in zip(lone.left, sketches, strict=True)
        )
        for key in here:
            if key and len(here[key]) == len(there.get(key, ())) == 1:
                lone.add(here[key][0], there[key][0], by)
    fused = fused_parts(Pair(*(list(side.values()) for side in lone.left)), sketches)
    lone.leave_out(fused)
    for one, other in _alike(lone.left):
        lone.add(one, other, "shape and the likest name")
    rest = lone.result()
    order = {**known, **{one.sides.reference.name: one for one in rest.pairs}}
    return Pairing(list(order.values()), rest.only, fused)


def _form(held: Mapping[str, Sketch], form: Callable[[Sketch], Hashable]) -> Callable[[Parameter], Hashable]:
    return lambda one: form(held[one.name])


def _same_content(found: _Pairs, drawn: set[str]) -> list[tuple[Parameter, Parameter]]:
    """The pairs that hold the same bytes under unlike names; of several those whose names are most alike. Zeros and ones are no evidence."""
    ours, theirs = (
        _grouped((one for one in side.values() if one.name not in drawn and not _is_constant(one)), _content)
        for side in found.left
    )
    same: list[tuple[Parameter, Parameter]] = []
    for key, here in ours.items():
        there = theirs.get(key, [])
        ranked = sorted(
            ((one, other) for one in here for other in there),
            key=lambda pair: (
                [-part for part in likeness(pair[0].name, pair[1].name)],
                bool(pair[0].tied),
                pair[0].name,
                pair[1].name,
            ),
        )
        taken: set[str] = set()
        done: set[str] = set()
        for one, other in ranked:
            if one.name not in done and other.name not in taken:
                same.append((one, other))
                done.add(one.name)
                taken.add(other.name)
    return same


def _moved(
    one: Parameter, other: Parameter, names: Renames, held: Mapping[str, Parameter]
) -> Literal["", "layers", "names"]:
    """Whether a parameter stands under the name that another one has in the reference; `held` are those of the candidate that may hold it."""
    if other_layer(one.name, other.name):
        return "layers"
    beginnings = (new for new, _ in names.of_beginning(one.name))
    right = next((new for new in (one.name, *beginnings) if new in held), other.name)
    return "names" if right != other.name and held[right].shape == other.shape else ""


def _alike(left: Pair[dict[str, Parameter]]) -> list[tuple[Parameter, Parameter]]:
    """The pairs of one shape of which each is the likest name to the other, with no second one as like."""
    found: list[tuple[Parameter, Parameter]] = []
    ours, theirs = (_grouped(side.values(), lambda one: tuple(one.shape)) for side in left)
    for shape, here in ours.items():
        there = theirs.get(shape, [])
        for one in here:
            other = _likest(one, there)
            if other is not None and _likest(other, here) is one:
                found.append((one, other))
    return found


def _likest(one: Parameter, others: Sequence[Parameter]) -> Parameter | None:
    """The one whose name is most like this one's: of the same numbers and the same end at least, and no other as like."""
    ranked = sorted(((likeness(one.name, other.name), other) for other in others), key=lambda item: item[0])
    if not ranked or not all(ranked[-1][0][:2]):
        return None
    return ranked[-1][1] if len(ranked) == 1 or ranked[-2][0] < ranked[-1][0] else None


def _content(one: Parameter) -> tuple[object, ...]:
    return one.digest, tuple(one.shape), one.dtype, one.packed


def _grouped(
    parameters: Iterable[Parameter], key: Callable[[Parameter], Hashable]
) -> dict[Hashable, list[Parameter]]:
    groups: dict[Hashable, list[Parameter]] = {}
    for one in parameters:
        groups.setdefault(key(one), []).append(one)
    return groups


def _is_constant(one: Parameter) -> bool:
    """Whether a parameter is known to hold nothing but zeros, or ones."""
    count = math.prod(one.shape)
    return bool(count) and count <= _CONSTANT and one.digest in _constants(one.dtype, count)


@lru_cache(maxsize=256)
def _constants(dtype: str, count: int) -> tuple[str, ...]:
    kind, values = _BITS.get(dtype, (np.uint8, ()))
    return tuple(
        f"sha256:{hashlib.sha256(np.full(count, value, kind).tobytes()).hexdigest()}" for value in values
    )
