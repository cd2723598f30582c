"""What a layer takes is known as a module's output where its values were only moved, and not where they were computed with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from parity.align.calls import Calls
from parity.align.rearranged import rearranged
from parity.border.reply import StageTensor

TABLE = np.arange(24.0).reshape(4, 6) / 7


def _of(argument: Any) -> dict[str, list[str]]:
    layer: dict[str, Any] = {
        "layer": "layer.0", "end": "layer.0", "part": False, "path": "layer.0", "call": 0, "kind": "Layer", "weights": [],
        "takes": {"hidden": {"tensor": "h"}, "bias": {"tensor": "bias"}, "mask": {"plain": None}}, "gives": {"tensor": "out"},
    }  # fmt: skip
    table: dict[str, Any] = {
        **layer,
        "layer": None,
        "end": None,
        "part": True,
        "path": "table",
        "takes": {},
        "gives": {"tensor": "table"},
    }
    order = [{"call": 0}, {"call": 1}, {"stage": "layer.0"}]
    calls = Calls.read({"calls": [table, layer], "order": order, "root": ""}, ["layer.0"])
    named = {"table": TABLE, "bias": argument, "h": TABLE, "out": TABLE}
    return rearranged(
        calls, {name: StageTensor(name, (), values, str(values.dtype)) for name, values in named.items()}
    )


@pytest.mark.parametrize(
    "argument",
    [TABLE.T, np.broadcast_to(TABLE, (3, 4, 6)), TABLE[1:, :4]],
    ids=["transposed", "repeated by row", "cut"],
)
def test_values_that_were_only_moved_are_those_of_the_table(argument: Any) -> None:
    assert {"table": ["bias"]} == _of(argument)


@pytest.mark.parametrize(
    "argument",
    [TABLE * 2 + 0.1, np.where(TABLE > 1, 0.0, TABLE + 1e-9), np.array([0.0, 1.0]), np.arange(24)],
    ids=["scaled", "one other value", "a mask", "whole numbers"],
)
def test_other_values_are_not(argument: Any) -> None:
    assert {} == _of(argument)
