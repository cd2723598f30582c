"""What parameters are like beyond their bytes: digests by which two of them are found to be related without sending either.

A sketch holds digests of the numbers as float32, rounded to bfloat16 and to float16, of the transposed matrix, of each row and each
column, and of all numbers whatever their order. Rows of a parameter are read where the digests do not decide.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Sequence

import numpy as np
import torch

from .packed import packed_as
from .weights import digest, named

__all__ = ["rows_of", "sketches"]

_MOST_ROWS = 1 << 18
_AT_ONCE = 1 << 20
_KINDS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def sketches(models: Sequence[Any], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The sketch of each of these parameters; one that is packed so that its numbers are not known has none."""
    found: dict[str, dict[str, Any]] = {}
    for name, tensor in _of(models, names).items():
        numbers = _numbers(tensor)
        if numbers is not None and numbers.numel():
            found[name] = _sketch(numbers)
    return found


def rows_of(models: Sequence[Any], name: str, rows: Sequence[int]) -> Any:
    """[rows, n] these rows of a parameter, as what its first axis counts; of a vector one number each; None where they are not known.

    Only the rows of what is not packed are converted: the whole of a large table would take as much memory again.
    """
    tensor = _of(models, [name])[name].detach()
    packed = bool(packed_as(tensor))
    held = _numbers(tensor) if packed else tensor
    if held is None:
        return None
    taken = _matrix(held)[torch.tensor(list(rows), dtype=torch.long, device=held.device)]
    return taken if packed else _numbers(taken)


def _of(models: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    wanted = set(names)
    return {name: tensor for model in models for name, tensor in named(model) if name in wanted}


def _numbers(tensor: Any) -> Any:
    """The numbers of a parameter on the CPU, in float32 (float64 is kept); None where they are not known."""
    data = tensor.detach()
    if packed_as(tensor):
        try:
            data = data.dequantize()
        except Exception:  # noqa: BLE001  # what packs it decides what is raised
            return None
    if packed_as(data) or not data.is_floating_point() or data.device.type == "meta":
        return None
    data = data.cpu()
    return data.contiguous() if data.dtype == torch.float64 else data.float().contiguous()


def _matrix(numbers: Any) -> Any:
    """[rows, n] a parameter by its first axis."""
    return numbers.reshape(numbers.shape[0] if numbers.dim() else 1, -1)


def _sketch(numbers: Any) -> dict[str, Any]:
    plain = numbers.float()
    rounded: dict[str, str] = {}
    exact: list[str] = []
    for name, kind in _KINDS.items():
        there = plain if kind == numbers.dtype else numbers.to(kind).float()
        if torch.equal(there.to(numbers.dtype), numbers):
            exact.append(name)
        rounded[name] = digest(there)
    matrix = _matrix(plain)
    turned = matrix.t().contiguous() if numbers.dim() > 1 else None
    return {
        "norm": _norm(plain),
        "rounded": rounded,
        "exact": exact,
        "transposed": digest(turned) if numbers.dim() == 2 else "",
        "rows": _each(matrix),
        "columns": "" if turned is None else _each(turned),
        "numbers": _of_any_order(plain),
    }


def _norm(plain: Any) -> float | None:
    """The L2 norm, in float64; None where some number is not finite."""
    flat = plain.reshape(-1).numpy()
    parts = (flat[at : at + _AT_ONCE].astype(np.float64) for at in range(0, len(flat), _AT_ONCE))
    whole = math.sqrt(sum(float(np.square(part).sum()) for part in parts))
    return whole if math.isfinite(whole) else None


def _each(matrix: Any) -> str:
    """The digests of all rows, one after the other, 16 hexadecimal digits each; empty where there are too many."""
    if len(matrix) > _MOST_ROWS:
        return ""
    rows = matrix.view(torch.uint8).numpy()
    return b"".join(hashlib.blake2b(row, digest_size=8).digest() for row in rows).hex()


def _of_any_order(plain: Any) -> str:
    """A digest of the numbers whatever their order: the sum of a hash of each."""
    flat = plain.reshape(-1).numpy().view(np.uint32)
    whole = 0
    for at in range(0, len(flat), _AT_ONCE):
        mixed = flat[at : at + _AT_ONCE].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
        whole += int(mixed.sum(dtype=np.uint64))
    return f"{whole % (1 << 64):016x}"
