"""The runner: letters are counted, weighed by a hidden layer, and classified; in numpy alone."""

from __future__ import annotations

import builtins
import hashlib
import json
import platform
import time
from typing import Any

import numpy

PROTOCOL = 2

_HIDDEN = 6
_RATE = 0.1


class Session:
    def __init__(self, request: dict[str, Any], host: Any) -> None:
        started, options = time.time(), request["options"]
        self.fold = options.get("fold", "true") == "true"
        with builtins.open(request["locator"], encoding="utf-8") as file:
            lines = file.read()
        rows = [json.loads(line) for line in lines.splitlines()]
        self.labels = sorted({row["label"] for row in rows})
        both = options.get("seed", "0")
        self.seeds = {name: int(options.get(name, both)) for name in ("init_seed", "order_seed")}
        draw = numpy.random.default_rng(self.seeds["init_seed"])
        self.embeddings = draw.normal(size=(128, _HIDDEN))
        self.weight = draw.normal(size=(_HIDDEN, len(self.labels))) / _HIDDEN
        self.training = {
            "recipe_digest": _digest({**options, "seed": None, "init_seed": None, "order_seed": None}),
            "data_digest": _digest(lines),
            "seeds": self.seeds,
            "derived": self.seeds,
            "repeat": 0,
            "rows": len(rows),
            "dropout_digest": None,
            "initial_digest": _digest([self.embeddings.tolist(), self.weight.tolist()]),
            "head_digest": _digest([self.embeddings.tolist(), self.weight.tolist()]),
            "environment": {},
            "folder": request["locator"],
            "trained_now": True,
        }
        losses, orders = self._train(rows, int(options.get("epochs", "100")))
        self.training.update(
            steps=len(losses),
            order_digests=[_digest(order) for order in orders],
            weights_digest=_digest([self.embeddings.tolist(), self.weight.tolist()]),
            losses=[[step, loss] for step, loss in enumerate(losses, start=1)],
            final_loss=float(numpy.mean(losses[-max(1, len(losses) // 10) :])),
            seconds=time.time() - started,
        )
        host.progress("training", len(losses), len(losses))

    def _train(self, rows: list[dict[str, Any]], epochs: int) -> tuple[list[float], list[list[int]]]:
        order = numpy.random.default_rng(self.seeds["order_seed"])
        losses: list[float] = []
        orders: list[list[int]] = []
        for _ in range(epochs):
            orders.append(order.permutation(len(rows)).tolist())
            for number in orders[-1]:
                ids = _ids(rows[number]["text"], fold=True)
                pooled = numpy.tanh(self.embeddings[ids].mean(axis=0))
                logits = pooled @ self.weight
                p = numpy.exp(logits - logits.max())
                p /= p.sum()
                label = self.labels.index(rows[number]["label"])
                losses.append(float(-numpy.log(p[label])))
                p[label] -= 1
                back = (self.weight @ p) * (1 - pooled**2) / len(ids)
                self.weight -= _RATE * numpy.outer(pooled, p)
                numpy.subtract.at(self.embeddings, ids, _RATE * back)
        return losses, orders

    def describe(self) -> dict[str, Any]:
        tensors = {"embeddings": self.embeddings, "weight": self.weight}
        return {
            "framework": "letter_counts",
            "versions": {"python": platform.python_version(), "numpy": numpy.__version__},
            "stages": [
                {"name": "embeddings", "axes": ["row", "token", "hidden"]},
                {"name": "pooled", "axes": ["row", "hidden"]},
                {"name": "logits", "axes": ["row", "class"]},
            ],
            "can": {"accepts_feed": True, "float64": True, "pairs": "no", "blank": False},
            "task": "reading",
            "dtype": "float32",
            "labels": self.labels,
            "config": {"fold": self.fold},
            "weights_digest": self.training["weights_digest"],
            "parameters": [
                {
                    "name": name,
                    "shape": list(values.shape),
                    "dtype": "float64",
                    "digest": _digest(values.tolist()),
                }
                for name, values in tensors.items()
            ],
            "tokenizer": {"padding_side": "right"},
            "training": self.training,
        }

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        return {"rows": [_encoding(example["text"], self.fold) for example in examples]}

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
        ids: list[list[int]] = (
            inputs["input_ids"] if inputs is not None else [row["input_ids"] for row in rows]
        )
        longest = max(map(len, ids))
        padded = numpy.array([row + [0] * (longest - len(row)) for row in ids])
        real = numpy.array([[1] * len(row) + [0] * (longest - len(row)) for row in ids], dtype="uint8")
        if inputs is not None and inputs.get("attention_mask") is not None:
            real = numpy.array(inputs["attention_mask"], dtype="uint8")
        kind = precision or "float32"
        embeddings = self.embeddings.astype(kind)[padded]
        mask = real[:, :, None].astype(kind)
        pooled = numpy.tanh((embeddings * mask).sum(axis=1) / mask.sum(axis=1))
        shown = {
            "input_ids": (padded, ["row", "token"]),
            "attention_mask": (real.astype("int64"), ["row", "token"]),
            "real": (real, ["row", "token"]),
            "embeddings": (embeddings, ["row", "token", "hidden"]),
            "pooled": (pooled, ["row", "hidden"]),
            "logits": (pooled @ self.weight.astype(kind), ["row", "class"]),
        }
        for name, (values, axes) in shown.items():
            if stages is None or name in stages or name in ("input_ids", "attention_mask", "real"):
                write(name, values, axes)
        return {"float64": "pure"} if precision else {}


def _ids(text: str, fold: bool) -> list[int]:
    return [min(ord(letter), 127) for letter in (text.lower() if fold else text)]


def _encoding(text: str, fold: bool) -> dict[str, Any]:
    return {
        "input_ids": _ids(text, fold),
        "pieces": list(text.lower() if fold else text),
        "offsets": [[place, place + 1] for place in range(len(text))],
        "segments": [0] * len(text),
        "special": [0] * len(text),
        "token_type_ids": None,
        "normalized": None,
        "normalized_pair": None,
        "untruncated": len(text),
    }


def _digest(value: Any) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def open(request: dict[str, Any], host: Any) -> Session:
    return Session(request, host)
