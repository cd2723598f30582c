"""A file that says which stage, module and parameter of the reference is which of the candidate: written for editing, and read back.

With such a file no other stages and parameters are paired: what it does not name is listed as without a counterpart. It may join stages of unlike
names, where their axes are the same. Modules that it does not name are paired by what they are (`module_pairs.py`).
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Self

import msgspec

from parity.align.fused_parameters import FusedPart, placed
from parity.align.parameters import Pairing
from parity.align.plan import Plan
from parity.align.stage_joins import StageJoin
from parity.align.stage_pairs import why_paired
from parity.border.description import Description
from parity.errors import MapDoesNotFit
from parity.records.pair import Pair
from parity.records.stage import NotCompared
from parity.stages import is_detail

__all__ = ["MapEntry", "PairMap"]

_HEAD = """\
# Which stage, module and parameter of the reference is which of the candidate, and why.
# Edit it, and give it back: parity compare --map FILE REFERENCE CANDIDATE. No stage or parameter but what stands here is then paired.
# Two stages of unlike names are joined where their axes are the same. Remove an entry to leave a stage or parameter out; modules without an entry
# are paired by what they are. `places` says where a parameter lies in the other one, which holds several.
"""


class MapEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """Two that are one another's, and why; `by` is not read. Of a parameter that is a part of the other's `places` says where it lies in that."""

    reference: str
    candidate: str
    by: str = ""
    places: str = ""


class PairMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The pairs of a file; what has no counterpart stands there for the reader alone."""

    stage: list[MapEntry] = []
    module: list[MapEntry] = []
    parameter: list[MapEntry] = []
    without_counterpart: dict[str, list[str]] = {}

    @classmethod
    def of(
        cls, plan: Plan, described: Pair[Description], pairing: Pairing, joins: Sequence[StageJoin] = ()
    ) -> Self:
        """The map of what is paired without one; `joins` are the stages of unlike names, which have the reference's in the plan."""
        own = {one.reference: one.candidate for one in joins}
        lone = {
            "stages": [f"{item.stage} ({item.reason})" for item in plan.not_compared],
            "parameters_of_the_reference": [one.name for one in pairing.only.reference],
            "parameters_of_the_candidate": [one.name for one in pairing.only.candidate],
        }
        stages = [
            MapEntry(name, own.get(name, name), why_paired(name, described, pairing, joins))
            for name in plan.stages
        ]
        parameters = [
            MapEntry(pair.sides.reference.name, pair.sides.candidate.name, pair.by) for pair in pairing.pairs
        ]
        parameters += [
            MapEntry(one.sides.reference.name, one.sides.candidate.name, one.by, one.written)
            for one in pairing.fused
        ]
        return cls(stages, _modules_of(pairing), parameters, lone)

    @classmethod
    def read(cls, text: str, named: str) -> Self:
        """Read the text of the file that is called `named`; raises MapDoesNotFit where it is not such a file."""
        try:
            return msgspec.convert(tomllib.loads(text), cls)
        except tomllib.TOMLDecodeError as error:
            reason = f"it is not TOML: {error}"
        except msgspec.ValidationError as error:
            reason = f"{error}"
        raise MapDoesNotFit(
            f"--map {named}: {reason}.",
            next_step="Write one with parity align REFERENCE CANDIDATE --out map.toml, and edit it.",
        )

    def text(self) -> str:
        """The file."""
        return "\n".join([_HEAD, *self._lines()]) + "\n"

    def check(self, described: Pair[Description], named: str) -> None:
        """Raise MapDoesNotFit for a name that a side does not have, that stands there twice, or what cannot be joined; `named` is the file."""
        for place, side in enumerate(Pair._fields):
            parameters = [one.name for one in described[place].parameters]
            known = {
                "stage": [seen.name for seen in described[place].stages],
                "module": _modules_around(described[place], parameters),
                "parameter": parameters,
            }
            for kind, entries in self._kinds():
                whole = Counter((one.reference, one.candidate)[place] for one in entries if not one.places)
                parts = {(one.reference, one.candidate)[place] for one in entries if one.places}
                for name in (*whole, *parts):
                    if name not in known[kind]:
                        raise MapDoesNotFit(
                            f"--map {named}: the {side} has no {kind} {name!r}.",
                            next_step=_offered(name, known[kind]),
                        )
                    count = whole[name] + (name in parts)
                    if count > 1:
                        raise MapDoesNotFit(
                            f"--map {named}: the {kind} {name!r} of the {side} stands in {count} entries.",
                            next_step="Pair each once.",
                        )
        for one in self.stage:
            reason = _not_joined(one, described)
            if reason:
                raise MapDoesNotFit(
                    f"--map {named}: the stage {one.reference!r} cannot be paired with {one.candidate!r}: {reason}.",
                    next_step="Remove the entry to leave the stage out, or join stages of the same axes.",
                )
        try:
            self.fused(described)
        except ValueError as error:
            raise MapDoesNotFit(
                f"--map {named}: {error}.", next_step="Write them as parity align does: rows 0-31 as rows."
            ) from error

    def joined(self) -> list[tuple[str, str]]:
        """The stages of unlike names, the reference's first."""
        return [(one.reference, one.candidate) for one in self.stage if one.reference != one.candidate]

    def pairs(self) -> dict[str, str]:
        """The parameters of the candidate by those of the reference; without those that are a part of another."""
        return {one.reference: one.candidate for one in self.parameter if not one.places}

    def modules(self) -> dict[str, str]:
        """The modules of the candidate by those of the reference."""
        return {one.reference: one.candidate for one in self.module}

    def fused(self, described: Pair[Description]) -> list[FusedPart]:
        """The parameters that are a part of another; raises ValueError with a clause for places that do not fit."""
        held = Pair(*({one.name: one for one in side.parameters} for side in described))
        return [
            placed(Pair(held.reference[one.reference], held.candidate[one.candidate]), one.places)
            for one in self.parameter
            if one.places
        ]

    def planned(self, plan: Plan) -> Plan:
        """A plan without the stages that are not in the map, which count as not compared."""
        kept = {one.reference for one in self.stage}
        without = [name for name in plan.stages if name not in kept]
        missing = [NotCompared(stage=name, reason="the map does not pair it") for name in without]
        task = plan.task
        if task is not None and task.outputs[0] in without:
            task = None
        return plan.without(without)._replace(task=task, not_compared=(*plan.not_compared, *missing))

    def overrides(self, plan: Plan, joins: Sequence[StageJoin], pairing: Pairing) -> list[str]:
        """What the map pairs otherwise than it would have been: clauses. `plan`, `joins` and `pairing` are those without it."""
        found: list[str] = []
        stages = {**{name: name for name in plan.stages}, **{one.reference: one.candidate for one in joins}}
        for reference, candidate in ((one.reference, one.candidate) for one in self.stage):
            other = stages.get(reference, "none")
            if other != candidate:
                found.append(
                    f"the stage {reference} is joined with {candidate} (without the map with {other})"
                )
        there = {pair.sides.reference.name: pair.sides.candidate.name for pair in pairing.pairs}
        here = {candidate: reference for reference, candidate in there.items()}
        for reference, candidate in self.pairs().items():
            if there.get(reference, candidate) != candidate or here.get(candidate, reference) != reference:
                found_there = there.get(reference)
                words = (
                    f"with {found_there}"
                    if found_there
                    else f"with none, and {candidate} with {here.get(candidate)}"
                )
                found.append(
                    f"the parameter {reference} is paired with {candidate} (without the map {words})"
                )
        return found

    def _kinds(self) -> Iterator[tuple[str, list[MapEntry]]]:
        yield from (("stage", self.stage), ("module", self.module), ("parameter", self.parameter))

    def _lines(self) -> Iterator[str]:
        for kind, entries in self._kinds():
            for one in entries:
                yield f"[[{kind}]]"
                fields = msgspec.structs.asdict(one).items()
                yield from (f"{name} = {_quoted(value)}" for name, value in fields if value)
                yield ""
        yield "[without_counterpart]"
        for name, values in self.without_counterpart.items():
            yield f"{name} = [{', '.join(map(_quoted, values))}]"


