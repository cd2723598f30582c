"""What other packages register with parity: found by the group of its entry points, each once, in an order of its own.

Adapters, causes, metrics, passes and tasks are met like this, so that what is wrong with one of them is reported in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple, TypeVar

from parity.errors import NameTaken, UsageError

__all__ = ["Group", "entries", "load", "name_taken", "origin", "with_registered"]

_Part = TypeVar("_Part")


class Group(NamedTuple):
    """A group of entry points, and what one and several of its parts are called: `Group("parity.passes", "pass", "passes")`."""

    name: str
    one: str
    many: str


def entries(group: str) -> tuple[EntryPoint, ...]:
    """Every entry point of a group by name and place, each once: the order does not depend on what was installed first."""
    found = {(entry.name, entry.value): entry for entry in entry_points(group=group)}
    return tuple(entry for _, entry in sorted(found.items()))


def origin(entry: EntryPoint) -> str:
    """Whose entry point it is, and where it leads."""
    package = entry.dist.name if entry.dist is not None else "an unknown package"
    return f"{package}'s {entry.value}"


def load(entry: EntryPoint, title: str, error: type[UsageError] = UsageError) -> object:
    """What an entry point leads to; raises `error`, which names it by `title`, where it does not load."""
    try:
        return entry.load()
    except Exception as raised:  # whatever another package raises when it is imported
        raise error(
            f"{title} ({origin(entry)}) does not load: {type(raised).__name__}: {raised}.",
            next_step="Install it again, or ask its author.",
        ) from raised


def name_taken(group: Group, name: str, owners: Iterable[str]) -> NameTaken:
    """The error of a name that two parts have."""
    return NameTaken(
        f"Two {group.many} are called {name!r}: {' and '.join(owners)}.",
        next_step="Uninstall the package of one of them, or ask its author for another name.",
    )


def with_registered(
    group: Group,
    own: Sequence[_Part],
    name_of: Callable[[_Part], str],
    made_of: Callable[[object], _Part],
) -> tuple[_Part, ...]:
    """Parity's own parts and then those of other packages; raises UsageError for one that does not load, NameTaken for a name used twice.

    `made_of` makes a part of what an entry point leads to, and may raise whatever it likes.
    """
    found = {name_of(part): (part, _place(part)) for part in own}
    for entry in entries(group.name):
        title = f"The {group.one} {entry.name!r}"
        loaded = load(entry, title)
        try:
            part = made_of(loaded)
            name = name_of(part)
        except Exception as raised:
            raise UsageError(
                f"{title} ({origin(entry)}) is not a {group.one}: {type(raised).__name__}: {raised}.",
                next_step="Ask its author.",
            ) from raised
        if name in found:
            raise name_taken(group, name, (found[name][1], origin(entry)))
        found[name] = (part, origin(entry))
    return tuple(part for part, _ in found.values())


def _place(part: object) -> str:
    return f"parity's {type(part).__module__}:{type(part).__qualname__}"
