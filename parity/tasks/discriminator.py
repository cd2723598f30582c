"""A discriminator of tokens: for each token of the text whether it was replaced, by the sign of one logit."""

from __future__ import annotations

from parity.measure.activation import SIGMOID
from parity.measure.decision_rule import SIGN
from parity.tasks.task import Task

__all__ = ["DISCRIMINATOR"]


class _Discriminator(Task):
    name = "discriminator"
    does = "decides whether each token was replaced (sigmoid)"
    outputs = ("discriminator_logits",)
    rule = SIGN
    activation = SIGMOID
    decided_by = "a token counts as replaced where its logit is above 0"


DISCRIMINATOR = _Discriminator()
