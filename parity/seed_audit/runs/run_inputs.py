"""The results of one run of a population on the inputs, collected into a folder: its logits, and its layers on the first rows.

A run is any subject. It is opened and run as a comparison does; what is kept is small: logits [examples, classes] of every
example, and the vectors [real tokens, width] of every stage for the first examples, from which layers are compared.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from parity.align.by_words import by_words
from parity.border.description import Description
from parity.border.runner import Batch, Reply
from parity.errors import InputsDoNotFit, ParityError, TraceError
from parity.inputs.choose import open_for_runs
from parity.inputs.spec import InputsSpec
from parity.metrics.metric import Counted
from parity.records.pair import Pair
from parity.seed_audit.runs.kept import Kept
from parity.seed_audit.runs.outputs_base import RowsSeen, Tokens
from parity.seed_audit.runs.own_rows import fault_of, labels_of, own_rows
from parity.seed_audit.runs.read_as import asked_of
from parity.seed_audit.runs.recorded_rows import RowFault
from parity.session.fit import check_fit
from parity.session.session import OpenRequest, Session, open_session
from parity.session.stream import ahead
from parity.session.window import batches_of_side
from parity.stages import is_detail
from parity.subjects.adapter import find_adapter
from parity.subjects.progress import OnProgress, Progress, unwatched
from parity.subjects.subject import parse_subject

__all__ = ["Collected", "Outcome", "Task", "collect", "read_collected"]

_FILES = ("outputs.npz", "stages.npz", "run.json")


class Task(NamedTuple):
    """One run to open: the subject as written, the inputs, the folder to fill, for how many rows all stages are kept.

    `name` is the name of the run in its progress.
    """

    subject: str
    inputs: InputsSpec
    folder: str
    full_rows: int = 48
    timeout: float = 3600.0
    name: str = ""


class Outcome(NamedTuple):
    """The outcome of a task: its folder, or the sentence, slug and next step of its error.

    `fault` is set where the run could be opened, and its rows are not those of the inputs.
    """

    subject: str
    folder: str | None
    sentence: str = ""
    slug: str = ""
    next_step: str = ""
    fault: Literal["other_data", "row_order"] | None = None


class Collected(NamedTuple):
    """One run, read back. `stages` holds [vectors, width] by stage name, `rows` the example of each vector by stage.

    `own_labels` are those the run brings along, in the order of the inputs, where the inputs have none to compare them with. `counted` says
    what an example is decided by; of words `logits` has a row for each word, of answers the scores of each of the `answers`.
    """

    subject: str
    description: Description
    inputs_digest: str
    logits: NDArray[np.float64]
    stages: dict[str, NDArray[np.float32]]
    rows: dict[str, NDArray[np.int64]]
    own_labels: list[str] | None
    warnings: list[str]
    counted: Counted = "classes"
    answers: list[str] | None = None
    tokens: Tokens | None = None


def collect(
    task: Task,
    progress: OnProgress = unwatched,
    started: Callable[[Session], None] | None = None,
) -> Outcome:
    """Run one run's inputs; a ParityError becomes an outcome, so that one run that fails does not end the others.

    `started` receives the session as soon as there is one, to end it from another thread.
    """
    target = Path(task.folder)
    if all((target / name).exists() for name in _FILES):
        return Outcome(task.subject, task.folder)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            fault = _collect(task, work, progress, started)
            if fault is not None:
                sentence = (
                    f"{task.name or task.subject} does not have the rows of the inputs: {fault.sentence}."
                )
                return Outcome(task.subject, None, sentence, InputsDoNotFit.slug, "", fault.kind)
            shutil.rmtree(target, ignore_errors=True)
            os.replace(work, target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except ParityError as error:
        return Outcome(task.subject, None, error.sentence, error.slug, error.next_step)
    return Outcome(task.subject, task.folder)


def read_collected(folder: str | Path) -> Collected:
    """Read a collected run; raises TraceError when it is not whole."""
    place = Path(folder)
    try:
        facts = msgspec.json.decode((place / "run.json").read_bytes())
        with np.load(place / "outputs.npz", allow_pickle=False) as data:
            logits = data["logits"].astype(np.float64)
            tokens = Tokens(*(data[name] for name in Tokens._fields)) if "texts" in data else None
        with np.load(place / "stages.npz", allow_pickle=False) as data:
            values = {name: data[name] for name in data.files}
        description = msgspec.convert(facts["description"], Description)
    except (OSError, ValueError, KeyError, msgspec.MsgspecError) as error:
        raise TraceError(
            f"The collected run in {folder} is incomplete: {error}.",
            next_step="Remove that folder and run again.",
        ) from error
    return Collected(
        facts["subject"],
        description,
        facts["inputs_digest"],
        logits,
        {name.removeprefix("values:"): array for name, array in values.items() if name.startswith("values:")},
        {name.removeprefix("rows:"): array for name, array in values.items() if name.startswith("rows:")},
        facts["own_labels"],
        facts["warnings"],
        facts.get("counted", "classes"),
        facts.get("answers"),
        tokens,
    )


def _collect(
    task: Task,
    folder: Path,
    progress: OnProgress,
    started: Callable[[Session], None] | None,
) -> RowFault | None:
    subject = parse_subject(task.subject)
    adapter = find_adapter(subject)
    inputs = open_for_runs(task.inputs)
    # One thread for every run, however many run side by side: the sums of a run do not depend on its neighbours.
    opening = OpenRequest(subject, adapter, threads=1, timeout=task.timeout)
    with open_session(opening, progress) as session:
        if started is not None:
            started(session)
        runner, described = session.runner, session.described
        # A side that decides per word where it is told the words then does so.
        told = by_words(Pair(described, described), given=inputs.words == inputs.count).reference
        outputs, counted, read = asked_of(task.subject, told, inputs)
        if reason := _not_whole(described):
            raise InputsDoNotFit(
                f"{task.subject} is run only in part: {reason}.",
                next_step="Give runs of which every part is run; parity inspect lists what is not.",
            )
        own = own_rows(subject, adapter, described)
        fault = None if own is None else fault_of(own, described, read, task.inputs)
        if fault is not None:
            return fault
        check_fit(task.subject, described, read)
        kept = Kept()
        full = 0 if described.scope == "outputs" else min(task.full_rows, _held(described))
        for window in read.windows(cut=full or None):
            tokenized = runner.tokenize(window)
            encodings = tokenized.wait()
            seen = RowsSeen(
                {example.row: example for example in window},
                {example.row: encoding for example, encoding in zip(window, encodings, strict=True)},
            )
            _all_run(task.subject, seen)
            outputs.add_window(session, seen)
            lengths = [1 if encoding is None else len(encoding.input_ids) for encoding in encodings]
            stages = _shown(told) if window[0].row < full else list(outputs.stages)
            made = batches_of_side(described, lengths) if stages else []

            def send(
                numbers: list[int], place: int = tokenized.window, names: list[str] = stages
            ) -> Reply[Batch]:
                return runner.forward(numbers, window=place, stages=names)

            for numbers, reply in ahead(([window[place].row for place in places] for places in made), send):
                batch = reply.wait()
                outputs.add(numbers, batch, seen)
                kept.add(numbers, batch)
                progress(Progress("asking", numbers[-1] + 1, read.count))
            runner.forget(tokenized.window)
        warnings = sorted(runner.warnings)
    facts = {
        "subject": task.subject,
        "description": described,
        "inputs_digest": inputs.digest,
        "own_labels": None if own is None or inputs.labelled else labels_of(own, described, read),
        "warnings": warnings,
        "counted": counted,
        "answers": outputs.answers(),
    }
    save: Any = np.savez  # its stub takes names of arrays for its own options
    tokens = outputs.tokens()
    save(folder / "outputs.npz", logits=outputs.logits(), **({} if tokens is None else tokens._asdict()))
    save(folder / "stages.npz", **kept.vectors())
    (folder / "run.json").write_bytes(msgspec.json.encode(facts))
    return None


def _all_run(subject: str, seen: RowsSeen) -> None:
    """Every row must be one that the run can decide."""
    for row, encoding in seen.encodings.items():
        if encoding is not None and encoding.refused:
            raise InputsDoNotFit(
                f"{subject} cannot run row {row}: {encoding.refused}.", next_step="Exclude that row."
            )


def _not_whole(described: Description) -> str:
    """Why the logits are not those that a user of the subject gets: a part that is not run, a head that is in no file."""
    for part in described.not_run:
        if part.always:
            return f"the {part.part} is not run ({part.reason})"
    for stage, parameters in described.drawn.items():
        return f"{stage} is computed with {parameters[0]}, which is in no file and is drawn at random at every load"
    return ""


def _held(described: Description) -> int:
    """For how many rows a recording holds more than the outputs."""
    held = None if described.recorded is None else described.recorded.full_rows
    return 1 << 30 if held is None else held


def _shown(described: Description) -> list[str]:
    return [stage.name for stage in described.stages if not is_detail(stage.name)]
