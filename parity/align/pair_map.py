"""A file that says which stage and which parameter of the reference is which of the candidate: written for editing, and read back.

With such a file nothing else is paired: what it does not name is listed as without a counterpart. Stages are paired by one name; a file may leave
some out, and cannot join two of unlike names.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Self

import msgspec

from parity.align.parameters import Pairing
from parity.align.plan import Plan
from parity.border.description import Description
from parity.errors import MapDoesNotFit
from parity.records.pair import Pair
from parity.records.stage import NotCompared

__all__ = ["MapEntry", "PairMap"]

_HEAD = """\
# Which stage and which parameter of the reference is which of the candidate, and why.
# Edit it, and give it back: parity compare --map FILE REFERENCE CANDIDATE. Nothing but what stands here is then paired.
# Stages are paired by one name: remove an entry to leave a stage out.
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
    parameter: list[MapEntry] = []
    without_counterpart: dict[str, list[str]] = {}

    @classmethod
    def of(cls, plan: Plan, described: Pair[Description], pairing: Pairing) -> Self:
        """The map of what is paired without one."""
        lone = {
            "stages": [f"{item.stage} ({item.reason})" for item in plan.not_compared],
            "parameters_of_the_reference": [one.name for one in pairing.only.reference],
            "parameters_of_the_candidate": [one.name for one in pairing.only.candidate],
        }
        stages = [MapEntry(name, name, _modules(name, described)) for name in plan.stages]
        parameters = [
            MapEntry(pair.sides.reference.name, pair.sides.candidate.name, pair.by) for pair in pairing.pairs
        ]
        return cls(stages, parameters, lone)

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
        """Raise MapDoesNotFit for a name that a side does not have, or that stands there twice; `named` is the file."""
        for place, side in enumerate(Pair._fields):
            known = {
                "stage": [seen.name for seen in described[place].stages],
                "parameter": [one.name for one in described[place].parameters],
            }
            for kind, entries in (("stage", self.stage), ("parameter", self.parameter)):
                names = [(one.reference, one.candidate)[place] for one in entries]
                for name, count in Counter(names).items():
                    if name not in known[kind]:
                        raise MapDoesNotFit(
                            f"--map {named}: the {side} has no {kind} {name!r}.",
                            next_step=_offered(name, known[kind]),
                        )
                    if count > 1:
                        raise MapDoesNotFit(
                            f"--map {named}: the {kind} {name!r} of the {side} stands in {count} entries.",
                            next_step="Pair each once.",
                        )
        for one in self.stage:
            if one.reference != one.candidate:
                raise MapDoesNotFit(
                    f"--map {named}: the stage {one.reference!r} cannot be paired with {one.candidate!r}.",
                    next_step="Stages are paired by one name; remove the entry to leave the stage out.",
                )

    def pairs(self) -> dict[str, str]:
        """The parameters of the candidate by those of the reference."""
        return {one.reference: one.candidate for one in self.parameter}

    def planned(self, plan: Plan) -> Plan:
        """A plan without the stages that are not in the map, which count as not compared."""
        kept = {one.reference for one in self.stage}
        without = [name for name in plan.stages if name not in kept]
        missing = [NotCompared(stage=name, reason="the map does not pair it") for name in without]
        task = plan.task
        if task is not None and task.outputs[0] in without:
            task = None
        return plan.without(without)._replace(task=task, not_compared=(*plan.not_compared, *missing))

    def _lines(self) -> Iterator[str]:
        for kind, entries in (("stage", self.stage), ("parameter", self.parameter)):
            for one in entries:
                yield f"[[{kind}]]"
                yield from (
                    f"{name} = {_quoted(value)}" for name, value in msgspec.structs.asdict(one).items()
                )
                yield ""
        yield "[without_counterpart]"
        for name, values in self.without_counterpart.items():
            yield f"{name} = [{', '.join(map(_quoted, values))}]"


def _modules(stage: str, described: Pair[Description]) -> str:
    """Why a stage is the other's: the name and axes, with the modules of both."""
    modules = [next((seen.module for seen in side.stages if seen.name == stage), None) for side in described]
    known = " and ".join(module for module in modules if module)
    return f"name and axes; {known}" if known else "name and axes"


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
