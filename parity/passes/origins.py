"""From what was measured without inheritance: the record of each stage, and the modules with an error of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from parity.align.calls import Calls, PairedPart, tensors_of
from parity.passes.isolation import Isolation
from parity.records.layers import LayerRecord, ModulePair, OriginRecord
from parity.records.pair import Pair

__all__ = ["layers_of", "origins_of"]


class _Seen(NamedTuple):
    """One module with an error of its own, at one of its stages: where it stands in forward order, and how large the error is."""

    order: float
    module: Pair[str]
    stages: tuple[str, ...]
    own: float | None
    total: float | None
    floor: float
    rows: Sequence[int]


def layers_of(found: Isolation) -> list[LayerRecord]:
    """Every stage in forward order, with its own error beside the total."""
    records: list[LayerRecord] = []
    before = ""
    for stage in found.plan.stages:
        place = found.stages.get(stage)
        if place is None or place.total.relative is None:
            continue
        reason = _not_given(found, stage, before)
        own = None if reason else place.own.relative
        records.append(
            LayerRecord(
                stage=stage,
                isolated_relative_l2=own,
                total_relative_l2=place.total.relative,
                noise_floor=place.floor(found.least),
                allowed=found.allowed(place),
                precision=found.precision,
                own=own is not None and place.own.beyond(found.allowed(place)),
                reason=reason or _kept(found, stage),
            )
        )
        before = stage
    return records


def origins_of(found: Isolation) -> list[OriginRecord]:
    """The modules with an error of their own, in forward order, one entry a module."""
    joined: dict[Pair[str], _Seen] = {}
    for one in sorted(_seen(found), key=lambda seen: seen.order):
        known = joined.get(one.module)
        if known is None:
            joined[one.module] = one
            continue
        larger = max(known, one, key=lambda seen: seen.own or 0.0)
        joined[one.module] = larger._replace(
            order=known.order,
            stages=tuple(dict.fromkeys((*known.stages, *one.stages))),
            rows=sorted({*known.rows, *one.rows}),
        )
    return [
        OriginRecord(
            module=ModulePair(reference=one.module.reference, candidate=one.module.candidate),
            stages=list(one.stages),
            isolated_relative_l2=one.own,
            total_relative_l2=one.total,
            noise_floor=one.floor,
            times_floor=None if one.own is None else one.own / one.floor,
            rows=list(one.rows),
        )
        for one in joined.values()
    ]


def _not_given(found: Isolation, stage: str, before: str) -> str:
    """Why a stage does not begin with the reference's values; empty where it does."""
    assert found.calls is not None, "something was run"
    calls = found.calls.candidate
    place = found.stages[stage]
    if place.own.relative is None:
        return "it was not written on the reference's input"
    ends = set(calls.ends) & set(found.calls.reference.ends)
    if stage in calls.layers and stage in found.calls.reference.layers:
        answer = found.layers.get(stage)
        return "" if answer is not None and answer["given"] else "its hidden states have another form"
    if not before or before in ends or stage not in calls.ends:
        return (
            ""
            if stage not in _chained(found)
            else f"it follows {before}, which no module of the model returns"
        )
    first = next((name for name in found.plan.stages if name in ends), "")
    return "" if stage == first else "the stage before it is not the output of a module"


def _chained(found: Isolation) -> set[str]:
    """The stages computed after the model, one from the other: only the first of them begins with the reference's values."""
    return set(found.after_model[1:])


def _kept(found: Isolation, stage: str) -> str:
    """What a layer was not given, in words; empty where it was given all."""
    answer = found.layers.get(stage)
    if answer is None:
        return ""
    kept, untaken = list(answer["kept"]), [name for name in answer["untaken"] if name not in answer["kept"]]
    parts = [f"its own {', '.join(kept)}: the reference's has another form"] if kept else []
    parts += [f"the reference's also takes {', '.join(untaken)}"] if untaken else []
    return "; ".join(parts)


def _seen(found: Isolation) -> Iterator[_Seen]:
    assert found.calls is not None, "something was run"
    order = {stage: place for place, stage in enumerate(found.plan.stages)}
    before = ""
    explained: set[str] = set()
    for number, pair in enumerate(found.pairs):
        seen = _of_part(found, pair, order, number)
        if seen is not None:
            explained.update(seen.stages)
            yield seen
    for stage in found.plan.stages:
        place = found.stages.get(stage)
        if place is None or place.total.relative is None:
            continue
        unknown = _not_given(found, stage, before)
        before = stage
        allowed = found.allowed(place)
        if not unknown and place.own.beyond(allowed):
            for module in _modules(found, stage, explained):
                yield _Seen(
                    order[stage],
                    module,
                    (stage,),
                    place.own.relative,
                    place.total.relative,
                    place.floor(found.least),
                    place.own.rows(allowed),
                )
    yield from _of_arguments(found, order)
    yield from _of_base(found, order)


