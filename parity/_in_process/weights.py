"""What a model's parameters are: names, shapes, dtypes, and digests of the very bytes."""

from __future__ import annotations

import hashlib
from typing import Any, Sequence

import torch

__all__ = ["parameters", "row_digests", "weights_digest"]


def parameters(model: Any) -> list[dict[str, Any]]:
    """Every parameter under every name it has (tied ones more than once): name, shape, dtype, digest of its bytes."""
    known: dict[tuple[Any, ...], str] = {}
    found: list[dict[str, Any]] = []
    for path, module in model.named_modules(remove_duplicate=False):
        for name, parameter in module._parameters.items():
            if parameter is None:
                continue
            data = parameter.detach()
            key = (data.data_ptr(), tuple(data.shape), tuple(data.stride()), data.dtype, data.device)
            if not data.numel() or key not in known:
                known[key] = _digest(data)
            found.append(
                {
                    "name": path + "." + name if path else name,
                    "shape": [int(size) for size in data.shape],
                    "dtype": str(data.dtype).replace("torch.", ""),
                    "digest": known[key],
                }
            )
    return found


def weights_digest(found: list[dict[str, Any]]) -> str:
    """One digest for all of them, from sorted names, shapes, dtypes and bytes."""
    whole = hashlib.sha256()
    for one in sorted(found, key=lambda parameter: str(parameter["name"])):
        line = "{name}\t{shape}\t{dtype}\t{digest}\n".format(**one)
        whole.update(line.encode("utf-8"))
    return "sha256:" + whole.hexdigest()


def row_digests(model: Any, names: Sequence[str]) -> dict[str, str]:
    """One digest of each named parameter's rows whatever their order: two that hold the same rows in another order have the same.

    A row is what the first axis counts (one number of a vector). It is made of the sorted digests of the rows' bytes.
    """
    wanted = set(names)
    found: dict[str, str] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        for name, parameter in module._parameters.items():
            full = path + "." + name if path else name
            if parameter is None or full not in wanted or not parameter.dim():
                continue
            data = parameter.detach().cpu().contiguous()
            rows = data.reshape(len(data), -1).view(torch.uint8).numpy()
            each = sorted(hashlib.sha256(row).digest() for row in rows)
            found[full] = "sha256:" + hashlib.sha256(b"".join(each)).hexdigest()
    return found


def _digest(data: Any) -> str:
    flat = data.cpu().contiguous().reshape(-1)
    content = flat.view(torch.uint8).numpy() if flat.numel() else b""
    return "sha256:" + hashlib.sha256(memoryview(content)).hexdigest()
