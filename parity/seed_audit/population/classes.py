"""The classes of all runs in one order: those that most runs have, and which column of a run is which of them.

A run that names its classes is brought onto them by name, one that does not by its columns' order, which is reported; a run of
other classes, or of more or fewer columns, is never changed to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from parity.align.labels import align_labels
from parity.align.spelling import offered

__all__ = ["Classes", "Columns", "RunClasses", "columns_of", "usual_classes"]


class RunClasses(NamedTuple):
    """The classes of one run: their names, None where it has none, and the number of columns of its logits."""

    names: tuple[str, ...] | None
    columns: int

    @property
    def named(self) -> tuple[str, ...] | None:
        """Names of its own: `LABEL_0`, `LABEL_1`, … only count."""
        names = self.names
        return None if names is None or names == _counted(len(names)) else names


class Classes(NamedTuple):
    """The classes that most runs have, in their order; `named` is False where no run names them."""

    names: tuple[str, ...]
    named: bool


class Columns(NamedTuple):
    """A run's columns in the order of the classes. `order` is None, and `sentence` says why, where they are not its classes;
    `by_index`: only their place identifies them.
    """

    order: tuple[int, ...] | None
    by_index: bool
    sentence: str = ""


def usual_classes(runs: Sequence[RunClasses]) -> Classes:
    """The classes of most runs, the earliest where two sets are of equally many; a run without names counts for every set of the same size.

    >>> usual_classes([RunClasses(("x", "y"), 2), RunClasses(("a", "b"), 2), RunClasses(("b", "a"), 2)])
    Classes(names=('a', 'b'), named=True)
    """
    named = [run.named for run in runs if run.named is not None]
    first = {frozenset(names): names for names in reversed(named)}
    counted = dict.fromkeys(run.columns for run in runs if run.named is None)
    sets = list(dict.fromkeys(names for names in named if first[frozenset(names)] == names))
    candidates = [
        *(Classes(names, named=True) for names in sets),
        *(Classes(_counted(count), named=False) for count in counted if count not in set(map(len, sets))),
    ]
    return max(candidates, key=lambda classes: sum(_fits(classes, run) for run in runs))


def columns_of(classes: Classes, run: RunClasses) -> Columns:
    """Map a run to the classes, or give the reason why it cannot be mapped."""
    names = run.names
    if names is not None and len(names) != run.columns:
        return _not(f"It names {len(names)} classes, and its logits have {run.columns} columns.")
    doubled = sorted({name for name in names or () if (names or ()).count(name) > 1})
    if doubled:
        return _not(f"It gives the name {doubled[0]!r} to more than one class.")
    if run.columns != len(classes.names):
        return _not(f"Its logits have {run.columns} classes, those of most runs {len(classes.names)}.")
    found = align_labels(
        classes.names, names, reference_count=len(classes.names), candidate_count=run.columns
    )
    if found.permutation is None:
        strange = [repr(name) for name in names or () if name not in classes.names]
        missing = [repr(name) for name in classes.names if name not in (names or ())]
        return _not(
            f"Its classes have other names than those of most runs: {', '.join(strange[:4])}, and not {', '.join(missing[:4])}."
            + offered([name for name in names or () if name not in classes.names], classes.names)
        )
    return Columns(found.permutation, by_index=run.named is None)


def _fits(classes: Classes, run: RunClasses) -> bool:
    if run.named is None:
        return run.columns == len(classes.names)
    return classes.named and run.columns == len(run.named) and set(run.named) == set(classes.names)


def _counted(count: int) -> tuple[str, ...]:
    return tuple(f"LABEL_{place}" for place in range(count))


def _not(sentence: str) -> Columns:
    return Columns(None, by_index=False, sentence=sentence)
