"""The parameters of both sides compared: by digests first; what differs is examined by sketches, then by rows that cross the border."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from parity.align.fused_parameters import FusedPart, uncovered
from parity.align.names import some
from parity.align.parameter_relations import Related, RowsRead, by_digests, by_rows, differing_rows
from parity.align.parameters import PairedParameter, Pairing, in_place, pair_by_content, pair_parameters
from parity.border.description import Description, Parameter
from parity.border.parameters_asked import Sketch
from parity.errors import ParityError
from parity.pair_audit.fused import relation_of_part
from parity.records.pair import Pair
from parity.records.parameters import ParameterPair, Parameters
from parity.session.session import Session

__all__ = ["Compared", "compare_parameters", "paired"]

_SKETCHED = 1 << 26  # numbers of a side: of what is more, the largest parameters are sampled only
_READ = 1 << 23  # numbers of a side that cross the border at most
_LEAST = 1 << 12  # numbers of each parameter, in any case
_FEW = 4  # parameters: no other training shows in fewer
_UNREAD = (
    "its numbers cannot be read on one side: they are packed in a form that is not known, or lie on disk"
)
_MOST = 0.9  # of those that were compared: so many changed ones are another training
_DRAWN = Related(
    "newly_initialised", None, "no file holds it on one side or both: it is drawn at random at each load"
)
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")


class Compared(NamedTuple):
    """The parameters as the record has them, and which is which."""

    record: Parameters
    pairing: Pairing


class _Examined(NamedTuple):
    """What was asked of both sides of the parameters that differ; `parts` are how those are related that are a part of another. `reason` says what was
    not asked."""

    pairing: Pairing
    related: Mapping[str, Related]
    reason: str = ""
    parts: Sequence[Related] = ()


def compare_parameters(
    sides: Pair[Session],
    ended: str,
    given: Mapping[str, str] | None = None,
    fused: Sequence[FusedPart] = (),
) -> Compared:
    """All parameters of both; `ended` says how the process of a side ended, empty while both run. `given` are the pairs of a map, `fused` its parts of
    others."""
    described = Pair(*(side.described for side in sides))
    silent = [
        f"the {name} ({side.framework}) does not give its parameters"
        for name, side in zip(Pair._fields, described, strict=True)
        if not side.parameters
    ]
    if silent:
        reason = " and ".join(silent)
        return Compared(Parameters(compared=0, equal=0, reason=reason), Pairing([], Pair([], [])))
    pairing = in_place(pair_parameters(described, given, fused), described)
    found = _examined(sides, pairing, ended, by_content=given is None)
    return Compared(_record(described, found, mapped=given is not None), found.pairing)


def paired(sides: Pair[Session]) -> Pairing:
    """Which parameter is which, by digests, names and sketches; what could not be read is paired by digests and names alone."""
    described = Pair(*(side.described for side in sides))
    return _examined(sides, pair_parameters(described), "", by_content=True).pairing


def _examined(sides: Pair[Session], pairing: Pairing, ended: str, *, by_content: bool) -> _Examined:
    """What sketches and rows show; with the reason where they could not be requested."""
    described = Pair(*(side.described for side in sides))
    drawn = _drawn(described)
    unequal = [one for one in pairing.pairs if not one.equal and not _names(one) & drawn]
    if not unequal and not all(pairing.only) and not pairing.fused:
        return _Examined(pairing, {})
    unable = [
        f"the {name} ({side.framework}) gives digests of its parameters and not the numbers"
        for name, side in zip(Pair._fields, described, strict=True)
        if not side.can.row_digests
    ]
    reason = ended or " and ".join(unable)
    if reason:
        return _Examined(pairing, {}, reason)
    try:
        asked = Pair(
            *(
                _smallest(
                    [
                        *(one.sides[place] for one in unequal),
                        *(part.sides[place] for part in pairing.fused),
                        *pairing.only[place],
                    ]
                )
                for place in range(2)
            )
        )
        replies = [side.runner.parameters.sketches(names) for side, names in zip(sides, asked, strict=True)]
        sketches = Pair(*(reply.wait() for reply in replies))
        pairing = pair_by_content(pairing, sketches) if by_content else pairing
        unequal = [one for one in pairing.pairs if not one.equal and not _names(one) & drawn]
        related = dict(_relations(sides, unequal, sketches))
        return _Examined(
            pairing, related, parts=[relation_of_part(sides, part, sketches) for part in pairing.fused]
        )
    except ParityError as error:
        return _Examined(pairing, {}, f"the numbers could not be read: {error.sentence.rstrip('.')}")


def _relations(
    sides: Pair[Session], unequal: Sequence[PairedParameter], sketches: Pair[dict[str, Sketch]]
) -> Iterator[tuple[str, Related]]:
    """How each of these pairs is related, by the name of the reference's."""
    heads = _heads(sides.reference.described)
    left: list[PairedParameter] = []
    for one in unequal:
        known = _known(one, sketches)
        related = None if known is None else by_digests(one.sides, known, heads)
        unlike = one.sides.reference.shape != one.sides.candidate.shape
        if related is not None and (related.relative_l2 is not None or unlike):
            yield one.sides.reference.name, related
        else:
            left.append(one)
    share = max(_LEAST, _READ // max(len(left), 1))
    for one in left:
        known = _known(one, sketches)
        digests = None if known is None else by_digests(one.sides, known, heads)
        if one.sides.reference.shape != one.sides.candidate.shape:
            yield (
                one.sides.reference.name,
                Related("shape", None, f"{one.sides.reference.shape} against {one.sides.candidate.shape}"),
            )
            continue
        read = _read(sides, one, known, share)
        if read is None:
            yield one.sides.reference.name, Related("unknown", None, _UNREAD)
            continue
        related = by_rows(read, None if known is None else known.reference.norm)
        yield (
            one.sides.reference.name,
            related if digests is None else digests._replace(relative_l2=related.relative_l2),
        )


def _read(
    sides: Pair[Session], one: PairedParameter, known: Pair[Sketch] | None, most: int
) -> RowsRead | None:
    """The rows that differ, or as many of them as may cross, evenly spaced; None where a side does not know its numbers."""
    shape = one.sides.reference.shape
    rows = shape[0] if shape else 1
    differing = None if known is None else differing_rows(known)
    there = range(rows) if differing is None else differing
    count = min(len(there), max(1, most // max(1, math.prod(shape) // max(rows, 1))))
    at = [there[place * len(there) // count] for place in range(count)] if count else []
    replies = [
        side.runner.parameters.rows(parameter.name, at)
        for side, parameter in zip(sides, one.sides, strict=True)
    ]
    ours, theirs = (reply.wait() for reply in replies)
    if ours is None or theirs is None:
        return None
    return RowsRead(Pair(ours, theirs), at, rows, None if differing is None else len(differing))


def _smallest(parameters: Iterable[Parameter]) -> list[str]:
    """The names of those that are sketched: all, or the smallest of them."""
    names: list[str] = []
    numbers = 0
    for one in sorted(
        {one.name: one for one in parameters}.values(),
        key=lambda parameter: (math.prod(parameter.shape), parameter.name),
    ):
        numbers += math.prod(one.shape)
        if numbers > _SKETCHED:
            break
        names.append(one.name)
    return names


def _known(one: PairedParameter, sketches: Pair[dict[str, Sketch]]) -> Pair[Sketch] | None:
    found = [held.get(side.name) for side, held in zip(one.sides, sketches, strict=True)]
    return Pair(*(sketch for sketch in found if sketch is not None)) if all(found) else None


def _record(described: Pair[Description], found: _Examined, *, mapped: bool) -> Parameters:
    pairing, drawn = found.pairing, _drawn(described)
    differing: list[ParameterPair] = []
    for one in pairing.pairs:
        related = _related(one, drawn, found.related)
        if related is not None:
            reference, candidate = (side.name for side in one.sides)
            differing.append(
                ParameterPair(
                    reference=reference,
                    candidate=candidate,
                    relation=related.relation,
                    relative_l2=related.relative_l2,
                    by=one.by,
                    detail=related.detail,
                )
            )
    differing += _parts(found, drawn)
    compared = len(pairing.pairs) + len(pairing.fused)
    changed = sum(one.relation == "changed" for one in differing)
    if compared >= _FEW and changed >= _MOST * compared:
        differing = [_retrained(one) for one in differing]
    only = [[one.name for one in side if not one.tied] for side in pairing.only]
    left = f"the map leaves out {some(sorted({*only[0], *only[1]}))}" if mapped and any(only) else ""
    return Parameters(
        compared=compared,
        equal=compared - len(differing),
        differing=differing,
        only_reference=only[0],
        only_candidate=only[1],
        tied=list(_tied(pairing)),
        paired_by=dict(
            Counter([*(one.by for one in pairing.pairs), *(part.by for part in pairing.fused)]).most_common()
        ),
        reason="; ".join(filter(None, (found.reason, left, *uncovered(pairing.fused)))),
    )


def _parts(found: _Examined, drawn: set[str]) -> Iterator[ParameterPair]:
    """Those that are a part of another; each is named, since it stands in one of its own on one side alone."""
    related = found.parts or [Related("unknown")] * len(found.pairing.fused)
    for part, one in zip(found.pairing.fused, related, strict=True):
        shown = _DRAWN if {side.name for side in part.sides} & drawn else one
        yield ParameterPair(
            reference=part.sides.reference.name,
            candidate=part.sides.candidate.name,
            relation=shown.relation,
            relative_l2=shown.relative_l2,
            by=part.by,
            detail=shown.detail,
        )


def _related(one: PairedParameter, drawn: set[str], related: Mapping[str, Related]) -> Related | None:
    """How a pair is related; None where the two are equal and stand where they belong."""
    if _names(one) & drawn:
        return _DRAWN
    if not one.equal:
        return related.get(one.sides.reference.name, Related("unknown"))
    if one.moved:
        return Related(f"permuted:{one.moved}", 0.0, "the same numbers under the name of another one")
    return None


def _retrained(one: ParameterPair) -> ParameterPair:
    if one.relation != "changed":
        return one
    return ParameterPair(
        reference=one.reference,
        candidate=one.candidate,
        relation="retrained",
        relative_l2=one.relative_l2,
        by=one.by,
        detail=one.detail,
    )


def _tied(pairing: Pairing) -> Iterator[str]:
    """Parameters that are one tensor with another on one side alone."""
    for one in pairing.pairs:
        here, there = one.sides
        if bool(here.tied) != bool(there.tied):
            side, tied, other = ("reference", here, there) if here.tied else ("candidate", there, here)
            yield f"{tied.name} is {tied.tied} in the {side}, and {other.name} a tensor of its own on the other side"


def _drawn(described: Pair[Description]) -> set[str]:
    return {name for side in described for name in side.newly_initialised}


def _names(one: PairedParameter) -> set[str]:
    return {side.name for side in one.sides}


def _heads(described: Description) -> int | None:
    """How many attention heads a model has, as its config says."""
    for name in _HEADS:
        for key, value in described.config.items():
            if key.rsplit(".", 1)[-1] == name and isinstance(value, int):
                return value
    return None
