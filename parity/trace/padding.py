"""The form of padding, learned from the recorded batches, so that a trace can put rows into a batch again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from parity.trace.manifest import Padding
from parity.trace.shard import Stage, masks

__all__ = ["PaddingSeen"]

Value = int | Literal["column"]


class PaddingSeen:
    """The side that padding is on, and by input stage the rules for its values that no batch has contradicted yet."""

    def __init__(self) -> None:
        self._side: Literal["left", "right"] | None = None
        self._rules: dict[str, list[Value]] = {}
        self._first: dict[str, int] = {}

    def look_at(self, stages: Mapping[str, Stage]) -> None:
        """Learn from one batch."""
        real = masks(stages).get("token")
        if real is None or real.all():
            return
        if self._side is None:
            uneven = real[~real.all(axis=1)]
            self._side = "left" if not uneven[:, 0].any() and uneven[:, -1].any() else "right"
        columns = np.nonzero(~real)[1]
        for name, stage in stages.items():
            if name != "real" and tuple(stage.axes) == ("row", "token") and stage.values.dtype.kind in "iu":
                pads = stage.values[~real]
                self._first.setdefault(name, int(pads[0]))
                rules = self._rules.setdefault(name, [self._first[name], "column"])
                self._rules[name] = [
                    rule for rule in rules if (pads == (columns if rule == "column" else rule)).all()
                ]

    def conclude(self, tokenizer: Mapping[str, Any]) -> Padding:
        """What was learned; without any padding the tokenizer's settings are used."""
        announced: Literal["left", "right"] = "left" if tokenizer.get("padding_side") == "left" else "right"
        pad = tokenizer.get("pad_token_id")
        values: dict[str, Value] = {"input_ids": pad} if isinstance(pad, int) else {}
        for name, rules in self._rules.items():
            values[name] = rules[0] if rules else self._first[name]
        return Padding(self._side or announced, values)
