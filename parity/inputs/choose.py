"""Which inputs the subjects run on: the file that was named, else what an artifact brings along, else the built-in probes."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from parity.errors import InputsError, InputsNotFound, ParityError, UnknownInputFormat, UsageError
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.spec import InputsSpec
from parity.inputs.table import FORMATS
from parity.subjects.adapter import Adapter, find_adapter
from parity.subjects.subject import Subject

__all__ = ["Artifact", "choose_for_runs", "choose_inputs", "open_for_runs"]


class Artifact(NamedTuple):
    """A subject, and the adapter that knows the inputs that it brings along."""

    subject: Subject
    adapter: Adapter


def choose_inputs(spec: InputsSpec, artifacts: Sequence[Artifact], workdir: Path) -> Inputs | None:
    """The inputs of the file that `spec` names, or of the first artifact that has its own; None stands for the built-in probes.

    What an artifact brings along is unpacked under `workdir`. Naming a column without a file is a UsageError.
    """
    if spec.path is not None:
        return open_inputs(spec)
    _no_column(spec)
    for subject, adapter in artifacts:
        own = adapter.own_inputs(subject, workdir) if adapter.own_inputs is not None else None
        if own is not None:
            return open_inputs(InputsSpec(str(own), limit=spec.limit, source=str(subject)))
    return None


def choose_for_runs(spec: InputsSpec, arms: Sequence[Sequence[Subject]], workdir: Path) -> InputsSpec:
    """The inputs that all runs of a seed audit read: the file that `spec` names, else the rows that runs bring along.

    `arms` are the subjects of each arm, the candidate's first. Where runs bring different rows, those of most of the
    candidate's are taken: the run with other rows is then found. What a run brings along is put under `workdir`.
    Raises InputsError where there are none, and UsageError where a column is named without a file.
    """
    if spec.path == "-":
        raise InputsError(
            "A seed audit reads its inputs several times, and standard input can be read only once.",
            next_step="Give a file with --inputs.",
        )
    if spec.path is not None:
        return spec._replace(path=str(Path(spec.path).absolute()), source=spec.path)
    _no_column(spec)
    runs = [subject for arm in arms for subject in arm]
    found = _brought_along(arms[0], workdir) or _brought_along(runs, workdir)
    if not found:
        raise InputsError(
            f"{runs[0]} brings no inputs, and none were given.",
            next_step="Give labelled examples with --inputs FILE.",
        )
    digests = [open_for_runs(inputs).digest for inputs in found]
    usual = Counter(digests).most_common(1)[0][0]
    return found[digests.index(usual)]._replace(limit=spec.limit)


def open_for_runs(spec: InputsSpec) -> Inputs:
    """Read and check the inputs that `choose_for_runs` chose; raises an InputsError."""
    try:
        return open_inputs(spec)
    except InputsNotFound as error:  # a seed audit has no texts of its own to fall back on
        raise InputsNotFound(error.sentence, next_step="Give --inputs a file that can be read.") from None
    except UnknownInputFormat as error:  # and it does not read from standard input
        step = f"Use one of {', '.join(FORMATS)}."
        raise UnknownInputFormat(error.sentence, next_step=step) from None


def _no_column(spec: InputsSpec) -> None:
    column = spec.named_column()
    if column is not None:
        raise UsageError(
            f"{column!r} is named as a column, but no file of inputs is.",
            next_step="Give it with --inputs FILE.",
        )


def _brought_along(subjects: Sequence[Subject], workdir: Path) -> list[InputsSpec]:
    """The inputs of each run that has any: each place is searched once, and the result counts for each run."""
    known: dict[tuple[str, str], InputsSpec | None] = {}
    failed: ParityError | None = None
    workdir.mkdir(parents=True, exist_ok=True)
    for subject in subjects:
        own = find_adapter(subject).own_inputs
        key = (subject.scheme, subject.locator)
        if own is None or key in known:
            continue
        try:
            path = own(subject, Path(tempfile.mkdtemp(dir=workdir)))
        except ParityError as error:
            failed, path = failed or error, None  # raised again when the run itself is opened
        known[key] = (
            None if path is None else InputsSpec(str(path), source=f"{subject.locator} (its own rows)")
        )
    found = [known.get((subject.scheme, subject.locator)) for subject in subjects]
    if failed is not None and not any(found):
        raise failed
    return [inputs for inputs in found if inputs is not None]
