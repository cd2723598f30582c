"""A causal language model: the next token at every position of the text, by the largest logit of its vocabulary."""

from __future__ import annotations

from parity.measure.activation import SOFTMAX
from parity.measure.decision_rule import LARGEST
from parity.measure.language import Target
from parity.metrics.metric import Counted
from parity.tasks.task import Decided, Task

__all__ = ["CAUSAL_LM"]


class _CausalLM(Task):
    name = "causal_lm"
    does = "predicts the next token"
    outputs = ("logits",)
    rule = LARGEST
    activation = SOFTMAX
    noun = "next token"
    wide = True
    decided: Decided = "all"
    target: Target = "next"
    unit = "next_token"
    stage = "next_token"
    counted: Counted = "tokens"


CAUSAL_LM = _CausalLM()
