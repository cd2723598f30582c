"""What was not run: parts of a subject's files that no compared stage was computed with, as entries of what was not compared.

A head whose task parity does not know, a decoder of which only the encoder runs, modules of sentence-transformers, an adapter
that was not applied: whatever they hold, the stages agree. So they prevent the verdict `parity`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from parity.border.description import Description, NotRun
from parity.records.pair import Pair
from parity.records.stage import NotCompared

__all__ = ["not_run"]

_NAMED = 3


def not_run(sides: Pair[Description]) -> list[NotCompared]:
    """One entry for each part that a side does not run, one for each stage made of values that no file holds, one for each stage
    that was excluded because of such."""
    return [*_parts(sides), *_drawn(sides), *_excluded(sides)]


def _parts(sides: Pair[Description]) -> Iterator[NotCompared]:
    names = dict.fromkeys(part.part for side in sides for part in side.not_run)
    for name in names:
        here, there = (next((part for part in side.not_run if part.part == name), None) for side in sides)
        differing = _differing(here, there, sides)
        known = [part for part in (here, there) if part is not None]
        reasons = list(dict.fromkeys(part.reason for part in known))
        if len(reasons) == 2:
            reasons = [f"{part.reason} in the {side}" for part, side in zip(known, Pair._fields, strict=True)]
        if any(part.requested for part in known):
            reasons.append("it was not requested (?task=)")
        yield NotCompared(
            stage=name,
            reason="; ".join([*reasons, *_contents(known, differing)]),
            side=_whose(here, there),
            counts=any(part.always and not part.requested for part in known)
            or (bool(differing) and not any(part.requested for part in known)),
            not_run=sorted({one.name for part in known for one in part.tensors}) or [name],
        )


def _whose(here: NotRun | None, there: NotRun | None) -> Literal["reference", "candidate", "both"]:
    if here is None:
        return "candidate"
    return "reference" if there is None else "both"


def _differing(here: NotRun | None, there: NotRun | None, sides: Pair[Description]) -> list[str]:
    """The tensors and settings in which the two differ, or that one side alone has."""
    ours, theirs = (_digests(part) for part in (here, there))
    # What a side runs, or holds under another name, is not missing there.
    held = [{(_last(one.name), one.digest) for one in side.parameters} for side in sides]
    found: list[str] = []
    for name in sorted({*ours, *theirs}):
        digest = ours.get(name) or theirs.get(name) or ""
        if not digest or (name in ours and name in theirs and ours[name] != theirs[name]):
            found.append(name)
        elif name not in ours or name not in theirs:
            other = held[0] if name not in ours else held[1]
            if (_last(name), digest) not in other:
                found.append(name)
    mine: dict[str, Any] = {} if here is None else here.settings
    yours: dict[str, Any] = {} if there is None else there.settings
    for name in sorted({*mine, *yours}):
        if mine.get(name) != yours.get(name):
            found.append(f"{name} ({_shown(mine.get(name))} against {_shown(yours.get(name))})")
    return found


def _digests(part: NotRun | None) -> dict[str, str]:
    return {} if part is None else {one.name: one.digest for one in part.tensors}


def _last(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def _contents(parts: Sequence[NotRun], differing: Sequence[str]) -> Iterator[str]:
    """Which tensors and settings these are, the differing ones first, and whether both sides hold the same."""
    names = sorted({one.name for part in parts for one in part.tensors})
    if differing:
        yield f"{'these differ' if len(differing) > 1 else 'this differs'}: {_some(differing)}"
        rest = [name for name in names if name not in differing]
        if rest:
            yield f"{'these are' if len(rest) > 1 else 'this is'} equal on both sides: {_some(rest)}"
    elif names:
        yield f"{_count(len(names))}, equal on both sides: {_some(names)}"
    elif any(part.settings for part in parts):
        yield "its settings are equal on both sides"


def _count(number: int) -> str:
    return "1 tensor" if number == 1 else f"{number} tensors"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _shown(value: Any) -> str:
    text = "not set" if value is None else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _drawn(sides: Pair[Description]) -> Iterator[NotCompared]:
    """Stages that need a parameter which no file holds: where two such stages agree, they have the same random draw."""
    for name, side in zip(Pair._fields, sides, strict=True):
        for stage, parameters in side.drawn.items():
            yield NotCompared(
                stage=stage or "weights",
                reason=f"the {name} computes it with {_count(len(parameters))} in no file, drawn at random at every load: {_some(parameters)}",
                side=_side(name),
            )


def _excluded(sides: Pair[Description]) -> Iterator[NotCompared]:
    """Stages that need such a parameter and that nothing else needs; they count where the other side has the stage."""
    stages = dict.fromkeys(stage for side in sides for stage in side.excluded)
    for stage in stages:
        without = [name for name, side in zip(Pair._fields, sides, strict=True) if stage in side.excluded]
        parameters = sorted({one for side in sides for one in side.excluded.get(stage, [])})
        other = any(one.name == stage for side in sides for one in side.stages)
        who = "neither side's file holds" if len(without) == 2 else f"the {without[0]}'s file does not hold"
        verb = "what computes it"
        yield NotCompared(
            stage=stage,
            reason=f"{who} {verb}, and no other stage needs it: {_some(parameters)}",
            side="both" if len(without) == 2 else _side(without[0]),
            counts=other,
        )


def _side(name: str) -> Literal["reference", "candidate"]:
    return "reference" if name == "reference" else "candidate"
