"""The modules inside the layers that have an error of their own: which of them has it, down to the smallest.

It runs on rows that show the error. Every module inside is given what the reference's module was given, and returns what that one returned, so that
each is seen alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import zip_longest

from msgspec.structs import replace

from parity.align.plan import Plan
from parity.errors import RunnerRaised
from parity.passes.after import AfterContext, AfterSettings
from parity.passes.forwards import FLOAT64, NotFed, RowsAtHand, batches_at_hand, rows_at_hand, rows_showing
from parity.passes.module_errors import ModuleError, ModuleErrors
from parity.records.after import AfterResult, KeptBatch
from parity.records.exhibit import Cell, Exhibit, ExhibitColumn
from parity.records.layers import ModulePair, OriginRecord
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.session.session import Session

__all__ = ["INSIDE"]

_ROWS = 8
_TOKENS = 1024  # of all rows together
_AT_ONCE = 256  # tokens of one forward: all that the modules take and give is held
_SHOWN = 64  # modules of the table


@dataclass(frozen=True)
class _Inside:
    name: str = "inside"
    title: str = "inside the layers"
    sentence: str = "every module of the layers with an error of their own on the reference's input"
    note: str = "on rows that show the error, where a layer has one of its own"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "shared"
    stage: str = "inside"

    def possible(self, sides: Pair[Session], plan: Plan, settings: AfterSettings) -> str:
        """Whether it is needed is known when it is run."""
        return "only layers were requested (depth: layer)" if settings.depth == "layer" else ""

    def run(self, context: AfterContext) -> AfterResult:
        """The smallest modules with an error of their own, in place of the layers that they lie in."""
        origins = list(context.so_far.origins)
        if not origins:
            return AfterResult(reason="no layer has an error of its own")
        reasons = {one.module: _not_entered(context, one.module.candidate) for one in origins}
        roots = [
            Pair(one.module.reference, one.module.candidate) for one in origins if not reasons[one.module]
        ]
        exact = any(one.precision == FLOAT64 for one in context.so_far.layers)
        found, ran, reason = _errors(context, roots, origins, exact=exact)
        refined: list[OriginRecord] = []
        for one in origins:
            root = Pair(one.module.reference, one.module.candidate)
            why = reasons[one.module] or reason or found.inside.reasons.get(root, "")
            inner = [] if why else list(_inside(context, one, found))
            if not why and not inner and root not in found.whole:
                why = "no module in it shows it alone"
            refined += inner or [replace(one, reason=why)]
        shown = _shown(self.name, found, ran) if found.found() else ()
        return AfterResult(
            rows=len(ran) if shown else 0, reason=reason, origins=_joined(refined), exhibits=shown
        )


def _not_entered(context: AfterContext, path: str) -> str:
    """Why a module is not gone into; empty where it can be tried."""
    others = [
        seen.module
        for seen in context.sides.candidate.described.stages
        if seen.module is not None and seen.name in context.plan.stages
    ]
    if not path or (path not in others and any(other.startswith(path + ".") for other in others)):
        return "it is what the model computes between its layers and the modules beside them"
    return ""


def _rows(context: AfterContext, origins: Sequence[OriginRecord]) -> list[int]:
    """The rows that show these errors best, of each origin in turn."""
    stages = {one.stage: one for one in context.stages}
    ranked: list[list[int]] = []
    for origin in origins:
        best = [row for stage in origin.stages if stage in stages for row in rows_showing(stages[stage])]
        ranked.append([*(row for row in best if row in origin.rows), *(origin.rows or best)])
    turns = (row for turn in zip_longest(*ranked) for row in turn if row is not None)
    return list(dict.fromkeys(turns))[:_ROWS] or list(context.rows)[:_ROWS]


def _batches(
    context: AfterContext, origins: Sequence[OriginRecord], *, exact: bool
) -> tuple[AbstractContextManager[RowsAtHand], list[KeptBatch]]:
    """The rows to run, and what the runners keep of them: the rows of the pass before where they show every error, else those that show it best."""
    precision = FLOAT64 if exact else None
    kept = [one for one in context.so_far.kept if one.precision == precision]
    rows = {row for one in kept for row in one.rows}
    if kept and all(rows.intersection(one.rows) for one in origins if one.rows):
        return batches_at_hand(context, [one.rows for one in kept]), kept
    return rows_at_hand(context, _rows(context, origins), tokens=_TOKENS, at_once=_AT_ONCE), []


def _errors(
    context: AfterContext, roots: Sequence[Pair[str]], origins: Sequence[OriginRecord], *, exact: bool
) -> tuple[ModuleErrors, list[int], str]:
    """What the modules inside differ by, the rows that were run, and why they were not."""
    found = ModuleErrors(context, roots, exact=exact)
    if not roots:
        return found, [], ""
    try:
        batches, kept = _batches(context, origins, exact=exact)
        with batches as taken:
            for number, batch in enumerate(taken.batches):
                found.add(taken.numbers, batch, kept[number].name if kept else "")
            return found, taken.rows, ""
    except RunnerRaised as error:
        reason = f"the modules in it could not be run alone: {error.sentence.rstrip('.')}"
    except NotFed as error:
        reason = str(error)
    return ModuleErrors(context, (), exact=exact), [], reason


def _inside(context: AfterContext, origin: OriginRecord, found: ModuleErrors) -> Iterator[OriginRecord]:
    """The modules in an origin that have an error of their own, at each of their calls."""
    module = origin.module
    for one in found.found():
        reference, candidate = one.call.sides
        if one.beyond and (reference.root, candidate.root) == (module.reference, module.candidate):
            yield _record(one, _stages(context, origin, candidate.root_call), found.inside.without(one.call))


def _joined(seen: Sequence[OriginRecord]) -> list[OriginRecord]:
    """One entry a module, that of its largest error, with all stages and rows."""
    joined: dict[ModulePair, OriginRecord] = {}
    for one in seen:
        known = joined.get(one.module, one)
        larger = max(known, one, key=lambda record: record.isolated_relative_l2 or 0.0)
        stages = list(dict.fromkeys((*known.stages, *one.stages)))
        joined[one.module] = replace(larger, stages=stages, rows=sorted({*known.rows, *one.rows}))
    return list(joined.values())


def _record(one: ModuleError, stages: list[str], without: str) -> OriginRecord:
    kept = f"its own {', '.join(one.kept)}: the reference's has another form" if one.kept else ""
    return OriginRecord(
        module=ModulePair(reference=one.call.sides.reference.path, candidate=one.call.sides.candidate.path),
        stages=stages,
        isolated_relative_l2=one.own,
        total_relative_l2=one.total,
        noise_floor=one.floor,
        times_floor=None if one.own is None else one.own / one.floor,
        rows=list(one.rows),
        paired_by=one.call.by,
        reason="; ".join(filter(None, (without, kept))),
    )


def _stages(context: AfterContext, origin: OriginRecord, call: int) -> list[str]:
    """The stage that this call of an origin is; all of the origin's where that is not known."""
    described = context.sides.candidate.described.stages
    calls = [
        seen.name
        for seen in described
        if seen.module == origin.module.candidate and seen.name in context.plan.stages
    ]
    return [calls[call]] if call < len(calls) and calls[call] in origin.stages else list(origin.stages)


