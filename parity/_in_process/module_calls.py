"""The calls of the modules inside some modules of a model: seen in one forward, or given what another model's were called with. A context manager
around that forward.

`inside` are the paths of the modules to go into. Every call of them, and of what lies in them, is watched:

* `see` describes what each takes and gives; with "all" their tensors are written;
* `give` holds another model's calls by `path#call`. With `exchange` each module takes the other's arguments in place of its own and, when its own
  output has been measured, returns the other's: so no module inherits an error, whatever lies in it or before it. Without `exchange` nothing
  is changed, and the outputs are measured as they are.
* `skip` names an earlier forward of the same rows: what was kept of it (`kept_outputs.py`) is returned again in place of running what these
  modules have nothing to do with, and after their last call the forward ends. `unlike` lists those that did not return again what they had returned.

An argument is computed by the module that calls (`caller`): how far it is from the other's tells of that one's own work between its modules.
What is measured is a list of `[row, squared difference, squared size]` (row -1: of all rows), on real tokens alone where a tensor has rows and tokens.
"""

# Values from torch are Any here.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from typing import Any, Callable, Sequence

import torch

from .call_values import Sender, exchanged, first_leaf, given_output, has_tensors, leaves, named_arguments
from .float64 import unwatched
from .interventions import Enough
from .kept_outputs import Kept, skip
from .replaced_forward import replace_forward

__all__ = ["ModuleCalls"]

_FILL = 1e30  # beyond it a number of a mask says "not at all"
_EVERY = -1
Write = Callable[[str, Any, Sequence[str]], None]


