"""Parameters whose rows are the other side's in another order: proved by digests of the rows, requested for those alone that differ."""

from __future__ import annotations

from parity.align.changed_parameters import changed_parameters
from parity.errors import ParityError
from parity.records.pair import Pair
from parity.session.session import Session

__all__ = ["permuted_rows"]

_MOST = 64  # parameters: where more differ, another training is far more likely, and every row of all of them would be read


def permuted_rows(sides: Pair[Session]) -> list[str]:
    """The parameters that hold the same rows in another order, to the last bit; none where a side cannot tell.

    Parameters with a row for each class are not examined: the order of classes is compared by their names and columns.
    """
    described = Pair(sides.reference.described, sides.candidate.described)
    if not all(side.can.row_digests for side in described):
        return []
    ours, theirs = ({item.name: item for item in side.parameters} for side in described)
    classes = len(described.reference.labels or ())
    names = [
        name
        for name in changed_parameters(described)
        if (shape := ours[name].shape) == theirs[name].shape and shape and shape[0] not in (1, classes)
    ]
    if not names or len(names) > _MOST:
        return []
    try:
        here, there = (side.runner.row_digests(names) for side in sides)
    except ParityError:
        return []  # the parameters are reported as different all the same
    return [name for name in names if name in here and here[name] == there.get(name)]
