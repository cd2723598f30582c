"""The calls of a model's layers and of what stands around them: seen in one forward, or given what another model was called with.

**Layers** are the sites of `sites.py` that are modules of their own; **parts** are what runs beside them: the modules that
lie next to a layer, or next to a module that a layer is in (embeddings, a rotary table, a pooler, a head). `see` describes every call,
`give` makes one forward in which no error is inherited:

* each layer takes the arguments of the other model's layer instead of its own;
* what a stage's module returns is exchanged for what the other's returned, once it has been written: so what comes after it, whether
  a module or not, begins with the other's values;
* a part whose arguments differ is run once more with the other's, and that is what is written as `part.N`.

The hooks are gone afterwards; no parameter is touched.
"""

# Values from torch are Any here.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from typing import Any, Callable, Sequence

from .call_places import Place, places_of
from .call_values import (
    FIRST,
    Sender,
    exchanged,
    first_leaf,
    given_output,
    has_tensors,
    leaves,
    named_arguments,
)
from .kept_outputs import Kept
from .module_calls import ModuleCalls
from .replaced_forward import replace_forward
from .sites import Site

__all__ = ["LayerCalls", "watch_calls"]

_MOST = 1 << 22  # numbers of one tensor: the outputs of a vocabulary are compared as a stage
Write = Callable[[str, Any, Sequence[str]], None]


def watch_calls(
    model: Any, base: Any, sites: Sequence[Site], asked: dict[str, Any], write: Write, read: Any
) -> LayerCalls | ModuleCalls:
    """The calls of the layers, or with `inside` those of the modules inside some (`module_calls.py`); the layers are then left alone."""
    if "inside" in asked:
        return ModuleCalls(model, asked, write, read)
    return LayerCalls(model, base, sites, asked, write, read)