class ModuleCalls:
    """The modules inside those of `asked["inside"]`, for the time of one forward; `read` gets a given tensor by its name."""

    def __init__(self, model: Any, asked: dict[str, Any], write: Write, read: Any) -> None:
        self._roots = [path for path in asked["inside"] if path]
        self._see = asked.get("see", "")
        given = asked.get("give") or {}
        self._given: dict[str, Any] = given.get("modules", {})
        self._exchange = bool(given.get("exchange"))
        self._real = given.get("real")
        self._read = read
        self._sender = Sender(model, write if self._see == "all" else None) if self._see else None
        self._model = model
        self._inside: dict[tuple[str, int], str] = {}
        self._counts: dict[str, int] = {}
        self._stack: list[tuple[str, str, int]] = []
        self._undo: list[Callable[[], None]] = []
        self._entries: list[dict[str, Any]] = []
        self._kept = Kept.of(model, asked["skip"]) if "skip" in asked else None
        self._unlike: list[str] = []
        self._known: dict[int, tuple[Any, tuple[bool, Any]]] = {}

    def answer(self) -> dict[str, Any]:
        """Every call, in the order in which they begin."""
        return {"modules": self._entries, "unlike": self._unlike}

    def noting(self, write: Write) -> Write:
        """The same writer: the order of stages does not matter here."""
        return write

    def __enter__(self) -> ModuleCalls:  # noqa: PYI034 (Self is not in Python 3.8)
        modules = dict(self._model.named_modules())
        paths = {id(module): path for path, module in modules.items()}
        watched: dict[int, Any] = {}
        for root in self._roots:
            inner = list(modules[root].named_modules()) if root in modules else []
            # Without a module in it, it is the smallest there is.
            for inside, module in inner if len(inner) > 1 else ():
                self._inside[root, id(module)] = inside
                watched[id(module)] = module
        for key, module in watched.items():
            self._wrap(paths[key], module)
        if self._kept is not None:
            self._undo += skip(modules, self._kept, self._roots)
        return self

    def __exit__(self, *_: object) -> None:
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()

    def _wrap(self, path: str, module: Any) -> None:
        inner = module.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            return self._called(path, module, inner, args, kwargs)

        self._undo.append(replace_forward(module, forward))

    def _called(self, path: str, module: Any, inner: Any, args: Any, kwargs: Any) -> Any:
        call = self._counts.get(path, 0)
        self._counts[path] = call + 1
        key = f"{path}#{call}"
        given = self._given.get(key)
        root = self._stack[0][1:] if self._stack else (path, call)
        # A module that several layers hold is known by one path alone: where it runs says in which of them it is.
        inside = self._inside.get((root[0], id(module)))
        if inside is None or (given is None and not self._see):
            return inner(*args, **kwargs)
        entry: dict[str, Any] = {
            "path": path,
            "call": call,
            "inside": inside,
            "root": root[0],
            "root_call": root[1],
            "caller": self._stack[-1][0] if self._stack else "",
            "apart": {},
            "output": {},
            "kept": [],
        }
        self._entries.append(entry)
        if self._sender is not None:
            entry["kind"] = type(module).__name__
            entry["weights"] = [[int(size) for size in one.shape] for one in module.parameters()]
            with unwatched():
                named = named_arguments(inner, args, kwargs)
                entry["takes"] = {name: self._sender.describe(value) for name, _, value in named}
        if given is not None and self._exchange:
            with unwatched():
                args, kwargs = self._arguments(entry, given["takes"], inner, args, kwargs)
        self._stack.append((key, *root))
        try:
            output = inner(*args, **kwargs)
        finally:
            self._stack.pop()
        with unwatched():
            output = self._returned(entry, given, output)
        if self._is_last():
            raise Enough
        return output

    def _returned(self, entry: dict[str, Any], given: Any, output: Any) -> Any:
        """Show and measure what a module returned; the other's where that is to be exchanged."""
        path, call = entry["path"], entry["call"]
        if self._kept is not None and not self._exchange and path == entry["root"] and self._kept.knows(path):
            self._unlike += [] if self._kept.same(path, call, output) else [path]
        if self._sender is not None:
            entry["gives"] = None if first_leaf(output) is None else self._sender.describe(output)
        return output if given is None else self._measured(entry, given["gives"], output)

    def _is_last(self) -> bool:
        """Whether every module that this is about has been called as often as in the forward that was kept."""
        if self._kept is None or self._stack:
            return False
        return all(self._counts.get(root, 0) == self._kept.counts.get(root) for root in self._roots)

    def _arguments(
        self, entry: dict[str, Any], takes: dict[str, Any], inner: Any, args: Any, kwargs: Any
    ) -> Any:
        """The other's arguments in place of its own, and how far its own are from them."""
        positional, named = list(args), dict(kwargs)
        for name, place, own in named_arguments(inner, args, kwargs):
            found = exchanged(own, takes.get(name), self._read, measured=False)
            if found is None:
                if first_leaf(own) is not None or has_tensors(takes.get(name)):
                    entry["kept"].append(name)
                continue
            for number, (here, there) in enumerate(zip(leaves(own), leaves(found.value))):
                entry["apart"][f"{name}.{number}"] = self._squares(here, there)
            if isinstance(place, int):
                positional[place] = found.value
            else:
                named[place] = found.value
        return tuple(positional), named

    def _measured(self, entry: dict[str, Any], gives: Any, output: Any) -> Any:
        """How far an output is from the other's; and that in its place, where it is to be exchanged."""
        other = None if gives is None else given_output(output, gives, self._read)
        if other is None:
            return output
        for number, (here, there) in enumerate(zip(leaves(output), leaves(other))):
            if here is not there:
                entry["output"][str(number)] = self._squares(here, there)
        return other if self._exchange else output

    def _squares(self, own: Any, given: Any) -> list[list[float]]:
        """What sets two tensors of one shape apart, by row."""
        if not own.is_floating_point():
            apart = (own != given).double()
            return _listed(self._by_row(apart, own, _sum), self._by_row(torch.ones_like(apart), own, _sum))
        sizes = self._sizes(given, own)
        apart = own.double() - given.double()
        plain = self._by_row(apart, own, _sum_of_squares)
        # Two passes over what are all numbers; else each value is looked at.
        if _all_plain(plain) and _all_plain(sizes):
            return _listed(plain, sizes)
        here, there = own.double(), given.double()
        alike = (here == there) | ((here < -_FILL) & (there < -_FILL)) | (here.isnan() & there.isnan())
        apart = apart.square().masked_fill(alike, 0.0)
        apart = apart.masked_fill(apart.isnan(), float("inf"))
        size = there.square().masked_fill(~(there.abs() < _FILL), 0.0)
        return _listed(self._by_row(apart, own, _sum), self._by_row(size, own, _sum))

    def _sizes(self, given: Any, own: Any) -> Any:
        """The squared size of a given tensor by row, computed once."""
        known = self._known.get(id(given))
        if known is None or known[0] is not given:
            known = self._known[id(given)] = (given, self._by_row(given.double(), own, _sum_of_squares))
        return known[1]

    def _by_row(self, values: Any, own: Any, total: Callable[[Any, int], Any]) -> tuple[bool, Any]:
        """What `total` makes of them by row, on real tokens where tokens are known; and whether there are rows."""
        if self._real is None:
            return False, total(values.reshape(1, -1), 1)
        real = self._read(self._real).bool().to(values.device)
        shape, tokens = tuple(values.shape), tuple(real.shape)
        if values.dim() == 4 and (shape[0], shape[2]) == tokens and shape[:2] != tokens:
            values = values.transpose(1, 2)  # by head
        elif values.dim() >= 2 and shape[0] == real.numel() and real.numel() > tokens[0]:
            values = values.reshape(*tokens, -1)  # rows and tokens in one axis
        by_token = values.dim() > 2 or (values.dim() == 2 and not own.is_floating_point())
        if by_token and tuple(values.shape[:2]) == tokens:
            return True, total(values.reshape(*tokens, -1), 2).masked_fill(~real, 0.0).sum(dim=1)
        if values.dim() and values.shape[0] == tokens[0]:
            return True, total(values.reshape(tokens[0], -1), 1)
        return False, total(values.reshape(1, -1), 1)


def _sum(values: Any, axis: int) -> Any:
    return values.sum(dim=axis)


def _sum_of_squares(values: Any, axis: int) -> Any:
    return torch.linalg.vector_norm(values, dim=axis).square_()


def _all_plain(sums: tuple[bool, Any]) -> bool:
    """Whether every value that was summed is a number, and none of them stands for "not at all"."""
    return bool((sums[1] < _FILL**2).all())


def _listed(apart: tuple[bool, Any], sizes: tuple[bool, Any]) -> list[list[float]]:
    """By row: the row (or that of all), the squared difference, the squared size."""
    rows, differences = apart
    pairs = zip(differences.tolist(), sizes[1].tolist())
    return [[row if rows else _EVERY, one, size] for row, (one, size) in enumerate(pairs)]
