"""A model in float64 for a while, kept there through its own casts, with a report of what was kept and what was not.

In float64 rounding shrinks from 1e-7 to 1e-16, so that a difference which remains is not rounding. Many models cast down
inside: a norm, a softmax or a rotary table "in float32 for stability". One such cast brings the rounding of float32
back, and a weight that differs by 1e-6 disappears in it. So while the model is in float64, whatever requests a lower
precision gets float64 (`_Keeping`): casts, dtype arguments, new tensors, and tensors that were float32 before.
This never changes values; they are only rounded less. The subject's ordinary run is compared as well.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Generator

import torch

from .kept_state import KeptState, kept_state

__all__ = ["Watch", "in_float64", "unwatched"]

_LOWER = (torch.float32, torch.float16, torch.bfloat16)
_CASTS = ("float", "half", "bfloat16")
_LEGACY = {
    name.format(kind): "torch.DoubleTensor" if "cuda" not in name else "torch.cuda.DoubleTensor"
    for name in ("torch.{}Tensor", "torch.cuda.{}Tensor")
    for kind in ("Float", "Half", "BFloat16")
}
# Functions that read attributes, or that look at the same bytes in another way: what they are given is not a cast.
_PASSED = frozenset(
    ["__get__", "__set__", "__delete__", "view", "frombuffer", "from_file", "from_numpy", "numpy", "finfo"]
)
_WRITES_INTO = frozenset(["__setitem__", "set_", "copy_"])


class Watch:
    """What happened during a float64 pass.

    `status` is "pure", "kept: softmax, to" (the model requested less than float64 of these, and they were computed in
    float64), "mixed: softmax, …" (these could only be computed in less) or "unchecked" (nothing could be watched).
    """

    def __init__(self) -> None:
        self.checked = False
        self.kept: list[str] = []
        self.lower: list[str] = []

    @property
    def status(self) -> str:
        if self.lower:
            return "mixed: " + ", ".join(sorted(self.lower))
        if self.kept:
            return "kept: " + ", ".join(sorted(self.kept))
        return "pure" if self.checked else "unchecked"

    def keep(self, name: str) -> None:
        """Note a function of which a lower precision was requested and that was kept in float64."""
        if name not in self.kept:
            self.kept.append(name)

    def saw_lower(self, name: str) -> None:
        """Note a function that computed in less than float64."""
        if name not in self.lower:
            self.lower.append(name)

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a torch function, in float64 where a lower precision was requested or passed in."""
        name = getattr(function, "__name__", "")
        if name in _PASSED:
            return function(*args, **kwargs)
        wide = any(_is_wide(value) for value in _tensors(args, kwargs))
        if name in _CASTS and args and isinstance(args[0], torch.Tensor):
            if wide:
                self.keep(name)
            return args[0].double(**kwargs)
        into = args[0] if _writes(name) and args else kwargs.get("out")
        if wide and isinstance(into, torch.Tensor) and into.dtype in _LOWER:
            self.saw_lower(name)
        args, kwargs, cast = _widened(args, kwargs, into)
        if cast:
            self.keep(name)
        if name in ("grouped_mm", "_grouped_mm") and _groups_fit(args, kwargs):
            return _grouped(args[0], args[1], kwargs["offs"])
        try:
            result = function(*args, **kwargs)
        except (RuntimeError, NotImplementedError, ValueError) as error:
            result = self._in_float32(function, args, kwargs, error)
        if name != "detach" and wide and any(value.dtype in _LOWER for value in _tensors((result,), {})):
            self.saw_lower(name)
        return result

    def _in_float32(self, function: Any, args: Any, kwargs: Any, error: Exception) -> Any:
        """The result in float32 of a function that float64 does not have; raises the float64 error if that fails too."""
        if "memory" in str(error) or not any(_is_wide(value) for value in _tensors(args, kwargs)):
            raise error
        try:
            with torch_default(torch.float32):
                result = function(*_mapped(args, _narrow), **_named(kwargs, _narrow))
        except (RuntimeError, NotImplementedError, ValueError, TypeError):
            raise error from None
        self.saw_lower(getattr(function, "__name__", "a function"))
        return _mapped(result, lambda value: value.double() if _is_lower(value) else value)


