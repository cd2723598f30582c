"""How a parameter and the part of another that it is are related: equal by digests, or by what the lines that differ hold."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from parity.align.fused_parameters import Axis, FusedPart, differing_lines, spans
from parity.align.parameter_relations import Related, RowsRead, by_rows
from parity.border.description import Parameter
from parity.border.parameters_asked import Sketch
from parity.records.pair import Pair
from parity.session.session import Session

__all__ = ["relation_of_part"]

_READ = 1 << 23  # numbers of a side that cross the border at most


def relation_of_part(sides: Pair[Session], part: FusedPart, sketches: Pair[dict[str, Sketch]]) -> Related:
    """How the two are related, and where the one lies in the other."""
    whole = part.sides[part.whole]
    where = f"it is {part.axes[0]} {spans(part.places)} of {whole.name}"
    differing = differing_lines(part, sketches)
    if differing is None:
        return Related("unknown", None, f"{where}; its numbers are not known on one side")
    if not differing:
        if not part.in_order:
            return Related("fused:permuted", None, f"{where}, in another order")
        return Related(f"fused:{part.axes[0]}", 0.0, where)
    length = math.prod(part.part.shape) // len(part.places)
    count = min(len(differing), max(1, _READ // max(1, length)))
    at = [differing[place * len(differing) // count] for place in range(count)]
    there = [part.places[line] for line in at]
    if part.whole:
        ours = _read(sides.reference, part.sides.reference, part.axes[1], at)
        theirs = _read(sides.candidate, part.sides.candidate, part.axes[0], there)
    else:
        ours = _read(sides.reference, part.sides.reference, part.axes[0], there)
        theirs = _read(sides.candidate, part.sides.candidate, part.axes[1], at)
    if ours is None or theirs is None:
        return Related("changed", None, f"{where}; {len(differing):,} of {len(part.places):,} lines differ")
    known = sketches[1 - part.whole].get(part.part.name)
    found = by_rows(
        RowsRead(Pair(ours, theirs), at, len(part.places), len(differing)),
        None if known is None or not known.norm else known.norm,
    )
    return found._replace(detail=f"{where}; {found.detail}")


def _read(session: Session, one: Parameter, axis: Axis, at: Sequence[int]) -> NDArray[np.float64] | None:
    """[lines, n] these lines of a parameter; None where its numbers are not known, or too many would cross."""
    ask = session.runner.parameters
    if axis == "rows":
        return ask.rows(one.name, at).wait()
    if math.prod(one.shape) > _READ:
        return None
    whole = ask.rows(one.name, range(one.shape[0])).wait()
    return None if whole is None else np.ascontiguousarray(whole[:, list(at)].T)
