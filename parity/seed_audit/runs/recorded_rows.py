"""The rows that a recorded run brings along, compared with the inputs: other data, or the same rows in another order.

A file of logits fits any inputs of its length. Only its own labels and texts show to which inputs the logits belong, so they
are checked before a run is averaged with others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple

from parity.align.labels import label_places
from parity.inputs.example import Example

__all__ = ["RowFault", "row_fault"]


class RowFault(NamedTuple):
    """A fault in the rows of a run, and the sentence that shows where."""

    kind: Literal["other_data", "row_order"]
    sentence: str


def row_fault(
    own: Sequence[Example],
    inputs: Sequence[Example],
    *,
    by_id: bool,
    limited: bool = False,
    classes: Sequence[str] | None = None,
) -> RowFault | None:
    """Compare a run's own rows with the inputs; None where nothing contradicts them.

    by_id: rows are found by their id, where both sides have ids; else by their place. limited: the inputs are the first so
    many, and the run may hold more. classes: the names of the run's classes, since a label may be written as its number.
    What a side does not have (labels, texts) is not compared.
    """
    # The choices of one input have one id, and stand in order.
    if by_id and all(example.id is not None and example.choice is None for example in inputs):
        known = {example.id: example for example in own}
        missing = next((example for example in inputs if example.id not in known), None)
        if missing is not None:
            return RowFault("other_data", f"it has no row with the id {missing.id!r}")
        return _differing([known[example.id] for example in inputs], inputs, classes)
    if len(own) < len(inputs) or (len(own) > len(inputs) and not limited):
        return RowFault(
            "other_data", f"it holds {len(own):,} rows without ids, and there are {len(inputs):,} inputs"
        )
    found = _differing(own[: len(inputs)], inputs, classes)
    if found is not None and len(own) == len(inputs):
        parts = _parts(own, inputs)
        bags = [Counter(_cells(row, parts, classes) for row in side) for side in (own, inputs)]
        if bags[0] == bags[1]:
            return RowFault("row_order", found.sentence)
    return found


def _differing(
    own: Sequence[Example], inputs: Sequence[Example], classes: Sequence[str] | None
) -> RowFault | None:
    parts = _parts(own, inputs)
    for row, (here, there) in enumerate(zip(own, inputs, strict=True)):
        cells = zip_longest(parts, _cells(here, parts, classes), _cells(there, parts, classes))
        for part, mine, other in cells:
            if mine != other and not (part == "label" and _cannot_be_told(mine, other)):
                where = f"id {there.id!r}" if there.id is not None else f"number {row}"
                return RowFault(
                    "other_data",
                    f"the {part} of the row with the {where} is {_short(mine)} there and {_short(other)} in the inputs",
                )
    return None


def _parts(own: Sequence[Example], inputs: Sequence[Example]) -> tuple[str, ...]:
    """The labels and texts that both sides have for their rows."""
    known = {
        "text": all(any(row.text.strip() for row in side) for side in (own, inputs)),
        "pair": all(any(row.pair is not None for row in side) for side in (own, inputs)),
        "label": all(any(row.label is not None for row in side) for side in (own, inputs)),
    }
    return tuple(part for part, there in known.items() if there)


def _cells(row: Example, parts: Sequence[str], classes: Sequence[str] | None) -> tuple[str | None, ...]:
    return tuple(
        _named(row.label, classes) if part == "label" else row.text if part == "text" else row.pair
        for part in parts
    )


def _named(label: str | None, classes: Sequence[str] | None) -> str | None:
    """A label by its class's name, where it is written as its number."""
    if label is None or classes is None:
        return label
    place = label_places(classes, len(classes)).get(label)
    return label if place is None else classes[place]


def _cannot_be_told(mine: str | None, other: str | None) -> bool:
    """Whether two labels may be one: a side has none, or one is a class's number and the other a name."""
    return mine is None or other is None or mine.isdecimal() != other.isdecimal()


def _short(cell: str | None) -> str:
    return "absent" if cell is None else repr(cell if len(cell) <= 40 else f"{cell[:38]} …")
