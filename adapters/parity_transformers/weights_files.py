"""The tensors in a folder's weights files: names, shapes, dtypes, and digests of the bytes.

A framework shows which tensors reached a parameter; only the files show those that did not.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import partial
from typing import Any, Callable

import torch

from . import safetensors_file

__all__ = ["FileTensor", "WeightsFiles", "file_digest", "tensor_digest"]

_SAFETENSORS = ("model.safetensors", "adapter_model.safetensors")
_PICKLED = ("pytorch_model.bin", "adapter_model.bin")
_AT_ONCE = 1 << 24


class FileTensor:
    """One tensor of a file; its digest is that of its bytes, computed on demand."""

    def __init__(self, name: str, shape: list[int], dtype: str, digest: Callable[[], str]) -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self._digest = digest

    def record(self, name: str | None = None) -> dict[str, Any]:
        """As a description lists parameters."""
        return {"name": name or self.name, "shape": self.shape, "dtype": self.dtype, "digest": self._digest()}


class WeightsFiles:
    """The tensors of one folder's weights by name: safetensors before pickled ones, as transformers reads them."""

    def __init__(self, find: Callable[[str], str | None]) -> None:
        """`find` gives the path of a file by its name, or None; one that cannot be read counts as a single tensor."""
        self.tensors: dict[str, FileTensor] = {}
        for one in _SAFETENSORS + _PICKLED:
            parts = self._parts(one, find)
            for part in parts:
                self._read(part)
            if parts and not one.startswith("adapter"):
                break

    def _parts(self, name: str, find: Callable[[str], str | None]) -> list[str]:
        path = find(name)
        if path is not None:
            return [path]
        index = find(name + ".index.json")
        if index is None:
            return []
        try:
            with open(index, encoding="utf-8") as file:
                names = sorted({os.path.basename(part) for part in json.load(file)["weight_map"].values()})
        except (OSError, ValueError, KeyError, AttributeError):
            return []
        return [path for path in (find(part) for part in names) if path is not None]

    def _read(self, path: str) -> None:
        try:
            if path.endswith(".bin"):
                self._unpickle(path)
                return
            for name, entry, start in safetensors_file.places(path):
                dtype = safetensors_file.DTYPES.get(entry["dtype"])
                self.tensors[name] = FileTensor(
                    name,
                    [int(size) for size in entry["shape"]],
                    str(entry["dtype"] if dtype is None else dtype).replace("torch.", ""),
                    _bytes_digest(path, start, entry["data_offsets"]),
                )
        except Exception:  # noqa: BLE001  # unpickling can raise anything; an unreadable file counts as one tensor, known by its bytes
            name = os.path.basename(path)
            self.tensors[name] = FileTensor(name, [], "file", partial(file_digest, path))

    def _unpickle(self, path: str) -> None:
        mapped = (
            {"mmap": True} if tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (2, 1) else {}
        )
        try:
            state = torch.load(path, map_location="cpu", **mapped)
        except Exception:  # noqa: BLE001  # an old format cannot be mapped; an unreadable file was refused when it was loaded
            state = torch.load(path, map_location="cpu")
        for name, value in state.items():
            if isinstance(value, torch.Tensor):
                shape = [int(size) for size in value.shape]
                dtype = str(value.dtype).replace("torch.", "")
                self.tensors[str(name)] = FileTensor(str(name), shape, dtype, partial(tensor_digest, value))


def file_digest(path: str) -> str:
    """The digest of a whole file."""
    return _bytes_digest(path, 0, [0, os.path.getsize(path)])()


def _bytes_digest(path: str, start: int, offsets: Any) -> Callable[[], str]:
    def digest() -> str:
        whole, left = hashlib.sha256(), int(offsets[1]) - int(offsets[0])
        with open(path, "rb") as file:
            file.seek(start + int(offsets[0]))
            while left > 0:
                block = file.read(min(left, _AT_ONCE))
                if not block:
                    break
                whole.update(block)
                left -= len(block)
        return "sha256:" + whole.hexdigest()

    return digest


def tensor_digest(value: Any) -> str:
    """The digest of a tensor's bytes: that of the same bytes in a file."""
    flat = value.detach().cpu().contiguous().reshape(-1)
    content = flat.view(torch.uint8).numpy() if flat.numel() else b""
    return "sha256:" + hashlib.sha256(memoryview(content)).hexdigest()
