"""What a model's parameters are: names, shapes, dtypes, and digests of the very bytes."""

from __future__ import annotations

import hashlib
from typing import Any, Generator, Sequence

import torch

from .packed import beside_parameters, dtype_of, packed_as, tensors_of

__all__ = ["parameters", "row_digests", "weights_digest"]


def parameters(model: Any) -> list[dict[str, Any]]:
    """Every parameter under every name it has (tied ones more than once): name, shape, dtype, digest of its bytes.

    A packed one is described as it is held, with what packs it (`packed`).
    """
    known: dict[tuple[Any, ...], str] = {}
    found: list[dict[str, Any]] = []
    for name, parameter in _named(model):
        data = parameter.detach()
        packed = packed_as(parameter)
        one: dict[str, Any] = {"name": name, "shape": _shape(parameter), "dtype": dtype_of(parameter)}
        if packed:
            found.append(dict(one, digest=_packed_digest(data), packed=packed))
            continue
        key = (data.data_ptr(), tuple(data.shape), tuple(data.stride()), data.dtype, data.device)
        if not data.numel() or key not in known:
            known[key] = _digest(data)
        found.append(dict(one, digest=known[key]))
    return found


def weights_digest(found: list[dict[str, Any]]) -> str:
    """One digest for all of them, from sorted names, shapes, dtypes and bytes."""
    whole = hashlib.sha256()
    for one in sorted(found, key=lambda parameter: str(parameter["name"])):
        line = "{name}\t{shape}\t{dtype}\t{digest}\n".format(**one)
        whole.update(line.encode("utf-8"))
    return "sha256:" + whole.hexdigest()


def row_digests(model: Any, names: Sequence[str]) -> dict[str, str]:
    """One digest of each named parameter's rows, whatever their order: two that hold the same rows in another order have the same.

    A row is what the first axis counts (one number of a vector). It is made of the sorted digests of the rows' bytes. Packed
    parameters have none: their rows share scales.
    """
    wanted = set(names)
    found: dict[str, str] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        for name, parameter in module._parameters.items():
            full = path + "." + name if path else name
            if parameter is None or full not in wanted or not parameter.dim() or packed_as(parameter):
                continue
            data = parameter.detach().cpu().contiguous()
            rows = data.reshape(len(data), -1).view(torch.uint8).numpy()
            each = sorted(hashlib.sha256(row).digest() for row in rows)
            found[full] = "sha256:" + hashlib.sha256(b"".join(each)).hexdigest()
    return found


def _named(model: Any) -> Generator[tuple[str, Any], None, None]:
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
        whole.update(f"{part.dtype} {list(part.shape)} {_digest(part)}\n".encode())
    return "sha256:" + whole.hexdigest()


def _digest(data: Any) -> str:
    flat = data.detach().cpu().contiguous().reshape(-1)
    content = flat.view(torch.uint8).numpy() if flat.numel() else b""
    return "sha256:" + hashlib.sha256(memoryview(content)).hexdigest()
