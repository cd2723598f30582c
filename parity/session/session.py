"""One side of a comparison: the subject, its adapter, the runner that answers for it, and how it described itself."""

from __future__ import annotations

from typing import NamedTuple

from parity.border.description import Description
from parity.border.runner import Runner
from parity.records.subject import SubjectRecord
from parity.subjects.adapter import Adapter
from parity.subjects.subject import Subject

__all__ = ["Side"]


class Side(NamedTuple):
    """A subject that has been opened and has described itself."""

    name: str
    subject: Subject
    adapter: Adapter
    runner: Runner
    described: Description

    def record(self) -> SubjectRecord:
        """This side as the audit keeps it."""
        described = self.described
        return SubjectRecord(
            spec=str(self.subject),
            framework=described.framework,
            versions=described.versions,
            weights_digest=described.weights_digest,
            model_class=described.model_class,
            task=described.task,
            dtype=described.dtype,
            device=described.device,
            labels=described.labels,
            temperature=described.temperature,
            scope=described.scope,
            parameters=sum(_count(parameter.shape) for parameter in described.parameters),
            newly_initialised=described.newly_initialised,
            unused_weights=described.unused_weights,
            config=described.config,
            tokenizer=described.tokenizer,
            notes=described.notes,
            warnings=sorted(self.runner.warnings),
        )


def _count(shape: list[int]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count
