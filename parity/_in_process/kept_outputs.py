"""What the layers of a forward and the modules beside them returned, kept so that a later forward of the same rows need not run them again.

A forward whose request has `"keep": name` keeps it; one with `"skip": name` lets each of these modules return a copy of what is kept, but for those
that it is about. What was written into since, or is more than there is room for, is not kept: such a module runs.
"""

# Values from torch are Any here.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

import weakref
from typing import Any, Callable, Sequence

import torch

from .call_values import first_leaf, leaves
from .replaced_forward import replace_forward

__all__ = ["Kept", "skip"]

_ROOM = 1 << 27  # bytes, of all forwards of one model
_HELD: Any = weakref.WeakKeyDictionary()
"""By model, what is kept of its forwards by their names."""


class Kept:
    """What was returned in one forward, by the path of the module and which of its calls; `counts` are the calls of each."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.size = 0
        self._outputs: dict[tuple[str, int], tuple[Any, list[int]]] = {}

    @classmethod
    def begin(cls, model: Any, name: str) -> Kept:
        """What is kept of a forward that begins now."""
        held: dict[str, Kept] = _HELD.setdefault(model, {})
        held.pop(name, None)
        made = held[name] = cls()
        made.size = sum(one.size for one in held.values())
        return made

    @classmethod
    def of(cls, model: Any, name: str) -> Kept:
        """What is kept of an earlier forward: nothing, where it was none of this model."""
        found: Kept = _HELD.get(model, {}).get(name) or cls()
        return found

    def add(self, path: str, call: int, output: Any) -> None:
        """Keep what a call returned."""
        self.counts[path] = call + 1
        tensors = leaves(output)
        size = sum(one.numel() * one.element_size() for one in tensors)
        if tensors and self.size + size <= _ROOM:
            self.size += size
            self._outputs[path, call] = (output, _versions(tensors))

    def knows(self, path: str) -> bool:
        """Whether every call of a module is kept as it returned."""
        keys = [(path, call) for call in range(self.counts.get(path, 0))]
        if not keys or any(key not in self._outputs for key in keys):
            return False
        return all(_versions(leaves(output)) == seen for output, seen in map(self._outputs.__getitem__, keys))

    def again(self, path: str, call: int) -> Any:
        """A copy of what a call returned; None where it is not kept."""
        kept = self._outputs.get((path, call))
        return None if kept is None else _copy(kept[0])

    def same(self, path: str, call: int, output: Any) -> bool:
        """Whether a call returned again, bit for bit, what is kept of it."""
        kept = self._outputs.get((path, call))
        here, there = first_leaf(output), None if kept is None else first_leaf(kept[0])
        if here is None or there is None or here.shape != there.shape:
            return False
        return bool(((here == there) | (here.isnan() & there.isnan())).all())


def skip(modules: dict[str, Any], kept: Kept, about: Sequence[str]) -> list[Callable[[], None]]:
    """Let every module (by its path) that is kept return that, but for those of `about`, what is in them and what they are in; returns what undoes it."""
    undo: list[Callable[[], None]] = []
    for path, module in modules.items():
        if kept.knows(path) and not any(_one_in_the_other(path, other) for other in about):
            undo.append(replace_forward(module, _returning(kept, path, module.forward)))
    return undo


def _returning(kept: Kept, path: str, inner: Callable[..., Any]) -> Callable[..., Any]:
    calls = [0]

    def forward(*args: Any, **kwargs: Any) -> Any:
        found = kept.again(path, calls[0])
        calls[0] += 1
        return inner(*args, **kwargs) if found is None else found

    setattr(forward, "computes_nothing", True)  # noqa: B010 - a function's own attribute, which `float64.py` reads
    return forward


def _one_in_the_other(one: str, other: str) -> bool:
    return one == other or one.startswith(other + ".") or other.startswith(one + ".")


def _versions(tensors: Sequence[Any]) -> list[int]:
    return [int(one._version) for one in tensors]


def _copy(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, dict):
        made = {name: _copy(one) for name, one in value.items()}
        return made if type(value) is dict else type(value)(**made)
    return type(value)(_copy(one) for one in value) if type(value) in (tuple, list) else value
