"""A runner whose tensor is larger than any disk, and whose own files may find the disk full."""

from __future__ import annotations

import errno
from typing import Any

import numpy

PROTOCOL = 2


class Session:
    def describe(self) -> dict[str, Any]:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/unpacked")

    def tokenize(self, examples: Any) -> dict[str, Any]:
        return {"rows": [None for _ in examples], "kept": [example["row"] for example in examples]}

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
        write("embeddings", numpy.ones(1000, "float32"), ["row"])
        petabytes: Any = numpy.broadcast_to(numpy.float32(0), (1 << 50,))
        write("layer.0", petabytes, ["row"])
        return {}


def open(request: dict[str, Any], host: Any) -> Session:
    return Session()
