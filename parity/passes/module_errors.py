"""Rows run so that no module inside some modules of the candidate inherits an error: what each then differs by, and what rounding does there.

A module has an error of its own where its output differs although it was given the reference's arguments, and although every module in it
returned what the reference's returned; or where what it passes to a module in it differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from parity.align.modules import (
    Inside,
    ModuleCall,
    PairedModule,
    calls_inside,
    given_inside,
    pair_inside,
)
from parity.border.interventions import Interventions
from parity.border.runner import Batch
from parity.passes.after import AfterContext
from parity.passes.distance import Place
from parity.passes.forwards import FLOAT64, Forwards, check_fed, moved
from parity.passes.sample_feed import of_reference
from parity.records.pair import Pair

__all__ = ["ModuleError", "ModuleErrors"]

_REAL = "real"
_FIRST = "hidden"  # how a runner names the first argument


class _Where(NamedTuple):
    """A value that was measured: an output of a call (`given` False), or an argument that its caller computed."""

    key: str
    given: bool
    name: str


class ModuleError(NamedTuple):
    """One module at one of its calls: the place where its error is largest in relation to the rounding, and its total."""

    call: PairedModule
    own: float | None
    total: float | None
    floor: float
    beyond: bool
    rows: Sequence[int]
    kept: Sequence[str]


class ModuleErrors:
    """What is inside some modules, each named on both sides; `inside` says why nothing in one of them could be paired, and what has no counterpart."""

    def __init__(self, context: AfterContext, roots: Sequence[Pair[str]], *, exact: bool) -> None:
        self.forwards = Forwards(context, exact=exact)
        self._context = context
        self.inside = Inside([], {}, {})
        self.whole: list[Pair[str]] = []
        self._roots = list(roots)
        self._skipped = ""
        self._pairs: dict[str, PairedModule] = {}
        self._places: dict[_Where, Place] = {}
        self._callers: dict[str, str] = {}
        self._kept: dict[str, list[str]] = {}

    def add(self, numbers: Pair[int], rows: Sequence[int], kept: str = "") -> None:
        """Run one batch of rows of a window; raises what a forward failed with. What lies outside the modules is not run again where the runners have it
        under the name `kept`."""
        if not self._roots:
            return
        self._skipped = kept
        feed: Mapping[str, Any] = {"rows": rows, "window": numbers.reference}
        see = Interventions.see_inside([root.reference for root in self._roots])
        reference = self._forward(0, see, feed)
        seen = calls_inside(reference.calls or {})
        self._leave_out({one.root for one in seen if one.inside})
        if not self._roots:
            return
        tensors = {name: one for name, one in reference.stages.items() if name.startswith("call.")}
        real = reference.stages.get(_REAL)
        if real is not None:
            tensors[_REAL] = real
        named = _REAL if real is not None else None
        theirs = of_reference(self._context, reference, rows, numbers.candidate)
        candidates = [root.candidate for root in self._roots]
        guessed = [PairedModule(Pair(one, self._there(one))) for one in seen if self._wanted(one)]
        what = given_inside(guessed, [one.sides.candidate.key for one in guessed], named)
        total = self._forward(1, Interventions.measure_inside(candidates, what, tensors), theirs)
        check_fed(reference, total)
        inside = pair_inside(
            Pair(seen, calls_inside(total.calls or {})), self._roots, self._context.known_pairs
        )
        self.inside.reasons.update(inside.reasons)
        self.inside.lone.update(inside.lone)
        self._roots = [root for root in self._roots if root not in inside.reasons]
        if not self._roots:
            return
        pairs = inside.pairs
        keys = [one.sides.candidate.key for one in pairs]
        if any(one.sides.reference.inside != one.sides.candidate.inside for one in pairs):
            what = given_inside(pairs, keys, named)
            total = self._forward(1, Interventions.measure_inside(candidates, what, tensors), theirs)
        first = not self._pairs
        self._pairs.update(zip(keys, pairs, strict=True))
        what = given_inside(pairs, keys, named)
        give = Interventions.give_inside([root.candidate for root in self._roots], what, tensors)
        own = self._forward(1, give, theirs)
        self._measure(total, rows, "total")
        self._measure(own, rows, "own")
        for entry in (own.calls or {})["modules"]:
            key = f"{entry['path']}#{entry['call']}"
            self._callers[key] = entry["caller"]
            self._kept.setdefault(key, entry["kept"])
        if first:
            self._rounding(pairs, tensors, named, rows, Pair(feed, theirs))

    def found(self) -> list[ModuleError]:
        """Every paired call of a module, in forward order."""
        return [self._error(key, one) for key, one in self._pairs.items()]

    def _wanted(self, call: ModuleCall) -> bool:
        return any(root.reference == call.root for root in self._roots)

    def _there(self, call: ModuleCall) -> ModuleCall:
        """The call with the path that it has where the candidate is built like the reference."""
        root = next(root for root in self._roots if root.reference == call.root)
        path = f"{root.candidate}.{call.inside}" if call.inside else root.candidate
        return call._replace(path=path, root=root.candidate)

    def _leave_out(self, entered: set[str]) -> None:
        """Leave out the modules without a module in them: there is nothing smaller."""
        self.whole += [root for root in self._roots if root.reference not in entered]
        self._roots = [root for root in self._roots if root.reference in entered]

    def _forward(
        self, number: int, asked: Interventions, feed: Mapping[str, Any], precision: str | None = None
    ) -> Batch:
        precision = precision or self.forwards.precision
        skipping = asked.skipping(self._skipped)
        batch = self.forwards.run(number, skipping, precision, stages=(), feed=feed)
        if not (batch.calls or {})["unlike"]:
            return batch
        # What it was given was not what it is given in a whole forward.
        self._skipped = ""
        return self.forwards.run(number, asked, precision, stages=(), feed=feed)

    def _rounding(
        self,
        pairs: Sequence[PairedModule],
        tensors: Mapping[str, Any],
        real: str | None,
        rows: Sequence[int],
        feeds: Pair[Mapping[str, Any]],
    ) -> None:
        """What rounding does to every module: in float64 that of its input alone, else what float64 gives on the same input."""
        fine = self.forwards.finer(0)
        changed = tensors if fine else {name: moved(one) for name, one in tensors.items()}
        names = {one.sides.reference.key: one.sides.candidate.key for one in pairs}
        for number, asked in enumerate(Pair(*(list(names), list(names.values())))):
            if number and not (fine and self.forwards.finer(1)):
                continue
            roots = [root[number] for root in self._roots]
            what = given_inside(pairs, asked, real)
            give = Interventions.give_inside(roots, what, changed)
            again = self._forward(number, give, feeds[number], FLOAT64 if fine else None)
            self._measure(again, rows, Pair._fields[number], {} if number else names)

    def _measure(
        self, batch: Batch, rows: Sequence[int], what: str, names: Mapping[str, str] | None = None
    ) -> None:
        """Take in a forward as the modules' `own` errors, their `total`, or the rounding of a side by its name; `names` are the candidate's keys."""
        for entry in (batch.calls or {})["modules"]:
            key = f"{entry['path']}#{entry['call']}"
            key = (names or {}).get(key, key)
            for given, values in ((True, entry["apart"]), (False, entry["output"])):
                for name, squares in values.items():
                    place = self._places.setdefault(_Where(key, given, name), Place())
                    into = getattr(place, what) if what in ("own", "total") else getattr(place.noise, what)
                    into.add_squares(
                        (rows[int(row)] if row >= 0 else -1, (apart, size)) for row, apart, size in squares
                    )

    def _error(self, key: str, call: PairedModule) -> ModuleError:
        """Its outputs, and the arguments that it computed for the modules in it."""
        computed = {callee for callee, caller in self._callers.items() if caller == key}
        # Where it could not be given what the reference's took first, its output tells nothing.
        unlike = _FIRST in self._kept.get(key, [])
        places = [
            place
            for where, place in self._places.items()
            if place.own.relative is not None
            and (where.key in computed if where.given else where.key == key and not unlike)
        ]
        output = self._places.get(_Where(key, False, "0"), Place())
        if not places:
            return ModuleError(call, None, output.total.relative, self.forwards.least, False, (), ())
        beyond = [place for place in places if place.own.beyond(self.forwards.allowed(place))]
        shown = max(beyond or places, key=lambda one: (one.own.relative or 0.0) / self.forwards.allowed(one))
        rows = {row for place in beyond for row in place.own.rows(self.forwards.allowed(place))}
        return ModuleError(
            call,
            shown.own.relative,
            output.total.relative,
            shown.floor(self.forwards.least),
            bool(beyond),
            sorted(rows),
            self._kept.get(key, []),
        )
