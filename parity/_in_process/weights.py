"""What a model's parameters are: names, shapes, dtypes, and digests of the very bytes."""

from __future__ import annotations

import hashlib
from typing import Any, Generator

import torch

from .packed import beside_parameters, dtype_of, packed_as, tensors_of

__all__ = ["digest", "named", "parameters", "weights_digest"]


def parameters(model: Any) -> list[dict[str, Any]]:
    """Every parameter under every name it has: name, shape, dtype, digest of its bytes.

    A packed one is described as it is held, with what packs it (`packed`); one that shares its memory with one before with that one's name (`tied`).
    """
    known: dict[tuple[Any, ...], tuple[str, str]] = {}
    found: list[dict[str, Any]] = []
    for name, parameter in named(model):
        data = parameter.detach()
        packed = packed_as(parameter)
        one: dict[str, Any] = {"name": name, "shape": _shape(parameter), "dtype": dtype_of(parameter)}
        if packed:
            found.append(dict(one, digest=_packed_digest(data), packed=packed))
            continue
        key = (data.data_ptr(), tuple(data.shape), tuple(data.stride()), data.dtype, data.device)
        if data.numel() and key in known:
            found.append(dict(one, digest=known[key][0], tied=known[key][1]))
            continue
        known[key] = digest(data), name
        found.append(dict(one, digest=known[key][0]))
    return found


def weights_digest(found: list[dict[str, Any]]) -> str:
    """One digest for all of them, from sorted names, shapes, dtypes and bytes."""
    whole = hashlib.sha256()
    for one in sorted(found, key=lambda parameter: str(parameter["name"])):
        line = "{name}\t{shape}\t{dtype}\t{digest}\n".format(**one)
        whole.update(line.encode("utf-8"))
    return "sha256:" + whole.hexdigest()


def named(model: Any) -> Generator[tuple[str, Any], None, None]:
    """The tensors of a model's weights under every name that they have."""
    for path, module in model.named_modules(remove_duplicate=False):
        for name, tensor in (*module._parameters.items(), *beside_parameters(module).items()):
            if tensor is not None:
                yield path + "." + name if path else name, tensor


def _shape(tensor: Any) -> list[int]:
    """The shape of the numbers; some that are packed into bytes keep it beside them."""
    logical = getattr(getattr(tensor, "quant_state", None), "shape", None)
    return [int(size) for size in (tensor.shape if logical is None else logical)]


def _packed_digest(data: Any) -> str:
    parts, words = tensors_of(data)
    whole = hashlib.sha256(words.encode("utf-8"))
    for part in parts:
        whole.update(f"{part.dtype} {list(part.shape)} {digest(part)}\n".encode())
    return "sha256:" + whole.hexdigest()


def digest(data: Any) -> str:
    """The digest of a tensor's bytes in C order."""
    flat = data.detach().cpu().contiguous().reshape(-1)
    content = flat.view(torch.uint8).numpy() if flat.numel() else b""
    return "sha256:" + hashlib.sha256(memoryview(content)).hexdigest()
