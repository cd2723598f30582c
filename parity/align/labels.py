"""Class alignment: which column of the candidate's logits is which of the reference's, by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from parity.align.spelling import offered

__all__ = ["LabelAlignment", "align_labels", "label_places"]


class LabelAlignment(NamedTuple):
    """How the classes correspond.

    `permutation` gives for each reference column the candidate's column, so `candidate[:, permutation]` stands in the
    reference's order; None where the classes cannot be compared, or nothing tells how many there are. `sentence` says
    the mapping used, or why there is none.
    """

    kind: Literal["same", "permuted", "by_index", "not_comparable"]
    permutation: tuple[int, ...] | None
    sentence: str


def align_labels(
    reference: Sequence[str] | None,
    candidate: Sequence[str] | None,
    *,
    reference_count: int | None = None,
    candidate_count: int | None = None,
) -> LabelAlignment:
    """Align classes by name; by index only where a side has no names of its own (none, or LABEL_0, LABEL_1, …).

    The counts are the logits' columns, where known: they stand in for names that are not there, and must agree with
    those that are. Names are never matched by likeness: "POS" is not "pos".

    >>> align_labels(["neg", "pos"], ["pos", "neg"]).permutation
    (1, 0)
    """
    counts = _count(reference, reference_count), _count(candidate, candidate_count)
    sides = ("reference", reference, reference_count), ("candidate", candidate, candidate_count)
    for side, names, columns in sides:
        if names is not None and columns is not None and columns != len(names):
            return _not(f"The {side} names {len(names)} classes and has {columns} columns of logits.")
    if reference is not None and candidate is not None and list(reference) == list(candidate):
        # Also where a name stands twice: the two lists say the same of every column.
        doubled = _doubled(reference)
        twice = f" {_listed(doubled)} appears more than once." if doubled else ""
        return LabelAlignment(
            "same", tuple(range(len(reference))), f"The classes have the same names in the same order.{twice}"
        )
    for side, names, _ in sides:
        if doubled := _doubled(names or ()):
            return _not(f"The {side} gives the name {_listed(doubled)} to more than one class.")
    if counts[0] is not None and counts[1] is not None and counts[0] != counts[1]:
        return _not(f"The reference has {counts[0]} classes, the candidate {counts[1]}.")
    if reference is not None and candidate is not None:
        if set(reference) == set(candidate):
            order = tuple(list(candidate).index(name) for name in reference)
            moved = [
                f"{name} {i}→{j}" for i, (name, j) in enumerate(zip(reference, order, strict=True)) if i != j
            ]
            return LabelAlignment(
                "permuted",
                order,
                f"The classes are the same in another order: {_listed(moved, quote=False)}.",
            )
        if not _generic(reference) and not _generic(candidate):
            return _not(_unlike(reference, candidate))
    count = counts[0] if counts[0] is not None else counts[1]
    unnamed = [side for side, names, _ in sides if names is None or _generic(names)]
    who = "Neither side names" if len(unnamed) == 2 else f"The {unnamed[0]} does not name"
    named = reference if reference is not None and not _generic(reference) else candidate
    if named is None or _generic(named):
        mapping = "columns are compared by index"
    else:
        mapping = f"column 0 is matched to {named[0]!r}, and so on by index" if named else "there are none"
    return LabelAlignment(
        "by_index", None if count is None else tuple(range(count)), f"{who} its classes; {mapping}."
    )


def label_places(names: Sequence[str], count: int) -> dict[str, int]:
    """The class that each label of the inputs can mean, for `count` classes with these names (None: no names).

    A label is a class's name, or its number where no class has a whole number for a name. A name that two classes share
    means neither.

    >>> label_places(["neg", "pos"], 2)
    {'0': 0, '1': 1, 'neg': 0, 'pos': 1}
    """
    numbers: dict[str, int] = {}
    if not any(name.strip().lstrip("+-").isdecimal() for name in names):
        numbers = {str(index): index for index in range(count)}
    doubled = _doubled(names)
    return numbers | {name: index for index, name in enumerate(names) if name not in doubled}


def _doubled(names: Sequence[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)


def _count(names: Sequence[str] | None, columns: int | None) -> int | None:
    return columns if names is None else len(names)


def _generic(names: Sequence[str]) -> bool:
    """Names that only count: LABEL_0, LABEL_1, … in order, as Transformers fills them in."""
    return all(name == f"LABEL_{index}" for index, name in enumerate(names))


def _not(sentence: str) -> LabelAlignment:
    return LabelAlignment("not_comparable", None, sentence)


def _unlike(reference: Sequence[str], candidate: Sequence[str]) -> str:
    only = (
        [name for name in reference if name not in candidate],
        [name for name in candidate if name not in reference],
    )
    folded = {name.casefold() for name in reference} == {name.casefold() for name in candidate}
    hint = " They differ only in case; parity does not guess that they are the same." if folded else ""
    # Names that both have are meant by both: only the rest can be another spelling.
    hint = hint or offered(only[1], only[0])
    return (
        f"The classes have different names: only the reference has {_listed(only[0])}, "
        f"only the candidate {_listed(only[1])}.{hint}"
    )


def _listed(names: Sequence[str], most: int = 8, *, quote: bool = True) -> str:
    shown = ", ".join(repr(name) if quote else name for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
