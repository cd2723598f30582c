"""Which inputs a command asks with: the file that was named, else what an artifact brings along, else the built-in probes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.errors import UsageError
from parity.inputs.inputs import Inputs, open_inputs
from parity.subjects.adapter import find_adapter
from parity.subjects.subject import Subject

__all__ = ["choose_inputs"]


def choose_inputs(
    subjects: Sequence[Subject],
    workdir: Path,
    *,
    inputs_path: str | None,
    limit: int | None,
    encoding: str,
    text_column: str | None,
    pair_column: str | None,
    label_column: str | None,
    id_column: str | None,
) -> Inputs | None:
    """The inputs of `--inputs`, or of the first subject that has its own; None stands for the built-in probes.

    What an artifact brings along is unpacked under `workdir`. Naming a column without a file is a
    UsageError.
    """
    adapters = [find_adapter(subject) for subject in subjects]
    if inputs_path is not None:
        return open_inputs(
            inputs_path,
            text_column=text_column,
            pair_column=pair_column,
            label_column=label_column,
            id_column=id_column,
            limit=limit,
            encoding=encoding,
        )
    column = next(filter(None, (text_column, pair_column, label_column, id_column)), None)
    if column is not None:
        raise UsageError(
            f"{column!r} is named as a column, and there is no file.", next_step="Give it with --inputs FILE."
        )
    for subject, adapter in zip(subjects, adapters, strict=True):
        own = adapter.own_inputs(subject, workdir) if adapter.own_inputs is not None else None
        if own is not None:
            return open_inputs(str(own), limit=limit, source=str(subject))
    return None
