"""The pre-flight of one subject: it is opened, and its description becomes a record."""

from __future__ import annotations

from parity.records.inspection import Inspection, PartNotRun
from parity.session.session import OpenRequest, open_session, parameter_count
from parity.stages import is_detail
from parity.subjects.progress import OnProgress, unwatched
from parity.subjects.subject import Subject

__all__ = ["inspect_subject"]


def inspect_subject(subject: Subject, *, timeout: float, progress: OnProgress = unwatched) -> Inspection:
    """Open a subject and record what it is; raises what opening it raises."""
    with open_session(OpenRequest(subject, timeout=timeout), progress) as session:
        described = session.described
        warnings = session.runner.warnings
    return Inspection(
        subject=str(subject),
        interpreter=str(session.interpreter),
        framework=described.framework,
        versions=described.versions,
        model_class=described.model_class,
        task=described.task,
        parameters=parameter_count(described),
        tensors=len(described.parameters),
        dtype=described.dtype,
        device=described.device,
        weights_digest=described.weights_digest,
        classes=described.labels,
        tokenizer=described.tokenizer,
        stages=[stage.name for stage in described.stages if not is_detail(stage.name)],
        accepts_feed=described.can.accepts_feed,
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
