"""A runner: one subject, loaded in a process of its own, answering requests.

A runner starts at once and answers in its own time: every question is a `Reply`, and several may be asked ahead, so
that two runners load and compute side by side while the host compares what they have said already.

    with Runner.start(reference, adapter) as left, Runner.start(candidate, other) as right:
        replies = left.tokenize(examples), right.tokenize(examples)
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

import msgspec
import numpy as np

from parity.adapter import Adapter, check_options
from parity.conversation import Conversation, OnProgress, OnWarning, Pending, Progress
from parity.description import Description, read_description
from parity.encoding import Encoding, Example
from parity.environment import interpreter_for
from parity.errors import FrameworkMissing, OutOfSpace, ParityError, RunnerRaised, RunnerSpokeGarbage, by_slug
from parity.events import Done, Failed, TensorWritten
from parity.slots import Slot, slot_folder
from parity.subject import Subject
from parity.variables import default_threads, variables_for

__all__ = ["Batch", "Progress", "Reply", "Runner", "StageTensor"]

_SERVE = Path(__file__).parent / "_in_process" / "serve.py"
_T = TypeVar("_T")


class StageTensor(NamedTuple):
    """One stage of one batch: `values` has the shape that `axes` name, as a read-only view into the runner's slot.

    `source` is the dtype the framework had: `bfloat16` values are held as float32.
    """

    name: str
    axes: tuple[str, ...]
    values: np.ndarray[Any, np.dtype[Any]]
    source: str


class Batch(NamedTuple):
    """What one forward said: its stages by name in forward order, and the CPU seconds it took.

    The arrays are valid until the runner is asked for as many forwards again as it has slots. `float64` says how a
    double-precision forward went: `pure`, `mixed: <op>` or `unchecked`; None for an ordinary one.
    """

    stages: dict[str, StageTensor]
    cpu_seconds: float
    float64: str | None = None


class Reply(Generic[_T]):
    """The answer to a question, which may not have come yet."""

    def __init__(self, runner: Runner, pending: Pending, read: Callable[[dict[str, Any]], _T]) -> None:
        self._runner = runner
        self._pending = pending
        self._read = read

    def wait(self) -> _T:
        """The answer, waited for.

        Raises RunnerRaised (the framework's traceback as `detail`) or the UsageError that the runner recognised;
        RunnerDied, RunnerTimeout, RunnerSpokeGarbage, OutOfSpace; for a subject that could not be loaded, whatever
        that raised: InterpreterBroken, FrameworkMissing, SubjectNotFound, UnsafeArtifact and so on.
        """
        return self._read(self._runner._outcome(self._pending))

    @property
    def arrived(self) -> bool:
        """Whether `wait` would return or raise at once."""
        return self._pending.outcome is not None

    def so_far(self) -> dict[str, StageTensor]:
        """The stages a forward has written so far, in forward order: what is left of one that failed."""
        return self._runner._stages(self._pending)


class Runner:
    """A subject in a process of its own. A context manager: leaving it ends the process, its children and its files."""

    def __init__(
        self,
        subject: Subject,
        adapter: Adapter,
        interpreter: Path,
        *,
        threads: int,
        timeout: float | None,
        slots: int,
        on_progress: OnProgress | None,
        on_warning: OnWarning | None,
    ) -> None:
        options = check_options(adapter, subject)
        self.subject = subject
        self._adapter = adapter
        self._interpreter = interpreter
        self._forwards = 0
        self._description: Description | None = None
        with contextlib.ExitStack() as stack:
            folder = slot_folder()
            try:
                self._slots = [Slot(folder) for _ in range(slots)]
                self._workdir = tempfile.mkdtemp(prefix="parity-")
            except OSError as error:
                raise OutOfSpace(f"No temporary file can be made in {folder}: {error.strerror}.") from error
            stack.callback(shutil.rmtree, self._workdir, ignore_errors=True)
            for slot in self._slots:
                stack.callback(slot.close)
            descriptors = [slot.descriptor for slot in self._slots]
            self._conversation = Conversation(
                [str(interpreter), str(_SERVE), str(adapter.runner)],
                variables_for(
                    os.environ,
                    threads=threads,
                    withheld=adapter.withheld,
                    passed=adapter.passed,
                    variables=adapter.variables,
                ),
                descriptors,
                name=str(subject),
                timeout=timeout,
                on_progress=on_progress,
                on_warning=on_warning,
            )
            stack.callback(self._conversation.close)
            self._opened = self._conversation.ask(
                "loading",
                "open",
                locator=subject.locator,
                options=options,
                slots=descriptors,
                threads=threads,
                workdir=self._workdir,
            )
            # Also when nobody leaves the context: at the end of this interpreter at the latest.
            self._end = weakref.finalize(self, stack.pop_all().close)

    @classmethod
    def start(
        cls,
        subject: Subject,
        adapter: Adapter,
        *,
        interpreter: Path | None = None,
        threads: int | None = None,
        timeout: float | None = 600,
        slots: int = 3,
        on_progress: OnProgress | None = None,
        on_warning: OnWarning | None = None,
    ) -> Self:
        """Start to load a subject, and return at once.

        `interpreter` is what `interpreter_for` finds when it is not given; `threads` half the cores; `timeout` the
        seconds of silence after which the runner is ended (None: never). The callbacks are called from another thread.
        Raises UnknownOption, BadOptionValue, InterpreterNotFound, InterpreterBroken (what cannot even be executed).
        """
        return cls(
            subject,
            adapter,
            interpreter or interpreter_for(subject, adapter),
            threads=threads or default_threads(),
            timeout=timeout,
            slots=slots,
            on_progress=on_progress,
            on_warning=on_warning,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the framework warned of so far, each sentence once."""
        return self._conversation.warnings

    def describe(self) -> Description:
        """How the subject describes itself, waited for (it is loaded then) and asked once; raises as `Reply.wait`."""
        if self._description is None:
            reply = Reply(
                self, self._conversation.ask("describing itself", "describe"), lambda value: value
            ).wait()
            self._description = read_description(reply, str(self.subject))
        return self._description

    def tokenize(
        self, examples: Sequence[Example], first_row: int | None = None
    ) -> Reply[tuple[Encoding, ...]]:
        """Ask for the examples' encodings, one a row; the runner keeps them for `forward` until the next `tokenize`.

        Rows are numbered from `first_row` on, by default the first example's own.
        """
        first = first_row if first_row is not None else examples[0].row if examples else 0
        pending = self._conversation.ask(
            f"tokenizing rows {first} to {first + len(examples) - 1}",
            "tokenize",
            first_row=first,
            examples=[{"text": example.text, "pair": example.pair} for example in examples],
        )
        return Reply(self, pending, lambda value: self._encodings(value, len(examples)))

    def forward(
        self,
        rows: Sequence[int] | None = None,
        inputs: Mapping[str, Any] | None = None,
        *,
        stages: Sequence[str] | None = None,
        precision: str | None = None,
    ) -> Reply[Batch]:
        """Ask for one forward: of tokenized `rows`, or of exactly these `inputs`.

        `inputs` maps `input_ids`, `attention_mask`, `token_type_ids`, `position_ids`, `real` to [rows, tokens] integers
        (arrays or lists), or to None for what is not fed. `stages` names those wanted (None: all there are);
        `precision` "float64" runs it in double precision. Slots are used in turn: asking for a forward gives up the
        one asked for as many forwards ago as there are slots.
        """
        if (rows is None) == (inputs is None):
            raise ValueError("a forward is of rows, or of inputs")
        slot = self._forwards % len(self._slots)
        self._forwards += 1
        what = f"computing rows {_span(rows)}" if rows is not None else "computing given inputs"
        pending = self._conversation.ask(
            what + (" in float64" if precision == "float64" else ""),
            "forward",
            slot=slot,
            rows=None if rows is None else [int(row) for row in rows],
            inputs=None if inputs is None else {name: _listed(values) for name, values in inputs.items()},
            stages=None if stages is None else list(stages),
            precision=precision,
        )
        return Reply(self, pending, lambda value: self._batch(pending, value))

    def close(self) -> None:
        """End the process, whatever it started, and its files; once is enough."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _outcome(self, pending: Pending) -> dict[str, Any]:
        for asked in (
            self._opened,
            pending,
        ):  # what was asked of a subject that did not load fails for that reason
            outcome = self._conversation.wait(asked)
            if isinstance(outcome, Failed):
                raise self._error(asked, outcome)
        assert isinstance(outcome, Done)
        return outcome.value

    def _error(self, asked: Pending, failed: Failed) -> ParityError:
        module = (failed.missing or "").partition(".")[0]
        if asked is self._opened and module and module in (*self._adapter.framework, "numpy", "torch"):
            return FrameworkMissing(
                f"{self._interpreter} has no {module}, which {self._adapter.scheme}: needs.",
                next_step=f"Install it there: {self._interpreter} -m pip install {module}"
                if self._interpreter != Path(sys.executable)
                else f"Install it beside parity: {self._interpreter} -m pip install {module}",
                detail=failed.traceback,
            )
        kind = by_slug(failed.slug)
        if kind is RunnerRaised:
            return RunnerRaised(
                f"{self.subject} failed while {asked.what}: {failed.sentence}",
                next_step=failed.next_step,
                detail=failed.traceback,
            )
        step = failed.next_step
        if kind is OutOfSpace and not step:
            step = "Use fewer rows at a time (?batch_size=1), or name a roomier folder: PARITY_SLOTS=FOLDER, TMPDIR=FOLDER."
        return kind(failed.sentence, next_step=step, detail=failed.traceback)

    def _stages(self, pending: Pending) -> dict[str, StageTensor]:
        return {event.stage: self._stage(event) for event in list(pending.tensors)}

    def _stage(self, event: TensorWritten) -> StageTensor:
        try:
            values = self._slots[event.slot].view(event.dtype, event.shape, event.offset)
        except (ValueError, IndexError) as error:
            raise RunnerSpokeGarbage(
                f"The runner of {self.subject} said that stage {event.stage} lies where it does not: {error}."
            ) from error
        return StageTensor(event.stage, event.axes, values, event.source)

    def _batch(self, pending: Pending, value: dict[str, Any]) -> Batch:
        return Batch(self._stages(pending), float(value["cpu_seconds"]), value.get("float64"))

    def _encodings(self, value: dict[str, Any], expected: int) -> tuple[Encoding, ...]:
        try:
            rows = msgspec.convert(value, _Rows).rows
        except msgspec.ValidationError as error:
            raise self._misfit(str(error)) from error
        if len(rows) != expected:
            raise self._misfit(f"{len(rows)} encodings for {expected} examples")
        for number, row in enumerate(rows):
            lengths = {
                len(row.input_ids),
                len(row.pieces),
                len(row.offsets),
                len(row.segments),
                len(row.special),
            }
            if len(lengths) > 1 or len(row.token_type_ids or row.input_ids) != len(row.input_ids):
                raise self._misfit(f"encoding {number} has columns of different lengths")
        return tuple(row.encoding() for row in rows)

    def _misfit(self, reason: str) -> RunnerSpokeGarbage:
        return RunnerSpokeGarbage(
            f"{self.subject} answered with encodings parity cannot read: {reason}.",
            next_step="This is a defect of its adapter's runner; report it with this sentence.",
        )


class _Row(msgspec.Struct, frozen=True):
    input_ids: tuple[int, ...]
    pieces: tuple[str, ...]
    offsets: tuple[tuple[int, int] | None, ...]
    segments: tuple[int | None, ...]
    special: tuple[int | bool, ...]
    token_type_ids: tuple[int, ...] | None = None
    normalized: str | None = None
    normalized_pair: str | None = None
    untruncated: int = 0

    def encoding(self) -> Encoding:
        return Encoding(
            self.input_ids,
            self.pieces,
            self.offsets,
            self.segments,
            tuple(map(bool, self.special)),
            self.token_type_ids,
            self.normalized,
            self.normalized_pair,
            self.untruncated,
        )


class _Rows(msgspec.Struct, frozen=True):
    rows: tuple[_Row, ...]


def _listed(values: Any) -> Any:
    return None if values is None else np.asarray(values).tolist()


def _span(rows: Sequence[int]) -> str:
    return f"{min(rows)} to {max(rows)} ({len(rows)})" if rows else "(none)"
