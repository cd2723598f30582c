"""The calls of the layers of two models, and of what stands beside them: which is which there, and what one is to be given of the other's.

Layers are paired by their stage. A part (embeddings, a rotary table, a pooler, a head) is paired by its path in the model, or where that differs
by its kind and the shapes of its weights, if no other part of the stage has both. What has no counterpart is given nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, NamedTuple, Self, cast

from parity.records.pair import Pair
from parity.stages import layer_of

__all__ = ["Calls", "PairedPart", "Part", "given", "pair_parts", "tensors_of"]


class Part(NamedTuple):
    """One call of a part: its path, which of its calls, the stage that it leads to and the one that it is the end of (empty: none), what it takes and
    gives, and what it is."""

    path: str
    call: int
    stage: str
    end: str
    takes: Mapping[str, Any]
    gives: Mapping[str, Any] | None
    kind: str
    weights: Sequence[Sequence[int]]


class PairedPart(NamedTuple):
    """One part of both sides."""

    sides: Pair[Part]

    @property
    def key(self) -> str:
        """The name by which the candidate's runner knows it."""
        return f"{self.sides.candidate.path}#{self.sides.candidate.call}"


class Calls(NamedTuple):
    """What one side was called with in one forward: its layers and the ends of its stages by their names, and its parts in order.

    `root` is the path of the model without its head, `base` what that returned (None: there is no head).
    """

    layers: Mapping[str, Mapping[str, Any]]
    ends: Mapping[str, Mapping[str, Any]]
    parts: Sequence[Part]
    root: str
    base: Mapping[str, Any] | None

    @classmethod
    def read(cls, answer: Mapping[str, Any], stages: Sequence[str]) -> Self:
        """What a runner answered; `stages` are those that a part may lead to."""
        calls = answer["calls"]
        leads: dict[int, str] = {}
        following = ""
        for item in reversed(answer["order"]):
            if item.get("stage") in stages:
                following = item["stage"]
            elif "call" in item:
                leads[item["call"]] = following
        parts = [
            Part(
                one["path"],
                one["call"],
                leads.get(number, ""),
                one["end"] if one["end"] in stages else "",
                one["takes"],
                one["gives"],
                one["kind"],
                one["weights"],
            )
            for number, one in enumerate(calls)
            if one["part"]
        ]
        return cls(
            {one["layer"]: one for one in calls if one["layer"] is not None},
            {one["end"]: one for one in calls if one["end"] is not None},
            parts,
            answer["root"],
            answer.get("base"),
        )

    def around(self, stage: str) -> str:
        """The path of the module of a stage, by that in which it ends: of a layer the one that is numbered, or where that is the end itself, the
        module that holds the lists of ends."""
        path: str = self.ends[stage]["path"]
        steps = path.split(".")
        numbers = [place for place, step in enumerate(steps) if step.isdigit()]
        if layer_of(stage) is None or not numbers:
            return path
        last = numbers[-1]
        return ".".join(steps[: last + 1] if last < len(steps) - 1 else steps[: last - 1])

    def parent(self, stage: str) -> str:
        """The path of the module in which a stage is computed beside its parts: that which all of them lie in."""
        paths = [part.path.split(".")[:-1] for part in self.parts if part.stage == stage]
        if not paths:
            return self.root
        shared = paths[0]
        for path in paths[1:]:
            length = next(
                (at for at, (one, two) in enumerate(zip(shared, path, strict=False)) if one != two),
                min(len(shared), len(path)),
            )
            shared = shared[:length]
        return ".".join(shared)


def pair_parts(sides: Pair[Calls]) -> list[PairedPart]:
    """The parts of both sides, in the reference's order.

    Those in which one stage ends are one another's, whatever else lies at their paths: a model may hold a pooler that it does not use.
    """
    found: dict[int, Part] = {}
    taken: set[int] = set()

    def pair(key: Callable[[Calls, Part], Any]) -> None:
        """Pair what has one key, where no other part of the side has it."""
        ours, theirs = (_by_key(side, key, done) for side, done in zip(sides, (found, taken), strict=True))
        for name in ours.keys() & theirs.keys():
            if len(ours[name]) == len(theirs[name]) == 1:
                found[ours[name][0]] = sides.candidate.parts[theirs[name][0]]
                taken.add(theirs[name][0])

    pair(lambda _, part: part.end or None)
    pair(lambda side, part: (_relative(part.path, side.root), part.call, bool(part.end)))
    pair(
        lambda _, part: (
            (part.stage, part.kind, tuple(map(tuple, part.weights)), bool(part.end)) if part.weights else None
        )
    )
    return [PairedPart(Pair(sides.reference.parts[number], found[number])) for number in sorted(found)]


def _by_key(side: Calls, key: Callable[[Calls, Part], Any], done: Container[int]) -> dict[Any, list[int]]:
    """The places of the parts that are not paired yet, by their key; a part without one is left out."""
    named: dict[Any, list[int]] = {}
    for number, part in enumerate(side.parts):
        name = None if number in done else key(side, part)
        if name is not None:
            named.setdefault(name, []).append(number)
    return named


def given(reference: Calls, parts: Sequence[PairedPart], stages: Sequence[str]) -> dict[str, Any]:
    """What a candidate is to be given of the reference's calls, for the stages that both have."""
    places = {**reference.ends, **reference.layers}
    return {
        "stages": {
            stage: {"takes": one["takes"], "gives": one["gives"]}
            for stage, one in places.items()
            if stage in stages
        },
        "parts": {part.key: part.sides.reference.takes for part in parts},
        "base": reference.base,
    }


def tensors_of(described: Any) -> list[str]:
    """The names of the tensors that a description holds."""
    if isinstance(described, Mapping):
        held = cast("Mapping[str, Any]", described)
        name = held.get("tensor")
        if isinstance(name, str):
            return [name]
        return [found for one in held.values() for found in tensors_of(one)]
    if isinstance(described, list | tuple):
        return [found for one in cast("Sequence[Any]", described) for found in tensors_of(one)]
    return []


def _relative(path: str, root: str) -> str:
    """A path within the model without its head; that of anything else as it is."""
    return path[len(root) + 1 :] if root and path.startswith(root + ".") else f"/{path}" if root else path