def _of_base(found: Isolation, order: dict[str, int]) -> Iterator[_Seen]:
    """The model without its head, where what it computes after the last stage that is seen in it differs."""
    assert found.calls is not None
    ends = [order[stage] for stage in found.calls.candidate.ends if stage in order]
    after = [stage for stage in found.plan.stages[max(ends, default=-1) + 1 :] if stage in found.stages]
    if not after:
        return
    place = found.stages[after[0]]
    if found.base > found.allowed(place):
        roots = Pair(found.calls.reference.root, found.calls.candidate.root)
        rows = place.total.rows(found.allowed(place))
        floor = place.floor(found.least)
        yield _Seen(order[after[0]] - 0.5, roots, (after[0],), found.base, place.total.relative, floor, rows)


def _modules(found: Isolation, stage: str, explained: set[str]) -> Iterator[Pair[str]]:
    """The module of a stage with an error of its own, where no part of the stage explains it."""
    assert found.calls is not None
    reference, candidate = found.calls
    if stage in reference.layers and stage in candidate.layers:
        yield Pair(reference.layers[stage]["path"], candidate.layers[stage]["path"])
    elif stage in explained:
        return
    elif stage in reference.ends and stage in candidate.ends:
        yield Pair(*(side.around(stage) for side in (reference, candidate)))
    else:
        yield Pair(_alone(found, reference, stage), _alone(found, candidate, stage))


def _alone(found: Isolation, calls: Calls, stage: str) -> str:
    """The only part of a stage whose weights were not compared; where there is none or several, the module around the parts."""
    measured = {
        (part.path, part.call) for pair in found.pairs if pair.key in found.parts for part in pair.sides
    }
    open_ones = [
        part.path
        for part in calls.parts
        if part.stage == stage and part.weights and (part.path, part.call) not in measured
    ]
    return open_ones[0] if len(open_ones) == 1 else calls.parent(stage)


def _of_part(found: Isolation, pair: PairedPart, order: dict[str, int], number: int) -> _Seen | None:
    place = found.parts.get(pair.key)
    if place is None or not place.own.beyond(found.allowed(place)):
        return None
    reference, candidate = pair.sides
    taking = _taken_by(found, tensors_of(reference.gives))
    shows = found.stages.get(reference.stage)
    if not taking and (shows is None or not shows.own.beyond(found.allowed(shows))):
        return None  # nothing that is compared is made of it
    stages = taking or ((reference.stage,) if reference.stage else ())
    total = found.stages[stages[0]].total.relative if stages and stages[0] in found.stages else None
    at = order.get(reference.stage, len(order)) - 0.5 + number / (2.0 * len(found.pairs) + 2.0)
    return _Seen(
        at,
        Pair(reference.path, candidate.path),
        stages,
        place.own.relative,
        total,
        place.floor(found.least),
        place.own.rows(found.allowed(place)) or _rows(found, stages),
    )


def _rows(found: Isolation, stages: Sequence[str]) -> list[int]:
    """The rows in which one of these stages differs."""
    places = [found.stages[stage] for stage in stages if stage in found.stages]
    return sorted({row for place in places for row in place.total.rows(found.allowed(place))})


def _taken_by(found: Isolation, tensors: Sequence[str]) -> tuple[str, ...]:
    """The layers that take one of these tensors beside their hidden states, or what is made of it by moving its values."""
    assert found.calls is not None
    wanted = {*tensors, *(made for name in tensors for made in found.rearranged.get(name, ()))}
    return tuple(
        stage
        for stage, layer in found.calls.reference.layers.items()
        if any(
            wanted.intersection(tensors_of(described))
            for name, described in layer["takes"].items()
            if name != "hidden"
        )
    )


def _of_arguments(found: Isolation, order: dict[str, int]) -> Iterator[_Seen]:
    """What the layers take beside hidden states and that differs, where no part returned it: a parameter, or the model's own work."""
    assert found.calls is not None
    returned = {
        tensor
        for pair in found.pairs
        if pair.key in found.parts
        for name in tensors_of(pair.sides.reference.gives)
        for tensor in (name, *found.rearranged.get(name, ()))
    }
    for owner, apart in found.owners.items():
        path = owner.rpartition(".")[0]
        if apart > found.least:
            root = found.calls.candidate.root
            inside = path[len(root) :] if root and path.startswith(root + ".") else ""
            there = found.calls.reference.root + inside if inside else path
            stages = tuple(stage for (stage, _), one in found.apart.items() if one > 0) or ("embeddings",)
            yield _Seen(-1.0, Pair(there, path), stages, apart, None, found.least, ())
    for (stage, name), apart in found.apart.items():
        place, layer = found.stages.get(stage), found.calls.reference.layers.get(stage)
        if place is None or layer is None or apart <= found.allowed(place):
            continue
        owned = name in found.layers[stage]["owners"]
        taken = set(tensors_of(layer["takes"].get(name)))
        earlier = {
            tensor
            for one, other in found.calls.reference.layers.items()
            if order.get(one, 0) < order.get(stage, 0)
            for tensor in tensors_of(other["gives"])
        }
        if owned or taken & returned or taken & earlier:
            continue
        roots = Pair(found.calls.reference.root, found.calls.candidate.root)
        yield _Seen(-0.5, roots, (stage,), apart, place.total.relative, place.floor(found.least), ())
