"""A masked language model: the token at each mask of the input, or, where the input has none, at every position, masked in turn
where a side can be given ids."""

from __future__ import annotations

from parity.measure.activation import SOFTMAX
from parity.measure.decision_rule import LARGEST
from parity.measure.language import Target
from parity.metrics.metric import Counted
from parity.tasks.task import Decided, Task

__all__ = ["MASKED_LM"]


class _MaskedLM(Task):
    name = "masked_lm"
    does = "predicts masked tokens"
    outputs = ("logits",)
    rule = LARGEST
    activation = SOFTMAX
    noun = "predicted token"
    wide = True
    decided: Decided = "mask"
    target: Target = "here"
    unit = "next_token"
    stage = "next_token"
    counted: Counted = "tokens"


MASKED_LM = _MaskedLM()
