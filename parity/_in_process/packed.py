"""Packed weights: what a quantised weight holds in place of its numbers, whichever package packed it.

Four forms are known: quantised tensors of torch, tensors of a class that wraps others (`__tensor_flatten__`), parameters of small whole
numbers, and what a module keeps beside its parameters in a state of its own (scales, packed layouts).
"""

from __future__ import annotations

import re
from typing import Any, cast

import torch

__all__ = ["beside_parameters", "dtype_of", "is_packed", "packed_as", "tensors_of", "weights_bytes"]

_SMALL = (torch.int8, torch.uint8, torch.int16, torch.int32)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def packed_as(tensor: Any) -> str:
    """What packs a tensor: the name of its class or of its dtype; empty for ordinary numbers."""
    if getattr(tensor, "is_quantized", False):
        return str(tensor.dtype).replace("torch.", "")
    kind = cast("Any", type(tensor))
    if hasattr(tensor, "__tensor_flatten__"):
        return str(kind.__name__)
    if tensor.dtype in _SMALL:
        plain = kind in (torch.Tensor, torch.nn.Parameter)
        return str(tensor.dtype).replace("torch.", "") if plain else str(kind.__name__)
    return ""


def is_packed(model: Any) -> bool:
    """Whether some weight of a model is packed."""
    return any(
        packed_as(tensor)
        for module in model.modules()
        for tensor in (*module._parameters.values(), *beside_parameters(module).values())
        if tensor is not None
    )


def tensors_of(tensor: Any) -> tuple[list[Any], str]:
    """The ordinary tensors that a tensor consists of, and what else belongs to its value, in words."""
    if getattr(tensor, "is_quantized", False):
        if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
            return [tensor.int_repr()], f"{tensor.q_scale()!r} {tensor.q_zero_point()!r}"
        return [
            tensor.int_repr(),
            tensor.q_per_channel_scales(),
            tensor.q_per_channel_zero_points(),
        ], f"axis {tensor.q_per_channel_axis()}"
    if not hasattr(tensor, "__tensor_flatten__"):
        return [tensor], ""
    names, more = tensor.__tensor_flatten__()
    found: list[Any] = []
    words = [_ADDRESS.sub("", f"{type(tensor).__name__} {more!r}")]
    for name in names:
        inner = getattr(tensor, name)
        if inner is not None:
            parts, said = tensors_of(inner)
            found += parts
            words.append(f"{name} {said}")
    return found, "; ".join(words)


def dtype_of(tensor: Any) -> str:
    """The dtype that a tensor is held in: of one that wraps others that of the largest."""
    if getattr(tensor, "is_quantized", False) or not hasattr(tensor, "__tensor_flatten__"):
        return str(tensor.dtype).replace("torch.", "")
    parts, _ = tensors_of(tensor)
    largest: Any = max(parts, key=_bytes)
    return str(largest.dtype).replace("torch.", "")


def beside_parameters(module: Any) -> dict[str, Any]:
    """The tensors of a module's weights that are not its parameters, by name; empty for an ordinary module."""
    if hasattr(module, "_packed_params") and callable(getattr(module, "weight", None)):
        found = {"weight": module.weight()}
        bias = module.bias() if callable(getattr(module, "bias", None)) else None
        return found if bias is None else dict(found, bias=bias)
    own, plain = cast("Any", type(module)), cast("Any", torch.nn.Module)
    if own._save_to_state_dict is plain._save_to_state_dict or not module._parameters:
        return {}
    if any(True for _ in module.children()):
        return {}
    known = {*module._parameters, *module._buffers}
    return {
        name: value
        for name, value in module.state_dict().items()
        if name not in known and isinstance(value, torch.Tensor)
    }


def weights_bytes(model: Any) -> int:
    """How many bytes the weights of a model take, packed as they are; a parameter that several names share counts once."""
    whole = 0
    seen: set[tuple[Any, ...]] = set()
    for module in model.modules():
        for parameter in module._parameters.values():
            if parameter is None:
                continue
            data = parameter.detach()
            place = 0 if data.device.type == "meta" or packed_as(parameter) else data.data_ptr()
            key = (place, _bytes(data)) if place else (id(parameter),)
            whole += 0 if key in seen else _size(data)
            seen.add(key)
        # These are made when they are asked for: another one may lie where the last one lay.
        whole += sum(_size(tensor) for tensor in beside_parameters(module).values())
    return whole


def _size(tensor: Any) -> int:
    return sum(_bytes(part) for part in tensors_of(tensor)[0])


def _bytes(tensor: Any) -> int:
    return int(tensor.numel()) * int(tensor.element_size())
