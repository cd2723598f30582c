"""All causes that are known here: those of parity, then those that other packages register under the entry points `parity.causes`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from parity.causes import CAUSES
from parity.causes.cause import Cause
from parity.errors import NameTaken

__all__ = ["all_causes"]

_GROUP = "parity.causes"


@cache
def all_causes() -> tuple[Cause, ...]:
    """Every cause in the order in which equals are reported; raises NameTaken where two have one name.

    An entry point names a class of causes; it is imported when the first comparison ends.
    """
    found = {cause.NAME: cause for cause in CAUSES}
    for entry in _in_order(entry_points(group=_GROUP)):
        kind: type[Cause] = entry.load()
        cause = kind()
        if cause.NAME in found:
            taken = type(found[cause.NAME])
            raise NameTaken(
                f"Two causes are called {cause.NAME!r}: {taken.__module__}:{taken.__qualname__} and {entry.value}.",
                next_step="Uninstall the package of one of them, or ask its author for another name.",
            )
        found[cause.NAME] = cause
    return tuple(found.values())


def _in_order(entries: Iterable[EntryPoint]) -> list[EntryPoint]:
    """By name and place, each once, so that the order does not depend on what was installed first."""
    return [entry for _, entry in sorted({(entry.name, entry.value): entry for entry in entries}.items())]
