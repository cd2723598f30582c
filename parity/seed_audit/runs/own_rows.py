"""The rows that a run which only replays brings along: what it was recorded on, and whether that is the inputs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from parity.border.description import Description
from parity.inputs.example import Example
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.spec import InputsSpec
from parity.seed_audit.runs.recorded_rows import RowFault, row_fault
from parity.subjects.adapter import Adapter
from parity.subjects.subject import Subject

__all__ = ["fault_of", "labels_of", "own_rows"]


def own_rows(subject: Subject, adapter: Adapter, described: Description) -> list[Example] | None:
    """The rows that a run which only replays was recorded on; None for one that runs on any inputs."""
    if described.recorded is None or adapter.own_inputs is None:
        return None
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        own = adapter.own_inputs(subject, Path(folder))
        if own is None:
            return None
        return [example for window in open_inputs(InputsSpec(str(own))).windows() for example in window]


def fault_of(own: list[Example], described: Description, inputs: Inputs, spec: InputsSpec) -> RowFault | None:
    """How the rows that a run brings along contradict the inputs; None where nothing does."""
    return row_fault(
        own,
        [example for window in inputs.windows() for example in window],
        by_id=_by_id(described),
        limited=spec.limit is not None,
        classes=described.labels,
    )


def labels_of(own: list[Example], described: Description, inputs: Inputs) -> list[str] | None:
    """The labels of a run's own rows, in the order of the inputs; None where it has none."""
    if not any(example.label for example in own):
        return None
    wanted = [example.id for window in inputs.windows() for example in window]
    if _by_id(described) and None not in wanted:
        known = {example.id: example for example in own}
        return [str(known[name].label) for name in wanted]
    return [str(example.label) for example in own[: len(wanted)]]


def _by_id(described: Description) -> bool:
    return described.recorded is not None and described.recorded.matched_by == "id"
