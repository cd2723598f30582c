"""What a model's parameters are: names, shapes, dtypes, and digests of the very bytes."""

from __future__ import annotations

import hashlib
from typing import Any

import torch

__all__ = ["parameters", "weights_digest"]


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


def _digest(data: Any) -> str:
    flat = data.cpu().contiguous().reshape(-1)
    content = flat.view(torch.uint8).numpy() if flat.numel() else b""
    return "sha256:" + hashlib.sha256(memoryview(content)).hexdigest()
