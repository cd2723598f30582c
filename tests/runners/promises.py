"""A runner over words, in numpy alone, that keeps every promise of an adapter but the one that its locator names."""

from __future__ import annotations

import re
from typing import Any

import numpy

PROTOCOL = 2

WIDTH, CLASSES, LEFT, CLS, SEP, PAD = 6, 3, "left", 1, 2, 0
_draw = numpy.random.RandomState(7)
TABLE, TYPES = _draw.normal(size=(97, WIDTH)), _draw.normal(size=(2, WIDTH))
LAYER, HEAD = _draw.normal(size=(WIDTH, WIDTH)), _draw.normal(size=(WIDTH, CLASSES))


class Session:
    def __init__(self, broken: str) -> None:
        self.broken = broken
        self.side = LEFT if broken == "left" else "right"

    def describe(self) -> dict[str, Any]:
        names = ["embeddings", "layer.0"]
        stages: list[dict[str, Any]] = [{"name": name, "axes": ["row", "token", "hidden"]} for name in names]
        return {
            "framework": "numpy",
            "versions": {"python": "3"},
            "task": "sequence_classification",
            "dtype": "float32",
            "labels": ["a", "b", "c"],
            "multi_label": self.broken == "sigmoid",
            "weights_digest": "sha256:0",
            "config": {"type_vocab_size": 2},
            "tokenizer": {
                "padding_side": LEFT if self.broken == "padding side" else self.side,
                "special_tokens": {"cls_token": "[CLS]", "sep_token": "[SEP]"},
                "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
            },
            "stages": [*stages, {"name": "logits", "axes": ["row", "class"]}],
            "can": {"accepts_feed": True, "float64": True, "pairs": "optional"},
        }

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        return {"rows": [self.encoding(example["text"], example["pair"]) for example in examples]}

    def encoding(self, text: str, pair: Any) -> dict[str, Any]:
        tokens: list[tuple[str, Any, Any]] = [("[CLS]", None, None)]
        for segment, part in enumerate([text] if pair is None else [text, pair]):
            moved = 3 if self.broken == "offsets" else 0
            for word in re.finditer(r"\w+|[^\w\s]", part):
                tokens.append((word.group().lower(), [word.start() + moved, word.end() + moved], segment))
            tokens.append(("[SEP]", None, None))
        ids = [
            {"[CLS]": CLS, "[SEP]": SEP}.get(piece) or 3 + sum(map(ord, piece)) % 90 for piece, _, _ in tokens
        ]
        segments = [segment for _, _, segment in tokens]
        second = tokens.index(("[SEP]", None, None))
        types = [int(place > second) for place in range(len(ids))]
        if self.broken == "special":
            spans: list[Any] = [span or [0, 0] for _, span, _ in tokens]
            segments = [segment or 0 for segment in segments]
        elif self.broken == "no offsets":
            spans = [None] * len(ids)
        else:
            spans = [span for _, span, _ in tokens]
        if self.broken == "segments":
            segments = [None if segment is None else 0 for segment in segments]
        return {
            "input_ids": ids,
            "pieces": [piece for piece, _, _ in tokens],
            "offsets": spans,
            "segments": segments,
            "special": [int(self.broken != "special" and one <= SEP) for one in ids],
            "token_type_ids": None
            if self.broken == "no types"
            else [0 if self.broken == "one type" else one for one in types],
            "untruncated": len(ids),
        }

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
        if inputs is None:
            inputs = self.padded(rows)
        ids, real = numpy.array(inputs["input_ids"]), numpy.array(inputs["real"])
        kinds = (
            numpy.zeros_like(ids)
            if inputs.get("token_type_ids") is None
            else numpy.array(inputs["token_type_ids"])
        )
        write("input_ids", ids, ["row", "token"])
        write("real", real.astype("uint8"), ["row", "token"])
        if self.broken != "no types":
            write("token_type_ids", kinds * (self.broken != "other types"), ["row", "token"])
        kind = "float32" if precision is None or self.broken in ("float64", "cast") else "float64"
        told = "float64" if precision is not None and self.broken != "float64" else kind
        table, types, layer, head = (
            part.astype("float32").astype(kind) for part in (TABLE, TYPES, LAYER, HEAD)
        )
        hidden = table[ids] + types[kinds]
        write("embeddings", hidden.astype(told), ["row", "token", "hidden"])
        hidden = numpy.tanh(hidden @ layer)
        if self.broken == "one layer":
            hidden = hidden.astype("float32").astype(kind)
        write("layer.0", hidden.astype(told), ["row", "token", "hidden"])
        mean = (hidden * real[..., None]).sum(axis=1) / real.sum(axis=1)[:, None]
        scores = 4 * (mean @ head.astype(kind))
        if self.broken == "probabilities":
            scores = numpy.exp(scores) / numpy.exp(scores).sum(axis=1, keepdims=True)
        if self.broken == "sigmoid":
            scores = 1 / (1 + numpy.exp(-scores))
        write("logits", scores.astype(told), ["row", "class"])
        return (
            {"float64": "mixed: tanh" if self.broken == "said to be mixed" else "pure"} if precision else {}
        )

    def padded(self, said: list[dict[str, Any]]) -> dict[str, Any]:
        longest = max(len(row["input_ids"]) for row in said)

        def pad(values: list[int]) -> list[int]:
            rest = [0] * (longest - len(values))
            return rest + values if self.side == LEFT else values + rest

        types = [row["token_type_ids"] or [0] * len(row["input_ids"]) for row in said]
        return {
            "input_ids": [pad(row["input_ids"]) for row in said],
            "real": [pad([1] * len(row["input_ids"])) for row in said],
            "token_type_ids": [pad(list(row)) for row in types],
        }


def open(request: dict[str, Any], host: Any) -> Session:
    return Session(request["locator"])
