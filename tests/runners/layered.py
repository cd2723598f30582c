"""A runner with every form of stage: by token, by word, by row, and of shapes of its own; in numpy alone.

Options: `side` left or right padding, `max_rows` 1 for the stages of shapes of their own.
"""

from typing import Any

import numpy

PROTOCOL = 2

HIDDEN = 4


class Session:
    def __init__(self, request: dict[str, Any]) -> None:
        self.left = request["options"].get("side") == "left"
        self.single = request["options"].get("max_rows") == "1"

    def describe(self) -> dict[str, Any]:
        stages = [("embeddings", ["row", "token", "hidden"]), ("layer.0", ["row", "token", "hidden"])]
        stages += [("module.words", ["row", "word", "hidden"]), ("pooled", ["row", "hidden"])]
        stages += [("module.odd", ["row", "other", "other"])] if self.single else []
        stages += [("logits", ["row", "class"])]
        return {
            "framework": "layered",
            "versions": {"numpy": numpy.__version__},
            "stages": [{"name": name, "axes": axes} for name, axes in stages],
            "can": {"accepts_feed": True, "float64": True, "pairs": "optional"},
            "tokenizer": {"padding_side": "left" if self.left else "right"},
            "labels": ["no", "yes"],
            "task": "sequence_classification",
            "max_rows": 1 if self.single else None,
            "weights_digest": "sha256:0",
            "config": {"layers": 1},
        }

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        texts = [example["text"] + (example["pair"] or "") for example in examples]
        return {"rows": [_encoding(text) for text in texts], "kept": texts}

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
        texts: list[str] = rows
        ids, real = self._padded([_ids(text) for text in texts], 99)
        kind = precision or "float32"
        write("input_ids", ids, ["row", "token"])
        write("real", real, ["row", "token"])
        write("attention_mask", real.astype("int64"), ["row", "token"])
        words = [len(text.split()) for text in texts]
        word_mask = numpy.arange(max(words))[None, :] < numpy.array(words)[:, None]
        write("word_mask", word_mask, ["row", "word"])
        hidden = (numpy.sin(ids[:, :, None] * numpy.arange(1, HIDDEN + 1)) / 3).astype(kind)
        shown = {
            "embeddings": (hidden, ["row", "token", "hidden"]),
            "layer.0": (numpy.tanh(hidden), ["row", "token", "hidden"]),
            "module.words": (numpy.cos(word_mask[:, :, None] * hidden[:, :1] + 1), ["row", "word", "hidden"]),
            "pooled": ((hidden * real[:, :, None]).sum(axis=1), ["row", "hidden"]),
        }
        if self.single:
            shown["module.odd"] = (hidden[:, :, :3] * 2, ["row", "other", "other"])
        shown["logits"] = ((hidden * real[:, :, None]).sum(axis=1)[:, :2], ["row", "class"])
        for name, (values, axes) in shown.items():
            if stages is None or name in stages:
                write(name, values, axes)
        return {"float64": "pure"} if precision else {}

    def _padded(self, rows: list[list[int]], pad: int) -> Any:
        longest = max(1, max(map(len, rows)))
        fill = [[0] * (longest - len(row)) for row in rows]
        real = [f + [1] * len(row) if self.left else [1] * len(row) + f for row, f in zip(rows, fill)]
        flat = iter([value for row in rows for value in row])
        ids = [[next(flat) if mark else pad for mark in marks] for marks in real]
        return numpy.array(ids, dtype="int64"), numpy.array(real, dtype="uint8")


def _ids(text: str) -> list[int]:
    return [101] + [ord(letter) for letter in text]


def _encoding(text: str) -> dict[str, Any]:
    count = len(text)
    return {
        "input_ids": _ids(text),
        "pieces": ["[CLS]", *text],
        "offsets": [None] + [[place, place + 1] for place in range(count)],
        "segments": [None] + [0] * count,
        "special": [1] + [0] * count,
        "token_type_ids": None,
        "normalized": text,
        "normalized_pair": None,
        "untruncated": count + 1,
    }


def open(request: dict[str, Any], host: Any) -> Session:
    return Session(request)
