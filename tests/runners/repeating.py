"""A runner whose values may depend on more than the row: option `kind` is "plain", "drawn", "kept" or "batch".

"drawn" adds another number in each forward, "kept" half of what the last forward ended with, "batch" the number of rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

PROTOCOL = 2


class Session:
    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.drawn = np.random.default_rng(5)
        self.kept = 0.0

    def describe(self) -> dict[str, Any]:
        return {
            "framework": "repeating",
            "versions": {"python": "3"},
            "stages": [{"name": "layer.0", "axes": ["row", "hidden"]}],
            "can": {"tokens": False},
        }

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        return {"rows": [None] * len(examples), "kept": [float(len(example["text"])) for example in examples]}

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
        values = np.array([[row, 1.0] for row in rows])
        if self.kind == "drawn":
            values += self.drawn.random(values.shape)
        elif self.kind == "kept":
            values += self.kept
            self.kept = 0.1 * float(values[-1, 0])
        elif self.kind == "batch":
            values += len(rows)
        write("layer.0", values.astype(np.float32), ["row", "hidden"])
        return {}


def open(request: dict[str, Any], host: Any) -> Session:
    return Session(request["options"].get("kind", "plain"))