class LayerCalls:
    """A context manager around one forward. `asked` is `{"see": "all" | "names"}`, or `{"give": {...}}` as the host made it of what was seen.

    `base` is the module whose output a head takes (None: there is none), `read` gets a given tensor by its name. A site that the forward does not reach does no harm.
    """

    def __init__(
        self, model: Any, base: Any, sites: Sequence[Site], asked: dict[str, Any], write: Write, read: Any
    ) -> None:
        self._given: dict[str, Any] | None = asked.get("give")
        self._kept = Kept.begin(model, asked["keep"]) if "keep" in asked else None
        self._write = write
        self._read = read
        self._sender = Sender(model, write if asked.get("see") == "all" else None)
        self._owners = {id(one): name for name, one in model.named_parameters()}
        paths = {id(module): name for name, module in model.named_modules()}
        self._base = base
        self._places = places_of(model, sites, paths)
        self._counts: dict[int, int] = {}
        self._undo: list[Callable[[], None]] = []
        self._again = False
        self._exchanged: list[Any] = []
        self._answer: dict[str, Any] = {
            "calls": [],
            "order": [],
            "layers": {},
            "root": "" if base is None else paths.get(id(base), ""),
        }

    def noting(self, write: Write) -> Write:
        """The same writer, which also notes the order in which stages come."""

        def noted(stage: str, values: Any, axes: Sequence[str]) -> None:
            self._answer["order"].append({"stage": stage})
            write(stage, values, axes)

        return noted

    def answer(self) -> dict[str, Any]:
        """What was seen, or the outcome of what was given."""
        return self._answer

    def __enter__(self) -> LayerCalls:  # noqa: PYI034 (Self is not in Python 3.8)
        for place in self._places.values():
            self._wrap(place)
        if self._base is not None:
            self._undo.append(self._base.register_forward_hook(self._of_base).remove)
        return self

    def __exit__(self, *_: object) -> None:
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()

    def _wrap(self, place: Place) -> None:
        # Not a hook before the forward: the tap, which comes later, must see what the model itself passes on.
        module = place.module
        inner = module.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            return self._called(place, inner, args, kwargs)

        self._undo.append(replace_forward(module, forward))
        # A module without any hook would not look for the one that a call adds.
        self._undo.append(module.register_forward_hook(_nothing).remove)

    def _called(self, place: Place, inner: Any, args: Any, kwargs: Any) -> Any:
        if self._again:
            return inner(*args, **kwargs)
        call = self._counts.get(id(place.module), 0)
        self._counts[id(place.module)] = call + 1
        if self._given is None:
            return self._seen(place, call, inner, args, kwargs)
        stage = place.layer.get(call)
        if stage is not None and stage in self._given["stages"]:
            args, kwargs = self._for_layer(stage, place.path, inner, args, kwargs)
        output = inner(*args, **kwargs)
        if place.part:
            self._for_part(place.path, call, inner, args, kwargs, output)
        end = self._given["stages"].get(place.end.get(call, ""))
        if end is not None:
            self._exchange_output(place.module, end["gives"])
        return output

    def _seen(self, place: Place, call: int, inner: Any, args: Any, kwargs: Any) -> Any:
        takes = {
            name: self._sender.describe(value) for name, _, value in named_arguments(inner, args, kwargs)
        }
        output = inner(*args, **kwargs)
        if self._kept is not None:
            self._kept.add(place.path, call, output)
        found = first_leaf(output)
        entry: dict[str, Any] = {
            "path": place.path,
            "call": call,
            "layer": place.layer.get(call),
            "end": place.end.get(call),
            "part": place.part,
            "kind": type(place.module).__name__,
            "weights": [[int(size) for size in one.shape] for one in place.module.parameters()],
            "takes": takes,
            "gives": None,
        }
        if found is not None and found.numel() <= _MOST:
            entry["gives"] = self._sender.describe(output)
        self._answer["order"].append({"call": len(self._answer["calls"])})
        self._answer["calls"].append(entry)
        return output

    def _for_layer(self, stage: str, path: str, inner: Any, args: Any, kwargs: Any) -> Any:
        """The arguments of a layer with the other's in place of its own, and the outcome of each."""
        takes = self._given["stages"][stage]["takes"] if self._given is not None else {}
        seen: dict[str, Any] = {
            "path": path,
            "kept": [],
            "untaken": [],
            "apart": {},
            "owners": {},
            "given": False,
        }
        positional, named, known = list(args), dict(kwargs), set()
        for name, place, own in named_arguments(inner, args, kwargs):
            known.add(name)
            found = exchanged(own, takes.get(name), self._read)
            if found is None:
                if first_leaf(own) is not None or has_tensors(takes.get(name)):
                    seen["kept"].append(name)
                continue
            if name == FIRST:
                seen["given"] = True
            else:
                seen["apart"][name] = found.apart
                if id(own) in self._owners:
                    seen["owners"][name] = self._owners[id(own)]
            if isinstance(place, int):
                positional[place] = found.value
            else:
                named[place] = found.value
        seen["untaken"] = [name for name, one in takes.items() if name not in known and has_tensors(one)]
        self._answer["layers"][stage] = seen
        return tuple(positional), named

    def _for_part(self, path: str, call: int, inner: Any, args: Any, kwargs: Any, output: Any) -> None:
        """Write what a part makes of the other's arguments; where it cannot be given them, say so."""
        takes = (self._given or {})["parts"].get(f"{path}#{call}")
        if takes is None:
            return
        entry: dict[str, Any] = {"path": path, "call": call, "tensor": None, "reason": "", "owners": {}}
        positional, named, differ = list(args), dict(kwargs), False
        for name, place, own in named_arguments(inner, args, kwargs):
            found = exchanged(own, takes.get(name), self._read)
            if found is None:
                if first_leaf(own) is not None:
                    entry["reason"] = f"its {name} cannot be given"
                continue
            differ = differ or found.apart > 0
            if found.apart > 0 and id(own) in self._owners:
                entry["owners"][self._owners[id(own)]] = found.apart
            if isinstance(place, int):
                positional[place] = found.value
            else:
                named[place] = found.value
        if differ and not entry["reason"]:
            self._again = True
            try:
                output = inner(*positional, **named)
            finally:
                self._again = False
        found_output = first_leaf(output)
        if not entry["reason"] and found_output is not None and found_output.numel() <= _MOST:
            entry["tensor"] = f"part.{len(self._answer['calls'])}"
            self._write(entry["tensor"], found_output, ["other"] * found_output.dim())
        self._answer["order"].append({"call": len(self._answer["calls"])})
        self._answer["calls"].append(entry)

    def _exchange_output(self, module: Any, gives: Any) -> None:
        """Exchange what this call returns, after every hook that was there before: they see the model's own."""

        def exchange(_: Any, __: Any, output: Any) -> Any:
            added.remove()
            found = given_output(output, gives, self._read)
            self._exchanged += [] if found is None else leaves(found)
            return found

        added = module.register_forward_hook(exchange)

    def _of_base(self, _: Any, __: Any, output: Any) -> Any:
        if self._given is None:
            self._answer["base"] = self._sender.describe(output)
            return None
        first = first_leaf(output)
        # What a stage returned was exchanged already, and may stand for another thing there than in the other model.
        gives: dict[str, Any] = self._given.get("base") or {}
        done = {id(one) for one in self._exchanged}

        def one(own: Any, given: Any) -> Any:
            found = None if id(own) in done else exchanged(own, given, self._read)
            if found is not None and own is first:
                self._answer["base_apart"] = found.apart
            return own if found is None else found.value

        if isinstance(output, dict):
            fields = gives.get("fields", {})
            return type(output)(**{name: one(own, fields.get(name)) for name, own in output.items()})
        if type(output) is tuple:
            items = gives.get("items", [])
            return tuple(one(own, given) for own, given in zip(output, [*items, *[None] * len(output)]))
        return one(output, gives)


def _nothing(*_: Any) -> None:
    pass
