"""What a module is called with and what it returns, as plain descriptions: a tensor is named, and sent beside them, once.

A description is one of `{"tensor": name}` (with `"of"`, the path of the parameter that it is), `{"items": [...]}`, `{"fields": {...}}`,
`{"plain": None, a number or text}` and `{"kind": class}` for what cannot be sent.
"""

# Values from torch are Any here.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

import inspect
import math
from typing import Any, Callable, NamedTuple, Sequence

import torch

from .output_records import fields_of, is_record, with_fields

__all__ = [
    "FIRST",
    "Exchanged",
    "Sender",
    "exchanged",
    "first_leaf",
    "given_output",
    "has_tensors",
    "leaves",
    "named_arguments",
]

FIRST = "hidden"
"""The name of a module's first argument, whatever it is called: libraries have renamed it."""
_PLAIN = (bool, int, float, str)
_FILL = 1e30  # beyond it a number of a mask says "not at all"


class Exchanged(NamedTuple):
    """Another's value in the form of one's own: the value, and how far one's own is from it (relative L2)."""

    value: Any
    apart: float


class Sender:
    """Describes values and sends their tensors, each once; without `write` nothing is sent, and tensors are only described as such."""

    def __init__(self, model: Any, write: Callable[[str, Any, Sequence[str]], None] | None) -> None:
        self._write = write
        self._names: dict[tuple[int, int], str] = {}
        parameters = dict(model.named_parameters())
        self._held: list[Any] = list(parameters.values())  # an id is one tensor's as long as that lives
        self._owners = {id(one): name for name, one in parameters.items()}

    def describe(self, value: Any) -> dict[str, Any]:
        """The description of a value."""
        if isinstance(value, torch.Tensor):
            owner = self._owners.get(id(value))
            found = self._sent(value)
            return found if owner is None else dict(found, of=owner)
        value = fields_of(value) if is_record(value) else value
        if isinstance(value, dict):
            return {"fields": {str(key): self.describe(one) for key, one in value.items()}}
        if isinstance(value, (tuple, list)):
            return {"items": [self.describe(one) for one in value]}
        if value is None or isinstance(value, _PLAIN):
            return {"plain": value}
        return {"kind": type(value).__name__}

    def _sent(self, tensor: Any) -> dict[str, Any]:
        key = (id(tensor), int(tensor._version))  # a tensor that was written into is another
        if key not in self._names:
            name = f"call.{len(self._names)}"
            try:
                if self._write is not None:
                    self._write(name, tensor, ["other"] * tensor.dim())
            except TypeError:  # complex numbers
                return {"kind": str(tensor.dtype)}
            self._names[key] = name
            self._held.append(tensor)
        return {"tensor": self._names[key]}