def _shown(of: str, found: ModuleErrors, rows: Sequence[int]) -> tuple[Exhibit, ...]:
    """The table of all modules, each at the call that shows most."""
    worst: dict[str, ModuleError] = {}
    for one in found.found():
        path = one.call.sides.candidate.path
        known = worst.get(path)
        if known is None or (one.beyond, one.own or 0.0) > (known.beyond, known.own or 0.0):
            worst[path] = one
    table: list[list[Cell]] = [
        [
            path,
            one.own,
            one.total,
            one.floor,
            "own" if one.beyond else "none" if one.own is not None else "not known",
            one.call.by,
        ]
        for path, one in worst.items()
    ]
    return (
        Exhibit(
            title="Each module's own error",
            kind="table",
            columns=[
                ExhibitColumn(name="module", kind="data"),
                ExhibitColumn(name="isolated", kind="number"),
                ExhibitColumn(name="total", kind="number"),
                ExhibitColumn(name="floor", kind="number"),
                ExhibitColumn(name="error"),
                ExhibitColumn(name="paired by"),
            ],
            rows=table[:_SHOWN],
            of=of,
            note="The modules in the layers with an error of their own, each given what the reference's was given, with the modules in it returning what "
            f"the reference's returned. Relative L2 in {found.forwards.named}, on {len(rows)} rows that show the error.",
            left_out=max(0, len(table) - _SHOWN),
        ),
    )


INSIDE = _Inside()
