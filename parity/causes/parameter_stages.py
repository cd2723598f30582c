"""The stage that a parameter is first used in, by its usual name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from parity.causes.evidence import Evidence
from parity.stages import stage_rank

__all__ = ["earliest_stage"]

_IN_STACK = re.compile(r"(?:^|\.)(encoder|decoder)\.(?:.*?\.)?(?:layers?|h|blocks?)\.(\d+)\.")
_IN_LAYER = re.compile(r"(?:^|[._])(?:layers?|h|blocks?)\.(\d+)\.")
_BY_NAME = (
    (re.compile(r"pooler"), "pooled"),
    (re.compile(r"classifier|score|_classification_layer|qa_outputs|lm_head"), "logits"),
    (re.compile(r"embed|\bwte\b|\bwpe\b"), "embeddings"),
)


def earliest_stage(names: Sequence[str], evidence: Evidence) -> str | None:
    """The first stage that uses one of these parameters; None where the name does not show it."""
    known = {stage.name for stage in evidence.described.reference.stages}
    stages = [_stage_of(name, known) for name in names]
    if None in stages:
        return None
    return min((stage for stage in stages if stage is not None), key=stage_rank, default=None)


def _stage_of(parameter: str, known: set[str]) -> str | None:
    """The stage of a parameter by its usual names, among those `known` where it is of an encoder and a decoder."""
    stack = _IN_STACK.search(parameter)
    if stack is not None and (stage := f"{stack.group(1)}.layer.{stack.group(2)}") in known:
        return stage
    if "decoder" in parameter or "encoder.layer.0" in known:
        return None
    if layer := _IN_LAYER.search(parameter):
        return f"layer.{layer.group(1)}"
    return next((stage for pattern, stage in _BY_NAME if pattern.search(parameter)), None)