@contextlib.contextmanager
def torch_default(dtype: Any) -> Generator[None, None, None]:
    """The dtype of new tensors for a while."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _is_wide(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype == torch.float64


def _is_lower(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype in _LOWER


def _narrow(value: Any) -> Any:
    if _is_wide(value):
        return value.to(torch.float32)
    return torch.float32 if value is torch.float64 else value


def _writes(name: str) -> bool:
    """Whether a function of this name writes into its first argument."""
    if name in _WRITES_INTO or (
        name.startswith("__i") and name.endswith("__") and name not in ("__index__", "__int__", "__invert__")
    ):
        return True
    return name.endswith("_") and not name.endswith("__")


def _tensors(args: Any, kwargs: dict[str, Any]) -> Generator[Any, None, None]:
    for value in (*args, *kwargs.values()):
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _tensors(value, {})


def _mapped(values: Any, change: Callable[[Any], Any]) -> Any:
    """The same arguments or result with each value changed; tensors in named tuples stay as they are."""
    if type(values) in (tuple, list):
        return type(values)(_mapped(value, change) for value in values)
    return change(values)


def _named(values: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    return {name: _mapped(value, change) for name, value in values.items()}


def _widened(args: tuple[Any, ...], kwargs: dict[str, Any], into: Any) -> tuple[Any, Any, bool]:
    """The arguments in float64 (all but the tensor that is written into), and whether a lower dtype was requested."""
    cast: list[Any] = []

    def widen(value: Any) -> Any:
        if value is into:
            return value
        if _is_lower(value):
            return value.double()
        requested: Any = None
        if isinstance(value, torch.dtype):
            requested = torch.float64 if value in _LOWER else None
        elif isinstance(value, (str, type(torch.FloatTensor))):
            text = value if isinstance(value, str) else f"{value.__module__}.{value.__name__}"
            requested = _LEGACY.get(text)
        if requested is None:
            return value
        cast.append(value)
        return requested

    return _mapped(args, widen), _named(kwargs, widen), bool(cast)


def _groups_fit(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    if len(args) != 2 or not isinstance(kwargs.get("offs"), torch.Tensor) or kwargs.get("bias") is not None:
        return False
    return all(_is_wide(value) for value in args) and (args[0].dim(), args[1].dim()) == (2, 3)


def _grouped(rows: Any, weights: Any, offs: Any) -> Any:
    """Rows [n, in] times the weights [groups, in, out] of the group each row lies in: torch has it in float32 only."""
    found = rows.new_zeros((rows.shape[0], weights.shape[2]))
    start = 0
    for group, end in enumerate(offs.tolist()):
        found[start:end] = rows[start:end] @ weights[group]
        start = end
    return found


def _computing(module: Any) -> Generator[Any, None, None]:
    """A module and those in it, but for those that return what was kept (`kept_outputs.py`): their parameters stay as they are."""
    if not getattr(module.__dict__.get("forward"), "computes_nothing", False):
        yield module
        for child in module.children():
            yield from _computing(child)


def _watching(watch: Watch) -> Any:
    if not hasattr(torch.overrides, "TorchFunctionMode"):  # torch before 1.12
        return contextlib.nullcontext()
    modes: Any = torch.overrides.TorchFunctionMode

    def seen(_: Any, function: Any, __: Any, args: Any = (), kwargs: dict[str, Any] | None = None) -> Any:
        return watch.call(function, tuple(args), dict(kwargs or {}))

    watch.checked = True
    keeping = type("_Keeping", (modes,), {"__torch_function__": seen})
    push: Any = getattr(torch.overrides, "push_torch_function_mode", None)
    if push is not None and torch.__version__.startswith(
        "1.12"
    ):  # there the code that enters a mode creates it
        return push(keeping)
    return keeping()


def unwatched() -> Any:
    """A context for what is no work of the model, in which nothing is kept in float64 and nothing is noted: that would cost more than the work."""
    core: Any = getattr(torch, "_C")  # noqa: B009 - no other name has it
    return getattr(core, "DisableTorchFunction", contextlib.nullcontext)()


@contextlib.contextmanager
def in_float64(model: Any, start: KeptState | None = None) -> Generator[Watch, None, None]:
    """Every floating parameter and buffer in float64; afterwards the original tensors are restored, with all that modules keep.

    The very parameters too: where weights lie on disk, each forward puts new ones in their place.

    `start` is what the modules kept when the ordinary run began, where they may keep something.

    Parameters that share storage share it in float64 too. Needs memory for two more copies of the model.
    """
    watch = Watch()
    widened: dict[tuple[Any, ...], Any] = {}
    parameters: list[tuple[Any, Any]] = []
    buffers: list[tuple[Any, str, Any]] = []
    held = [(module, dict(module._parameters)) for module in model.modules()]
    state = kept_state(model)

    def wide(tensor: Any) -> Any:
        key = (tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype, tensor.device)
        if not tensor.numel() or key not in widened:
            widened[key] = tensor.to(torch.float64)
        return widened[key]

    computing = list(dict.fromkeys(_computing(model)))
    try:
        for parameter in dict.fromkeys(one for module in computing for one in module._parameters.values()):
            if parameter is not None and parameter.dtype.is_floating_point:
                parameters.append((parameter, parameter.data))
                parameter.data = wide(parameter.data)
        for module in computing:
            for name, buffer in module._buffers.items():
                if buffer is not None and buffer.dtype.is_floating_point:
                    buffers.append((module, name, buffer))
                    module._buffers[name] = wide(buffer)
        if start is not None:
            start.restore(torch.float64)
        with torch_default(torch.float64), _watching(watch):
            yield watch
    finally:
        state.restore()
        for module, own in held:
            module._parameters.update(own)
        for parameter, data in parameters:
            parameter.data = data
        for module, name, buffer in buffers:
            module._buffers[name] = buffer
