"""A runner that writes torch tensors of every dtype, some of them laid out strangely."""

from __future__ import annotations

from typing import Any

PROTOCOL = 2


class Session:
    def tokenize(self, examples: Any) -> dict[str, Any]:
        return {"rows": [None for _ in examples], "kept": [example["row"] for example in examples]}

    def forward(self, rows: Any, inputs: Any, stages: Any, precision: Any, write: Any) -> dict[str, Any]:
        import torch

        for name in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "uint8", "bool"):
            write(name, torch.tensor([0, 1, 2]).to(getattr(torch, name)), ["row"])
        write("transposed", torch.arange(6).reshape(2, 3).t(), ["token", "row"])
        write("learned", torch.nn.Parameter(torch.ones(1, 2)), ["row", "hidden"])
        write("empty", torch.ones(0, 4), ["row", "hidden"])
        write("scalar", torch.tensor(7.0), [])
        return {}


def open(request: dict[str, Any], host: Any) -> Session:
    return Session()
