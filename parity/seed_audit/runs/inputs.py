"""Which inputs all runs are asked with: the file that was named, else a recipe's evaluation rows, else those that runs bring along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from parity.errors import InputsError, ParityError, UsageError
from parity.inputs.spec import InputsAsked
from parity.seed_audit.runs.requested import RunAsked
from parity.subjects.adapter import find_adapter
from parity.subjects.subject import parse_subject

__all__ = ["asked_inputs"]


def asked_inputs(
    runs: Sequence[RunAsked],
    folder: Path,
    *,
    inputs_path: str | None,
    limit: int | None,
    encoding: str,
    text_column: str | None,
    pair_column: str | None,
    label_column: str | None,
    id_column: str | None,
) -> InputsAsked:
    """The inputs, in words that every run can read them by; what a run brings along is put under `folder`.

    Where runs bring different rows, those of most of the candidate's are taken: the odd one out is then found to be so.
    Raises InputsError where there are none, and UsageError where a column is named without a file.
    """
    named = InputsAsked(
        path=str(Path(inputs_path or "").absolute()),
        text_column=text_column,
        pair_column=pair_column,
        label_column=label_column,
        id_column=id_column,
        limit=limit,
        encoding=encoding,
        source=inputs_path,
    )
    if inputs_path == "-":
        raise InputsError(
            "A seed audit asks its inputs several times, and standard input can be read once.",
            next_step="Give a file with --inputs.",
        )
    if inputs_path is not None:
        return named
    column = next(filter(None, (text_column, pair_column, label_column, id_column)), None)
    if column is not None:
        raise UsageError(
            f"{column!r} is named as a column, and there is no file.", next_step="Give it with --inputs FILE."
        )
    found = _brought_along([run for run in runs if run.arm == "candidate"], folder) or _brought_along(
        runs, folder
    )
    if not found:
        raise InputsError(
            f"{runs[0].subject} brings no inputs along, and none are given.",
            next_step="Give labelled examples with --inputs FILE.",
        )
    digests = [inputs.open().digest for inputs in found]
    usual = Counter(digests).most_common(1)[0][0]
    return found[digests.index(usual)]._replace(limit=limit)


def _brought_along(runs: Sequence[RunAsked], folder: Path) -> list[InputsAsked]:
    """The inputs of each run that has any: what lies at one place is looked up once, and counts for each run."""
    known: dict[tuple[str, str], InputsAsked | None] = {}
    failed: ParityError | None = None
    for place, run in enumerate(runs):
        subject = parse_subject(run.subject)
        own = find_adapter(subject).own_inputs
        key = (subject.scheme, subject.locator)
        if own is None or key in known:
            continue
        part = folder / f"{run.arm}-{place}"
        part.mkdir(parents=True)
        try:
            path = own(subject, part)
        except ParityError as error:
            failed, path = failed or error, None  # said again when the run itself is asked
        known[key] = (
            None if path is None else InputsAsked(str(path), source=f"{subject.locator} (its own rows)")
        )
    places = (parse_subject(run.subject) for run in runs)
    found = [known.get((subject.scheme, subject.locator)) for subject in places]
    if failed is not None and not any(found):
        raise failed
    return [inputs for inputs in found if inputs is not None]
