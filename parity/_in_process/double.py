"""A model in float64 for a while, and a watch that says whether everything inside it really was.

Rounding sinks from 1e-7 to 1e-16 there, so that what remains of a difference is not rounding. Some models cast down
inside (an RMS norm, a softmax in float32); the watch names the function, since the comparison is then no deeper than that.
"""

from __future__ import annotations

import contextlib
from typing import Any, Generator

import torch

__all__ = ["Watch", "in_float64"]

# Functions that compute what flows on. Constructors, casts and the arithmetic that masks are built with are not
# among them: a mask made in float32 and cast loses nothing, and hidden states cannot avoid these functions.
_COMPUTES = frozenset(
    [
        "matmul",
        "bmm",
        "mm",
        "addmm",
        "baddbmm",
        "linear",
        "einsum",
        "__matmul__",
        "softmax",
        "log_softmax",
        "layer_norm",
        "rms_norm",
        "group_norm",
        "batch_norm",
        "gelu",
        "silu",
        "relu",
        "tanh",
        "sigmoid",
        "erf",
        "scaled_dot_product_attention",
        "rsqrt",
        "pow",
        "__pow__",
        "square",
        "mean",
        "var",
        "embedding",
        "conv1d",
        "conv2d",
        "cos",
        "sin",
    ]
)


class Watch:
    """What was seen during a float64 pass; `said` is "pure", "mixed: softmax, …" or "unchecked" (torch before 2.0)."""

    def __init__(self) -> None:
        self.checked = False
        self.lower: list[str] = []

    @property
    def said(self) -> str:
        if self.lower:
            return "mixed: " + ", ".join(self.lower)
        return "pure" if self.checked else "unchecked"

    def saw(self, function: Any, result: Any) -> None:
        name = getattr(function, "__name__", "")
        if name not in _COMPUTES or name in self.lower or not isinstance(result, torch.Tensor):
            return
        if result.dtype.is_floating_point and result.dtype != torch.float64:
            self.lower.append(name)


def _watching(watch: Watch) -> Any:
    if int(torch.__version__.split(".", 1)[0]) < 2:  # 1.12 and 1.13 have modes of another kind
        return contextlib.nullcontext()
    modes: Any = torch.overrides.TorchFunctionMode

    def seen(_: Any, function: Any, __: Any, args: Any = (), kwargs: dict[str, Any] | None = None) -> Any:
        result = function(*args, **(kwargs or {}))
        watch.saw(function, result)
        return result

    watch.checked = True
    return type("_Watching", (modes,), {"__torch_function__": seen})()


@contextlib.contextmanager
def in_float64(model: Any) -> Generator[Watch, None, None]:
    """Every floating parameter and buffer in float64, and afterwards the very tensors that were there before.

    Parameters that share storage share it in float64 too. Needs room for the model twice more.
    """
    watch = Watch()
    widened: dict[tuple[Any, ...], Any] = {}
    parameters: list[tuple[Any, Any]] = []
    buffers: list[tuple[Any, str, Any]] = []

    def wide(tensor: Any) -> Any:
        key = (tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype, tensor.device)
        if not tensor.numel() or key not in widened:
            widened[key] = tensor.to(torch.float64)
        return widened[key]

    try:
        for parameter in model.parameters():
            if parameter.dtype.is_floating_point:
                parameters.append((parameter, parameter.data))
                parameter.data = wide(parameter.data)
        for module in model.modules():
            for name, buffer in module._buffers.items():
                if buffer is not None and buffer.dtype.is_floating_point:
                    buffers.append((module, name, buffer))
                    module._buffers[name] = wide(buffer)
        with _watching(watch):
            yield watch
    finally:
        for parameter, data in parameters:
            parameter.data = data
        for module, name, buffer in buffers:
            module._buffers[name] = buffer
