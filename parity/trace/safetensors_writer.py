"""A safetensors file, written piece by piece: the arrays of a shard come from many batches, and are never joined in memory.

The library's writer wants each tensor whole and copied to bytes; the format itself is a header of JSON behind its
length, then the bytes in C order (https://github.com/huggingface/safetensors#format). Readers use the library.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["WrittenFile", "write_tensors"]

_DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
}


class WrittenFile(NamedTuple):
    """A written file: the SHA-256 of its bytes, in hexadecimal, and their number."""

    sha256: str
    bytes: int


def write_tensors(
    path: Path, tensors: Mapping[str, Sequence[NDArray[Any]]], metadata: Mapping[str, str]
) -> WrittenFile:
    """Write each tensor as its pieces one after the other along their first axis; raises OSError."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name, pieces in tensors.items():
        start, end = end, end + sum(piece.nbytes for piece in pieces)
        shape = [sum(piece.shape[0] for piece in pieces), *pieces[0].shape[1:]]
        header[name] = {"dtype": _DTYPES[pieces[0].dtype.name], "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for block in (struct.pack("<Q", len(text)), text):
            digest.update(block)
            file.write(block)
        for pieces in tensors.values():
            for piece in pieces:
                little = np.ascontiguousarray(piece, piece.dtype.newbyteorder("<"))
                digest.update(little.data)
                file.write(little.data)
    return WrittenFile(digest.hexdigest(), 8 + len(text) + end)
