"""A runner that raises wherever it is asked to: the locator `refuse` in open, else in forward after one stage."""

from __future__ import annotations

import sys
from typing import Any

import numpy


class Session:
    def describe(self) -> dict[str, Any]:
        return {"framework": "raises"}

    def tokenize(self, examples: Any, first_row: int) -> dict[str, Any]:
        sys.exit(4)

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
        write("embeddings", numpy.ones((1, 2, 3), "float32"), ["row", "token", "hidden"])
        write("layer.0", numpy.full((1, 2, 3), 2.0), ["row", "token", "hidden"])
        if rows == [1]:
            write("layer.0", numpy.ones((1, 2, 3)), ["row", "token", "hidden"])
        if rows == [2]:
            write("layer.1", numpy.ones((1, 2, 3)), ["row", "hidden"])
        if rows == [3]:
            write("layer.1", numpy.array(["text"]), ["row"])
        raise ValueError("layer 1 has no weights")


def open(request: dict[str, Any], host: Any) -> Session:
    if request["locator"] == "refuse":
        raise host.Refusal("subject-not-found", "There is no model called 'refuse'.", "Name another.")
    if request["locator"] == "memory":
        raise MemoryError("4 TiB asked for")
    return Session()
