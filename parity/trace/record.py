"""Recording: one subject runs on all inputs, window by window, and its values become a trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from parity.border.description import Description
from parity.border.runner import Batch, Reply
from parity.errors import RunnerRaised, TraceError
from parity.inputs.batches import sample_rows
from parity.inputs.choose import Artifact, choose_inputs
from parity.inputs.example import Encoding, Example
from parity.inputs.spec import InputsSpec
from parity.session.fit import check_fit, fitted
from parity.session.in_part import in_part
from parity.session.session import OpenRequest, open_session
from parity.session.stream import ahead
from parity.session.window import batches_of_side
from parity.stages import is_output
from parity.subjects.adapter import Adapter, find_adapter
from parity.subjects.progress import OnProgress, Progress, unwatched
from parity.subjects.subject import Subject
from parity.trace.manifest import Kept
from parity.trace.writer import Recording, TraceWriter, check_place

__all__ = ["RecordRequest", "record"]

_AHEAD = 3


class _Job(NamedTuple):
    """One forward that is recorded."""

    rows: list[int]
    precision: Literal["float64"] | None


class RecordRequest(NamedTuple):
    """What is requested: the subject, which inputs, the folder to write, and how much of each stage is kept.

    With `outputs_only` the stages before the outputs are not recorded; with `full_rows` N they are kept for the first N
    rows. `force` replaces a trace that is there. `adapter` is the one under test where it is not registered.
    """

    subject: Subject
    inputs: InputsSpec
    out: Path
    outputs_only: bool = False
    full_rows: int | None = None
    force: bool = False
    timeout: float | None = 600
    adapter: Adapter | None = None


def record(request: RecordRequest, progress: OnProgress = unwatched) -> str:
    """Write a subject's values on the inputs to a folder; returns the trace's digest.

    Where the subject runs in float64, the rows that a comparison measures its noise floor on are recorded in it too.
    Raises TraceError for the place, InputsDoNotFit, and whatever opening and running a subject raises.
    """
    with TemporaryDirectory(prefix="parity-") as workdir:
        return _record(request, Path(workdir), progress)


def _record(request: RecordRequest, workdir: Path, progress: OnProgress) -> str:
    subject, out, full_rows, force = request.subject, request.out, request.full_rows, request.force
    adapter = request.adapter or find_adapter(subject)
    inputs = choose_inputs(request.inputs, [Artifact(subject, adapter)], workdir)
    check_place(out, force)
    outputs_only = request.outputs_only or full_rows == 0
    with open_session(OpenRequest(subject, adapter, timeout=request.timeout), progress) as session:
        runner, description = session.runner, session.described
        inputs = fitted(inputs, request.inputs, [description])
        check_fit(str(subject), description, inputs)
        of_target = next((stage.name for stage in description.stages if "target" in stage.axes), None)
        if of_target is not None:
            raise TraceError(
                f"{subject} has {of_target} at the tokens of a target, which a trace does not keep.",
                next_step="Compare the two subjects directly, or record its encoder, where ?task= can open it so.",
            )
        if description.selects is not None or description.can.texts_only:
            raise TraceError(
                f"{subject} gives what it selects, or texts, and no logits: a trace does not keep that.",
                next_step="Compare it directly, or record the model that it is made with.",
            )
        outputs = _outputs(description)
        if outputs_only and not outputs:
            raise TraceError(
                f"{subject} has no outputs that could be kept alone (no logits).",
                next_step="Omit --outputs-only.",
            )
        full_rows = 0 if outputs_only else full_rows
        # Those that a comparison draws: from all rows, or from those that every stage is kept of.
        drawn = min(full_rows or inputs.count, inputs.count)
        sample = set(sample_rows(drawn)) if description.can.float64 else set[int]()
        kept = Kept(outputs_only, None if outputs_only else full_rows)
        recording = Recording(str(subject), description, inputs, kept)
        with TraceWriter(out, recording, force=force) as writer:
            done = 0
            for window in inputs.windows(cut=full_rows):
                tokenized = runner.tokenize(window)
                encodings = tokenized.wait()
                writer.add_encodings(window, encodings)
                stages = None if full_rows is None or window[0].row < full_rows else outputs

                def send(
                    job: _Job, number: int = tokenized.window, names: Sequence[str] | None = stages
                ) -> Reply[Batch]:
                    return runner.forward(job.rows, window=number, stages=names, precision=job.precision)

                for (rows, precision), reply in ahead(
                    _jobs(description, window, encodings, sample), send, count=_AHEAD
                ):
                    try:
                        batch = reply.wait()
                    except RunnerRaised:
                        if precision is None:
                            raise
                        # The trace then has no float64 for these rows; a comparison with it reports this.
                        sample.clear()
                        continue
                    stages_of_it = in_part(batch, description)
                    writer.add(rows, stages_of_it, precision=precision, status=batch.float64 or "unchecked")
                    if precision is None:
                        done += len(rows)
                        progress(Progress("recording", done, inputs.count))
                runner.forget(tokenized.window)
            return writer.close()


def _jobs(
    description: Description,
    window: Sequence[Example],
    encodings: Sequence[Encoding | None],
    sample: set[int],
) -> Iterator[_Job]:
    """The batches of a window, then those of its rows that are in the sample."""
    numbers = [example.row for example in window]
    sampled = [place for place, row in enumerate(numbers) if row in sample]
    chosen: tuple[tuple[list[int], Literal["float64"] | None], ...] = (
        (list(range(len(window))), None),
        (sampled, "float64"),
    )
    for places, precision in chosen:
        lengths = [_length(encodings[place]) for place in places]
        for batch in batches_of_side(description, lengths):
            yield _Job([numbers[places[index]] for index in batch], precision)


def _length(encoding: Encoding | None) -> int:
    return 0 if encoding is None else len(encoding.input_ids)


def _outputs(description: Description) -> list[str]:
    return [stage.name for stage in description.stages if is_output(stage.name)]
