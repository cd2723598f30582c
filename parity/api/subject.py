"""`parity.record` and `parity.inspect`: what can be done with one subject, from Python."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict, Unpack

from parity.api.call import known_settings
from parity.api.given import Given, given_inputs
from parity.api.values import checked, positive, whole
from parity.records.inspection import Inspection
from parity.session.inspection import inspect_subject
from parity.subjects.progress import OnProgress, unwatched
from parity.subjects.subject import parse_subject
from parity.trace.record import RecordRequest
from parity.trace.record import record as record_trace

__all__ = ["RecordSettings", "inspect", "record"]


class RecordSettings(TypedDict, total=False):
    """The optional settings of a recording, named as the command line's options.

    `outputs_only`: logits only. `full_rows`: all stages for so many rows only. `force`: replace a trace that is there. `timeout`:
    seconds that the model's process may be silent.
    """

    outputs_only: bool
    full_rows: int | None
    force: bool
    timeout: float


def record(
    subject: str,
    out: str | PathLike[str],
    inputs: Given = None,
    *,
    progress: OnProgress | None = None,
    **settings: Unpack[RecordSettings],
) -> str:
    """Record a subject's values on the inputs as a trace, to compare with later; returns the trace's digest.

        parity.record("hf:fixtures/port", "port.trace", "fixtures/reviews.jsonl", force=True)
        assert parity.compare("trace:port.trace", "hf:fixtures/port")

    inputs: as of `compare`. The other settings are those of `RecordSettings`. Raises a ParityError, and TraceError where the
    trace cannot be written there.
    """
    known_settings("record", settings, RecordSettings.__annotations__)
    full_rows = settings.get("full_rows")
    parsed = parse_subject(subject)
    with TemporaryDirectory(prefix="parity-") as folder:
        request = RecordRequest(
            parsed,
            given_inputs(inputs, Path(folder)),
            Path(out),
            outputs_only=settings.get("outputs_only", False),
            full_rows=None if full_rows is None else checked("full_rows", full_rows, whole(0)),
            force=settings.get("force", False),
            timeout=checked("timeout", settings.get("timeout", 600.0), positive),
        )
        return record_trace(request, progress or unwatched)


def inspect(subject: str, *, timeout: float = 600.0, progress: OnProgress | None = None) -> Inspection:
    """Open one subject and return what it is, as a record; `print` shows one fact a line.

        found = parity.inspect("hf:fixtures/port")
        print(found)
        assert found.not_run == []

    timeout: seconds that its process may be silent. Raises a ParityError where it cannot be opened.
    """
    parsed = parse_subject(subject)
    return inspect_subject(
        parsed, timeout=checked("timeout", timeout, positive), progress=progress or unwatched
    )