def named_arguments(
    forward: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> list[tuple[str, int | str, Any]]:
    """Every argument of a call: its name, its place (a number or a keyword), its value."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        known = [name for name, one in inspect.signature(forward).parameters.items() if one.kind in kinds]
    except (TypeError, ValueError):
        known = []
    first = known[0] if known else "0"
    names = [known[place] if place < len(known) else str(place) for place in range(len(args))]
    found: list[tuple[str, int | str, Any]] = list(zip(names, range(len(args)), args))
    found += [(name, name, value) for name, value in kwargs.items()]
    return [(FIRST if name == first else name, place, value) for name, place, value in found]


def first_leaf(value: Any) -> Any:
    """The first tensor of whatever a module returned; None where there is none."""
    value = fields_of(value) if is_record(value) else value
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return next((found for found in map(first_leaf, value) if found is not None), None)
    return value if isinstance(value, torch.Tensor) else None


def exchanged(
    own: Any, given: dict[str, Any] | None, read: Callable[[str], Any], *, measured: bool = True
) -> Exchanged | None:
    """The given value in the form of one's own; None where the two are not of one form. `read` gets a tensor by its name.

    How far one's own is from it is 0 where that is not to be `measured`.
    """
    if given is None:
        return None
    if isinstance(own, torch.Tensor):
        return _tensor(own, read(given["tensor"]), measured) if "tensor" in given else None
    if is_record(own):
        found_fields = exchanged(fields_of(own), given, read, measured=measured)
        if found_fields is None:
            return None
        return Exchanged(with_fields(own, found_fields.value), found_fields.apart)
    if isinstance(own, dict):
        fields = given.get("fields", {})
        found = {
            key: exchanged(one, fields.get(str(key)), read, measured=measured) for key, one in own.items()
        }
        made = {key: own[key] if one is None else one.value for key, one in found.items()}
        known = [one for one in found.values() if one is not None]
        if not known:
            return None
        return Exchanged(type(own)(**made), max(one.apart for one in known))
    if isinstance(own, (tuple, list)):
        items = given.get("items")
        if items is None or len(items) != len(own) or type(own) not in (tuple, list):
            return None
        parts = [exchanged(one, item, read, measured=measured) for one, item in zip(own, items)]
        whole = [one for one in parts if one is not None]
        if len(whole) != len(own):
            return None
        return Exchanged(
            type(own)(one.value for one in whole), max((one.apart for one in whole), default=0.0)
        )
    alike = own == given["plain"] if "plain" in given else type(own).__name__ == given.get("kind")
    return Exchanged(own, 0.0) if alike else None


def _tensor(own: Any, given: Any, measured: bool) -> Exchanged | None:
    if given.shape != own.shape or given.is_floating_point() != own.is_floating_point():
        return None
    if own.is_floating_point() and given.dtype != own.dtype:
        room = torch.finfo(own.dtype)  # a mask's lowest number must not become an infinity
        given = given.clamp(min=room.min, max=room.max)
    given = given.to(device=own.device, dtype=own.dtype)
    return Exchanged(given, _apart(own, given) if measured else 0.0)


def _apart(own: Any, given: Any) -> float:
    """The relative L2 of two tensors of one shape; of whole numbers the share that differs."""
    if torch.equal(own, given):
        return 0.0
    if not own.is_floating_point():
        return float((own != given).double().mean())
    here, there = own.double(), given.double()
    apart, size = (float(torch.linalg.vector_norm(one)) for one in (here - there, there))
    if apart < _FILL and 0 < size < _FILL:
        return apart / size
    filled = (here < -_FILL) & (there < -_FILL)
    apart = float((here - there).masked_fill(filled, 0.0).norm())
    size = float(there.masked_fill(there.abs() > _FILL, 0.0).norm())
    found = apart / size if size else math.inf
    return found if math.isfinite(found) else math.inf


def given_output(output: Any, gives: Any, read: Any) -> Any:
    """A module's output with the other's tensors: all of them where both have one form, else the first alone; None leaves it as it is."""
    whole = exchanged(output, gives, read, measured=False)
    if whole is not None:
        return whole.value
    first = _first_of(gives)
    if first is None:
        return None
    if is_record(output):
        name, own = next(iter(fields_of(output).items()))
        found = exchanged(own, first, read, measured=False)
        return None if found is None else with_fields(output, {name: found.value})
    if type(output) is tuple and output:
        found = exchanged(output[0], first, read, measured=False)
        return None if found is None else (found.value, *output[1:])
    if isinstance(output, torch.Tensor) and first is not gives:
        found = exchanged(output, first, read, measured=False)
        return None if found is None else found.value
    return None


def _first_of(gives: Any) -> Any:
    """The description of the first that a module returned; that of a tensor as it is."""
    if not gives:
        return None
    inner = [*(gives.get("items") or ()), *(gives.get("fields") or {}).values()]
    return inner[0] if inner else gives


def leaves(value: Any) -> list[Any]:
    """Every tensor of whatever a module returned."""
    value = fields_of(value) if is_record(value) else value
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [leaf for one in value for leaf in leaves(one)]
    return [value] if isinstance(value, torch.Tensor) else []


def has_tensors(described: Any) -> bool:
    """Whether a description holds a tensor."""
    if not isinstance(described, dict):
        return False
    inner = [*described.get("items", []), *described.get("fields", {}).values()]
    return "tensor" in described or any(has_tensors(one) for one in inner)
