"""An encoder-decoder: the next token at every position of a target, which both decoders are given.

The target is a column of the inputs, or what the reference writes by itself (`parity.align.targets`).
"""

from __future__ import annotations

from collections.abc import Sequence

from parity.measure.activation import SOFTMAX
from parity.measure.decision_rule import LARGEST
from parity.tasks.task import Column, Decided, Per, Task

__all__ = ["SEQ2SEQ"]


class _Seq2Seq(Task):
    name = "seq2seq"
    does = "predicts the next token of a target"
    columns: tuple[Column, ...] = ("text", "target")
    outputs = ("logits",)
    rule = LARGEST
    activation = SOFTMAX
    noun = "next token"
    wide = True
    decided: Decided = "all"
    unit = "next_token"
    stage = "next_token"

    def per(self, axes: Sequence[str]) -> Per:
        """Each token of the target has a decision of its own."""
        return "token" if axes[1:2] == ["target"] or axes[1:2] == ("target",) else super().per(axes)


SEQ2SEQ = _Seq2Seq()
