"""What is recorded of a batch: every stage, and of what has a column for each word of a vocabulary a part."""

from __future__ import annotations

from parity.align.kept import PART, kept_of
from parity.align.tasks import task_of
from parity.border.description import Description
from parity.border.runner import Batch, StageTensor

__all__ = ["PART", "in_part"]


def in_part(batch: Batch, described: Description) -> dict[str, StageTensor]:
    """The stages of a batch, a part only of what has a column for each word of a vocabulary: it has the axis "kept" then."""
    if all(stage.wide is None for stage in batch.stages.values()):
        return batch.stages
    target = task_of(described).target
    return {
        name: stage
        if stage.wide is None
        else stage._replace(axes=(*stage.axes[:-1], "kept"), values=kept_of(stage, batch, target), wide=None)
        for name, stage in batch.stages.items()
    }
