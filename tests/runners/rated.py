"""A runner of a task that is not parity's: each text begins with a number, and its rating is that number and what `moved` adds.

Options: `moved` is added to each rating, `task` is what the task is called, `stage` the stage of the ratings.
"""

from __future__ import annotations

from typing import Any

import numpy

PROTOCOL = 2


class Session:
    def __init__(self, request: dict[str, Any]) -> None:
        self.moved = float(request["options"].get("moved", "0"))
        self.task = request["options"].get("task", "stars")
        self.stage = request["options"].get("stage", "output.rating")
        self.axis = "class" if self.stage == "logits" else "other"

    def describe(self) -> dict[str, Any]:
        return {
            "framework": "rated",
            "versions": {"numpy": numpy.__version__},
            "model_class": "Rated",
            "task": self.task,
            "stages": [
                {"name": "embeddings", "axes": ["row", "token", "hidden"]},
                {"name": self.stage, "axes": ["row", self.axis]},
            ],
            "can": {"accepts_feed": True, "float64": True, "pairs": "no"},
            "tokenizer": {"padding_side": "right"},
            "weights_digest": "sha256:0",
        }

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        texts = [example["text"] for example in examples]
        return {"rows": [_encoding(text) for text in texts], "kept": texts}

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
        ids = numpy.array(
            [_ids(text) for text in rows] if inputs is None else inputs["input_ids"], dtype="int64"
        )
        kind = precision or "float32"
        write("input_ids", ids, ["row", "token"])
        write("real", numpy.ones(ids.shape, dtype="uint8"), ["row", "token"])
        hidden = numpy.stack([ids, ids / 2], axis=-1).astype(kind)
        ratings = (ids[:, :1] + self.moved).astype(kind)
        shown = {
            "embeddings": (hidden, ["row", "token", "hidden"]),
            self.stage: (ratings, ["row", self.axis]),
        }
        for name, (values, axes) in shown.items():
            if stages is None or name in stages:
                write(name, values, axes)
        return {"float64": "pure"} if precision else {}


def _ids(text: str) -> list[int]:
    return [int(word) for word in text.split()]


def _encoding(text: str) -> dict[str, Any]:
    pieces = text.split()
    starts = [text.index(pieces[0]), len(pieces[0]) + 1]
    return {
        "input_ids": _ids(text),
        "pieces": pieces,
        "offsets": [[start, start + len(piece)] for start, piece in zip(starts, pieces)],
        "segments": [0] * len(pieces),
        "special": [0] * len(pieces),
        "token_type_ids": None,
        "normalized": text,
        "normalized_pair": None,
        "untruncated": len(pieces),
    }


def open(request: dict[str, Any], host: Any) -> Session:
    return Session(request)
