"""The adapters that train, and their declared seeds."""

from __future__ import annotations

import sys
from functools import cache

from parity.errors import SubjectError
from parity.subjects.adapter import find_adapter, schemes
from parity.subjects.factors import Factor, Trains
from parity.subjects.subject import Subject

__all__ = ["grids", "known_factors", "known_seeds", "trainers", "whole_sets"]


def trainers() -> dict[str, Trains]:
    """How each adapter that trains does so, by its scheme. An adapter that does not load is skipped here."""
    return _trainers_on(tuple(sys.path))


@cache
def _trainers_on(path: tuple[str, ...]) -> dict[str, Trains]:
    found: dict[str, Trains] = {}
    for scheme in schemes():
        try:
            trains = find_adapter(Subject(scheme, "")).trains
        except SubjectError:
            continue  # named where it is used
        if trains is not None:
            found[scheme] = trains
    # Those whose factors can be moved alone come first, wherever seeds are listed.
    return dict(sorted(found.items(), key=lambda item: bool(item[1].together)))


def known_factors() -> dict[str, Factor]:
    """Every seed that an adapter declares, by name; the option that sets all of an adapter's seeds also makes what each of them makes."""
    found: dict[str, Factor] = {}
    for trains in trainers().values():
        for factor in trains.factors:
            found.setdefault(factor.name, factor)
        found.setdefault(
            trains.every, Factor(trains.every, "every seed", makes=("weights", "order", "dropout"))
        )
    return found


def known_seeds() -> tuple[str, ...]:
    """Their names, in the order in which a table has them as columns."""
    return tuple(known_factors())


def whole_sets() -> tuple[frozenset[str], ...]:
    """The complete sets of seeds of a training: two runs with such a set in common are repeats."""
    sets = [frozenset(names) for trains in trainers().values() for names in (trains.names, (trains.every,))]
    return tuple(dict.fromkeys(sets))


def grids() -> tuple[tuple[str, str], ...]:
    """The pairs of seeds whose crossing splits the variance."""
    return tuple(dict.fromkeys(trains.grid for trains in trainers().values() if trains.grid is not None))
