"""A model with its pre-training heads: masked tokens as a masked language model, and beside them a class for each pair of texts.

Its decisions are those of the masked tokens. The logits of pairs (whether the second text follows, or whether the two stand in
order) are compared as a stage, and no decision on tokens excuses a difference in them.
"""

from __future__ import annotations

from parity.measure.activation import SOFTMAX
from parity.measure.decision_rule import LARGEST
from parity.tasks.task import Decided, Task

__all__ = ["PRE_TRAINING"]


class _PreTraining(Task):
    name = "pre_training"
    does = "predicts masked tokens and classes of pairs"
    outputs = ("logits", "nsp_logits", "sop_logits")
    rule = LARGEST
    activation = SOFTMAX
    noun = "predicted token"
    wide = True
    decided: Decided = "mask"
    unit = "next_token"
    stage = "next_token"


PRE_TRAINING = _PreTraining()
