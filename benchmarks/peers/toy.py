"""The stages of the toy model of tests/runners/fooling.py, as its runner gives them, by name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["toy"]

_NOT_STAGES = {"real", "attention_mask"}


def toy(way: str, texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Every stage of the texts in one batch, padded; `way` is one of the runner's."""
    runner: Any = importlib.import_module("tests.runners.fooling")
    session = runner.open({"locator": way}, None)
    examples = [{"row": row, "text": text} for row, text in enumerate(texts)]
    found: dict[str, NDArray[Any]] = {}

    def write(name: str, values: Any, axes: Any) -> None:
        if name not in _NOT_STAGES:
            found[name] = np.array(values)

    announced = [stage["name"] for stage in session.describe()["stages"]]
    session.forward(session.tokenize(examples)["kept"], None, announced, None, write)
    return found
