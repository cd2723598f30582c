"""Each layer on the reference's input: which layers have an error of their own, and which only inherit one.

It runs where the two differ on the same inputs, on rows that show it and on sampled ones: a forward in which every layer of the candidate
takes what the reference's layer took, and what stands between them is given the reference's values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parity.align.plan import Plan
from parity.errors import RunnerRaised
from parity.passes.after import AfterContext, AfterSettings
from parity.passes.forwards import RowsAtHand, rows_at_hand, rows_showing
from parity.passes.isolation import Isolation
from parity.passes.origins import layers_of, origins_of
from parity.records.after import AfterResult, KeptBatch
from parity.records.exhibit import Cell, Exhibit, ExhibitColumn
from parity.records.layers import LayerRecord, OriginRecord
from parity.records.pair import Pair
from parity.records.passes import FeedKind, Phase
from parity.records.stage import StageRecord
from parity.session.session import Session

__all__ = ["ISOLATED"]

_ROWS = 32
_SHOWING = 8
_TOKENS = 2048  # of all rows together
_SHOWN = 64  # stages of the table
_AT_ONCE = 512  # tokens of one forward: all that its layers take is held


@dataclass(frozen=True)
class _Isolated:
    name: str = "isolated"
    title: str = "on the reference's input"
    sentence: str = "every layer of the candidate on the reference's input"
    note: str = "on rows that show a difference and on sampled ones, where the two differ on the same inputs"
    condition: str = ""
    phase: Phase = "after"
    feed: FeedKind = "shared"
    stage: str = "isolated"

    def possible(self, sides: Pair[Session], plan: Plan, settings: AfterSettings) -> str:
        """Whether it is needed is known when it is run."""
        return "" if plan.stages else "no stage was compared"

    def run(self, context: AfterContext) -> AfterResult:
        """Every stage's own error and the modules that have one; nothing where no stage differs on the same inputs."""
        divergent = _divergent(context)
        if not divergent:
            return AfterResult(reason="no stage differs on the same inputs")
        reason = _impossible(context)
        if reason:
            return AfterResult(reason=reason, layers=_without(context, reason))
        best = list(dict.fromkeys(row for record in divergent for row in rows_showing(record)))[:_SHOWING]
        rows = list(dict.fromkeys((*best, *context.rows)))[:_ROWS]
        found, taken, kept = _isolation(context, rows, len(best))
        ran = taken.rows
        layers = layers_of(found)
        origins = origins_of(found)
        return AfterResult(
            rows=len(ran),
            layers=layers,
            origins=origins,
            exhibits=_shown(self.name, found, layers, origins, ran),
            kept=kept,
        )


def _divergent(context: AfterContext) -> list[StageRecord]:
    """The stages that differ where both were fed the same, in forward order."""
    return [one for one in context.stages if one.status == "divergent"]


def _impossible(context: AfterContext) -> str:
    """Why no layer can be given another's input; empty where it can be tried."""
    for name, side in zip(Pair._fields, context.sides, strict=True):
        if side.described.recorded is not None:
            return f"the {name} replays what was recorded"
        if not side.described.can.isolates:
            return f"the layers of the {name} cannot be given other inputs ({side.described.framework})"
    return ""


def _without(context: AfterContext, reason: str) -> list[LayerRecord]:
    """Every stage with its total alone."""
    return [
        LayerRecord(
            stage=one.stage,
            isolated_relative_l2=None,
            total_relative_l2=one.relative_l2,
            noise_floor=one.noise_floor,
            reason=reason,
        )
        for one in context.stages
        if one.stage in context.plan.stages
    ]


def _isolation(
    context: AfterContext, rows: Sequence[int], lead: int
) -> tuple[Isolation, RowsAtHand, list[KeptBatch]]:
    """In float64 where that is exact and shows something, else in each side's own precision; the rows that were run; and what the runners keep of the
    first `lead` of them."""
    with rows_at_hand(context, rows, tokens=_TOKENS, at_once=_AT_ONCE, lead=lead) as taken:
        exact = context.floors.exact and all(side.described.can.float64 for side in context.sides)
        found = _try(context, taken, lead) if exact else None
        if found is None:
            found = Isolation(context, exact=False)
            _add(found, taken, lead)
    return found, taken, _kept(found, taken, lead)


def _try(context: AfterContext, taken: RowsAtHand, lead: int) -> Isolation | None:
    """In float64; None where a side cannot be run so, or nothing differs there."""
    found = Isolation(context, exact=True)
    try:
        _add(found, taken, lead)
    except RunnerRaised:
        return None
    places = found.stages.values()
    return found if any(place.total.beyond(found.allowed(place)) for place in places) else None


def _add(found: Isolation, taken: RowsAtHand, lead: int) -> None:
    names = [one.name for one in _kept(found, taken, lead)]
    for number, batch in enumerate(taken.batches):
        found.add(taken.numbers, batch, names[number] if number < len(names) else "")


def _kept(found: Isolation, taken: RowsAtHand, lead: int) -> list[KeptBatch]:
    """The batches of the first rows."""
    leading = set(taken.rows[:lead])
    batches = [batch for batch in taken.batches if leading.issuperset(batch)]
    return [
        KeptBatch(f"isolated {found.precision} {number}", found.requested, batch)
        for number, batch in enumerate(batches)
    ]


def _shown(
    of: str,
    found: Isolation,
    layers: Sequence[LayerRecord],
    origins: Sequence[OriginRecord],
    rows: Sequence[int],
) -> tuple[Exhibit, ...]:
    """The table of all stages, own error and total side by side."""
    modules: dict[str, list[str]] = {}
    for origin in origins:
        for stage in origin.stages:
            modules.setdefault(stage, []).append(origin.module.candidate or "(the model itself)")
    table: list[list[Cell]] = [
        [
            one.stage,
            one.isolated_relative_l2,
            one.total_relative_l2,
            one.noise_floor,
            _in_words(one, found),
            ", ".join(modules.get(one.stage, [])),
            one.reason,
        ]
        for one in layers
    ]
    return (
        Exhibit(
            title="Each layer's own error",
            kind="table",
            columns=[
                ExhibitColumn(name="stage"),
                ExhibitColumn(name="isolated", kind="number"),
                ExhibitColumn(name="total", kind="number"),
                ExhibitColumn(name="floor", kind="number"),
                ExhibitColumn(name="error"),
                ExhibitColumn(name="module", kind="data"),
                ExhibitColumn(name="remark"),
            ],
            rows=table[:_SHOWN],
            of=of,
            note=f"Isolated: relative L2 of the stage on the reference's input, which is its own error. Total: with what it inherits from the stages "
            f"before. Both in {found.precision}, on {len(rows)} rows: those that show the difference first, and sampled ones. The floor is the rounding of the "
            "stage alone.",
            left_out=max(0, len(table) - _SHOWN),
        ),
    )


def _in_words(one: LayerRecord, found: Isolation) -> str:
    if one.isolated_relative_l2 is None:
        return "not known"
    if one.own:
        return "own"
    beyond = one.total_relative_l2 is not None and one.total_relative_l2 > (one.allowed or 0.0)
    return "inherited" if beyond else "none"


ISOLATED = _Isolated()
