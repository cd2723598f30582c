"""A call as it was written, for the record; and a check for unknown settings before anything is run."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from typing import NamedTuple, cast

from parity.errors import UsageError

__all__ = ["Call", "known_settings"]


class Call(NamedTuple):
    """The function, its leading arguments, and the others by name; those that are None or empty are not written."""

    function: str
    first: tuple[object, ...]
    named: Mapping[str, object]

    def __str__(self) -> str:
        """The call as Python.

        >>> str(Call("compare", ("hf:a", "hf:b"), {"inputs": ["x", "y"], "seeds": None, "generate": 8}))
        "parity.compare('hf:a', 'hf:b', inputs=<a list of 2>, generate=8)"
        """
        given = {
            name: value for name, value in self.named.items() if value is not None and value not in ((), [])
        }
        words = [_shown(value) for value in self.first]
        words += [
            f"{name}={_listed(value) if name == 'inputs' else _shown(value)}" for name, value in given.items()
        ]
        return f"parity.{self.function}({', '.join(words)})"


def known_settings(function: str, settings: object, known: Iterable[str]) -> None:
    """Raise UsageError, with the nearest setting, for a setting that the function does not have."""
    names = sorted(known)
    for name in cast("Mapping[str, object]", settings):
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise UsageError(
                f"parity.{function} has no argument {name!r}.",
                next_step=f"{hint}Besides the first ones there are: {', '.join(names)}.",
            )


def _shown(value: object) -> str:
    return repr(fspath(cast("PathLike[str]", value))) if isinstance(value, PathLike) else repr(value)


def _listed(inputs: object) -> str:
    """Inputs: a list by its length, since a thousand texts in a call are unreadable."""
    if isinstance(inputs, list):
        return f"<a list of {len(cast('list[object]', inputs))}>"
    return _shown(inputs)
