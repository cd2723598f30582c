"""A runner that answers: a toy model over the characters of a text, in numpy alone."""

from __future__ import annotations

from typing import Any

import numpy

PROTOCOL = 2


class Session:
    def __init__(self, request: dict[str, Any], host: Any) -> None:
        self.request = request
        self.host = host

    def describe(self) -> dict[str, Any]:
        return {
            "framework": "echo",
            "versions": {},
            "stages": [{"name": "logits", "axes": ["row", "class"]}],
            "can": {"accepts_feed": True, "float64": True, "pairs": "no"},
            "config": self.request,
        }

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        return {"rows": [_encoding(example["text"]) for example in examples]}

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
        ids = inputs["input_ids"] if inputs is not None else [row["input_ids"] for row in rows]
        longest = max(map(len, ids))
        padded: Any = numpy.array([row + [0] * (longest - len(row)) for row in ids], dtype="int64")
        write("input_ids", padded, ["row", "token"])
        write("real", padded != 0, ["row", "token"])
        write("logits", (padded[:, :2] / 128).astype(precision or "float32"), ["row", "class"])
        return {"float64": "pure"} if precision else {}


def _encoding(text: str) -> dict[str, Any]:
    return {
        "input_ids": [ord(c) for c in text],
        "pieces": list(text),
        "offsets": [[n, n + 1] for n in range(len(text))],
        "segments": [0] * len(text),
        "special": [0] * len(text),
        "token_type_ids": None,
        "normalized": None,
        "normalized_pair": None,
        "untruncated": len(text),
    }


def open(request: dict[str, Any], host: Any) -> Session:
    host.progress("loading", 1, 2)
    return Session(request, host)
