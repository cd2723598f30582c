"""The pre-flight of one subject: it is opened, and its description becomes a record."""

from __future__ import annotations

import math
from collections.abc import Callable

from parity.border.runner import Progress as Told
from parity.border.runner import Runner
from parity.environments.resolve import interpreter_for
from parity.records.inspection import Inspection, PartNotRun
from parity.stages import is_detail
from parity.subjects.adapter import check_options, find_adapter
from parity.subjects.subject import Subject

__all__ = ["inspect_subject"]


def inspect_subject(
    subject: Subject, *, timeout: float, progress: Callable[[str, int, int | None], None]
) -> Inspection:
    """Open a subject and record what it is; raises what opening it raises."""
    adapter = find_adapter(subject)
    check_options(adapter, subject)
    interpreter = interpreter_for(subject, adapter, lambda what: progress(what, 0, None))

    def relay(told: Told) -> None:
        progress(told.what, told.done, told.total)

    with Runner.start(
        subject, adapter, interpreter=interpreter, timeout=timeout, on_progress=relay
    ) as runner:
        described = runner.describe()
        warnings = runner.warnings
    return Inspection(
        subject=str(subject),
        interpreter=str(interpreter),
        framework=described.framework,
        versions=described.versions,
        model_class=described.model_class,
        task=described.task,
        parameters=sum(math.prod(parameter.shape) for parameter in described.parameters),
        tensors=len(described.parameters),
        dtype=described.dtype,
        device=described.device,
        weights_digest=described.weights_digest,
        classes=described.labels,
        tokenizer=described.tokenizer,
        stages=[stage.name for stage in described.stages if not is_detail(stage.name)],
        same_ids=described.can.same_ids,
        float64=described.can.float64,
        pairs=described.can.pairs,
        newly_initialised=described.newly_initialised,
        unused_weights=described.unused_weights,
        not_run=[
            PartNotRun(
                part=part.part,
                reason=part.reason,
                tensors=[tensor.name for tensor in part.tensors],
                settings=dict(part.settings),
            )
            for part in described.not_run
        ],
        excluded=described.excluded,
        notes=described.notes,
        warnings=list(warnings),
    )
