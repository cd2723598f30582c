"""A small reader of safetensors files, for interpreters without the package for it.

The format: eight bytes of header length (little-endian), a JSON header `{name: {dtype, shape, data_offsets}}`, the bytes.
"""

from __future__ import annotations

import json
import os
import struct
from typing import Any, Iterator

import torch

__all__ = ["DTYPES", "check", "places", "read"]

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_LONGEST_HEADER = 100_000_000


def check(path: str) -> None:
    """ValueError when the file does not match its header; only the header is read."""
    _header(path)


def places(path: str) -> Iterator[tuple[str, Any, int]]:
    """Each tensor's name, its entry in the header, and where in the file offsets are counted from."""
    header, start = _header(path)
    for name, entry in header.items():
        yield name, entry, start


def read(path: str) -> dict[str, Any]:
    """Every tensor of the file by name; ValueError when the file does not match its header."""
    header, start = _header(path)
    with open(path, "rb") as file:
        content = bytearray(file.read())
    return {name: _tensor(path, name, entry, content, start) for name, entry in header.items()}


def _header(path: str) -> tuple[dict[str, Any], int]:
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        first = file.read(8)
        (length,) = struct.unpack("<Q", first) if len(first) == 8 else (size,)
        if length > min(_LONGEST_HEADER, size - 8):
            raise ValueError(f"{path} does not begin like a safetensors file")
        try:
            header = json.loads(file.read(length).decode("utf-8"))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (UnicodeDecodeError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path} does not begin like a safetensors file") from error
    start = 8 + length
    if max(ends + [0]) > size - start:
        raise ValueError(f"{path} is cut off: it has {size} bytes of {start + max(ends)}")
    return {name: entry for name, entry in header.items() if name != "__metadata__"}, start


def _tensor(path: str, name: str, entry: Any, content: bytearray, start: int) -> Any:
    dtype = DTYPES.get(entry["dtype"])
    if dtype is None:
        raise ValueError("{} holds {} as {}, which parity does not read".format(path, name, entry["dtype"]))
    first, last = entry["data_offsets"]
    shape = [int(size) for size in entry["shape"]]
    count = 1
    for size in shape:
        count *= size
    width = torch.empty((), dtype=dtype).element_size()
    if (
        not 0 <= first <= last <= len(content) - start
        or last - first != count * width
        or min(shape + [0]) < 0
    ):
        raise ValueError(f"{path} gives {name} a wrong place")
    if not count:
        return torch.empty(shape, dtype=dtype)
    # A copy: offsets need not be aligned to the element.
    raw = torch.frombuffer(content, dtype=torch.uint8, count=last - first, offset=start + first)
    return raw.clone().view(dtype).reshape(shape)