def _modules_of(pairing: Pairing) -> list[MapEntry]:
    """The modules that hold paired parameters themselves, where all of the one are in the other."""
    found: dict[str, Counter[str]] = {}
    for pair in pairing.pairs:
        here, there = (side.name.rpartition(".")[0] for side in pair.sides)
        if here and there:
            found.setdefault(here, Counter())[there] += 1
    return [
        MapEntry(here, there, f"{count} of its parameters" if count > 1 else "its parameter")
        for here, counts in found.items()
        if len(counts) == 1
        for there, count in counts.items()
        if sum(there in others for others in found.values()) == 1
    ]


def _modules_around(described: Description, parameters: Sequence[str]) -> list[str]:
    """The paths of all modules that are known: those of stages, and those that hold parameters."""
    paths = {seen.module: None for seen in described.stages if seen.module}
    for name in parameters:
        steps = name.split(".")
        paths.update(dict.fromkeys(".".join(steps[:end]) for end in range(1, len(steps))))
    return list(paths)


def _not_joined(one: MapEntry, described: Pair[Description]) -> str:
    """Why two stages cannot be paired; empty where they can."""
    axes = [
        next(list(seen.axes) for seen in side.stages if seen.name == name)
        for side, name in zip(described, (one.reference, one.candidate), strict=True)
    ]
    if axes[0] != axes[1]:
        return f"the one is [{', '.join(axes[0])}], the other [{', '.join(axes[1])}]"
    if one.reference != one.candidate and is_detail(one.reference):
        return f"{one.reference} lies within a layer, and what is within layers is not compared as a stage"
    return ""


def _offered(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    offered = near or sorted(known)[:3]
    return (
        f"It has: {', '.join(offered)}{' and others' if len(known) > len(offered) else ''}."
        if offered
        else "It has none."
    )


def _quoted(value: Any) -> str:
    return json.dumps(str(value), ensure_ascii=False)
