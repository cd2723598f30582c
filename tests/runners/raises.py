"""A runner that raises wherever it is asked to: the locator `refuse` in open, `exits` in tokenize, else in forward after two stages."""

from __future__ import annotations

import sys
from typing import Any

import numpy

PROTOCOL = 2


class Session:
    def __init__(self, locator: str) -> None:
        self.locator = locator

    def describe(self) -> dict[str, Any]:
        return {"framework": "raises"}

    def tokenize(self, examples: Any) -> dict[str, Any]:
        if self.locator == "exits":
            sys.exit(4)
        return {"rows": [None for _ in examples], "kept": [example["row"] for example in examples]}

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
    return Session(request["locator"])
