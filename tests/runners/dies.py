"""A runner that ends in the middle of a forward, as the locator says: by a status, or by the name of a signal."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import numpy

PROTOCOL = 2


class Session:
    def __init__(self, how: str) -> None:
        self.how = how

    def tokenize(self, examples: Any) -> dict[str, Any]:
        return {"rows": [None for _ in examples], "kept": [example["row"] for example in examples]}

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> None:
        write("embeddings", numpy.ones((1, 2, 3), "float32"), ["row", "token", "hidden"])
        sys.stderr.write("\n".join(f"line {number}" for number in range(100)) + "\nthe last thing it said\n")
        sys.stderr.flush()
        if self.how.isdigit():
            os._exit(int(self.how))
        os.kill(os.getpid(), getattr(signal, self.how))


def open(request: dict[str, Any], host: Any) -> Session:
    if request["locator"] == "loading":
        os._exit(7)
    return Session(request["locator"])
