"""A bare encoder: hidden states, and nothing that decides."""

from __future__ import annotations

from parity.metrics.metric import Counted
from parity.tasks.task import Task

__all__ = ["BARE_ENCODER"]


class _BareEncoder(Task):
    name = "encoder"
    does = "is an encoder without a head"
    bare = True
    embeds = True
    counted: Counted = "vectors"


BARE_ENCODER = _BareEncoder()
