"""A runner: one subject, loaded in a process of its own, answering requests.

A runner starts at once and answers in its own time: every request returns a `Reply`, and several may be sent ahead, so
that two runners load and compute side by side while the host compares what has come already.

    with Runner.start(reference, adapter) as left, Runner.start(candidate, other) as right:
        replies = left.tokenize(examples), right.tokenize(examples)
"""

from __future__ import annotations

import contextlib
import os
import shutil
import weakref
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from parity.border.connection import Connection, Pending
from parity.border.description import Description, read_description
from parity.border.encodings import read_encodings
from parity.border.failures import Failures
from parity.border.generated import Asked, Generated, read_generated
from parity.border.interventions import Interventions
from parity.border.messages import Done, Failed, Tensor, listed, span
from parity.border.parameters_asked import ParametersAsked
from parity.border.reply import Batch, Group, Reply, StageTensor, TokenizeReply, Wide, written
from parity.border.selected import read_selected
from parity.border.slots import Array, Slot, files_of, free_slot, slot_folder
from parity.border.stage_names import StageNames
from parity.border.written_stages import Forward, stages_of
from parity.environments.resolve import interpreter_for
from parity.environments.variables import default_threads, variables_for
from parity.errors import RunnerSpokeGarbage
from parity.inputs.example import Example
from parity.subjects.adapter import Adapter, check_options
from parity.subjects.progress import OnProgress, unwatched
from parity.subjects.subject import Subject

__all__ = ["Batch", "Group", "Reply", "Runner", "StageTensor", "Wide", "written"]

_SERVE = Path(__file__).parent.parent / "_in_process" / "serve.py"
_SLOTS = 8  # and one more, for blocks of wide stages


class Runner:
    """A subject in a process of its own; `names` are those of its stages in a comparison. A context manager: leaving it ends the process and its files."""

    names = StageNames()

    def __init__(
        self,
        subject: Subject,
        adapter: Adapter,
        interpreter: Path,
        *,
        threads: int,
        timeout: float | None,
        on_progress: OnProgress,
    ) -> None:
        options = check_options(adapter, subject)
        if adapter.prepare is not None:
            options = adapter.prepare(subject, options)
        self.subject = subject
        self._description: Description | None = None
        self._windows = 0
        self._interventions: dict[str, Any] | None = None
        with contextlib.ExitStack() as stack:
            folder = slot_folder()
            self._failures = Failures(str(subject), adapter, interpreter, folder)
            self._slots, self._workdir = files_of(folder, _SLOTS + 1)
            stack.callback(shutil.rmtree, self._workdir, ignore_errors=True)
            for slot in self._slots:
                stack.callback(slot.close)
            descriptors, listings = zip(*((slot.descriptor, slot.listing) for slot in self._slots))
            self._connection = Connection(
                [str(interpreter), str(_SERVE), str(adapter.runner)],
                variables_for(
                    os.environ,
                    threads=threads,
                    withheld=adapter.withheld,
                    passed=adapter.passed,
                    # what a framework leaves in the temporary folder goes with the runner
                    variables={"TMPDIR": self._workdir, **adapter.variables},
                ),
                [*descriptors, *listings],
                name=str(subject),
                timeout=timeout,
                on_progress=on_progress,
            )
            stack.callback(self._connection.close)
            self._opened = self._connection.ask(
                "loading",
                "open",
                locator=subject.locator,
                options=options,
                slots=descriptors,
                listings=listings,
                threads=threads,
                workdir=self._workdir,
                shares=[str(folder) for folder in adapter.shares],
            )
            # Also when the context is not left: at the end of this interpreter at the latest.
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
        on_progress: OnProgress = unwatched,
    ) -> Self:
        """Start to load a subject, and return at once.

        `interpreter` is what `interpreter_for` finds when it is not given; `threads` half the cores; `timeout` the
        seconds of silence after which the runner is ended (None: never). `on_progress` is called from another thread.
        Raises UnknownOption, BadOptionValue, InterpreterNotFound, InterpreterBroken (what cannot be executed).
        """
        return cls(
            subject,
            adapter,
            interpreter or interpreter_for(subject.interpreter, adapter.environment),
            threads=threads or default_threads(),
            timeout=timeout,
            on_progress=on_progress,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the framework warned of so far, each sentence once."""
        return self._connection.warnings

    def describe(self) -> Description:
        """How the subject describes itself, waited for (it is loaded then) and requested once; raises as `Reply.wait`."""
        if self._description is None:
            value = self._fields(self._connection.ask("describing itself", "describe"))
            self._description = read_description(value, str(self.subject))
        return self.names.described(self._description)

    def reopen(self, subject: Subject, adapter: Adapter) -> None:
        """Load the same subject with other options in place of what is loaded; returns at once, as `start` does."""
        options = check_options(adapter, subject)
        if adapter.prepare is not None:
            options = adapter.prepare(subject, options)
        self._description = None
        self._opened = self._connection.ask("loading", "reopen", options=options)

    def tokenize(self, examples: Sequence[Example]) -> TokenizeReply:
        """Request the examples' encodings, one for each, None where the subject shows none.

        The runner keeps the window under the reply's number, for `forward`, until `forget`.
        """
        self._windows += 1
        takes = self._description is not None and self._description.can.target
        pending = self._connection.ask(
            f"tokenizing rows {examples[0].row} to {examples[-1].row}" if examples else "tokenizing no rows",
            "tokenize",
            window=self._windows,
            examples=[example.crossing(target=takes) for example in examples],
        )
        subject, count = str(self.subject), len(examples)
        return TokenizeReply(lambda: read_encodings(self._outcome(pending), count, subject), self._windows)

    @property
    def parameters(self) -> ParametersAsked:
        """What parameters are like, of a subject that has the ability `row_digests`."""
        return ParametersAsked(self._connection.ask, self._fields, self._slots[-1], str(self.subject))

    def forget(self, window: int) -> None:
        """Let the runner release a window; its number is not used again."""
        self._connection.ask("releasing a window", "forget", window=window)

    def forward(
        self,
        rows: Sequence[int] | None = None,
        inputs: Mapping[str, Any] | None = None,
        *,
        window: int | None = None,
        stages: Sequence[str] | None = None,
        precision: str | None = None,
        groups: Sequence[Group] = (),
    ) -> Reply[Batch]:
        """Request one forward: of `rows` of a `window` (the number of a `TokenizeReply`), or of exactly these `inputs`.

        `inputs` maps what is fed (`parity.align.feed`) to [rows, tokens] integers (arrays or lists), or to None for what is not.
        `stages` names those wanted (None: all there are); `precision` "float64" runs it in double precision. `groups` are the rows that
        are run together, one group after the other (none: all of them); of `inputs` a group takes as many columns as it is wide. Raises RuntimeError where no slot is free.
        """
        if (rows is None) == (inputs is None):
            raise ValueError("a forward takes rows or inputs, not both")
        if (rows is None) != (window is None):
            raise ValueError("rows need a window, and inputs take none")
        number, slot = free_slot(self._slots[:_SLOTS], str(self.subject))
        what = f"computing rows {span(rows)}" if rows is not None else "computing given inputs"
        what += " in float64" if precision == "float64" else ""
        pending = self._connection.ask(
            what,
            "forward",
            slot=number,
            window=window,
            rows=None if rows is None else [int(row) for row in rows],
            inputs=None if inputs is None else {name: listed(values) for name, values in inputs.items()},
            stages=None if stages is None else [self.names.runners(name) for name in stages],
            precision=precision,
            groups=[list(group) for group in groups],
            interventions=self._interventions,
        )
        slot.take(pending.number)
        return Reply(lambda: self._batch(pending, slot), lambda: self._stages(pending, slot))

    @contextlib.contextmanager
    def intervening(self, asked: Interventions) -> Generator[None]:
        """Have every forward that is requested, and waited for, inside the context show or change what its layers are called with."""
        number, slot = free_slot(self._slots[:_SLOTS], str(self.subject))
        slot.take(0)
        self._interventions = asked._replace(fields=self.names.asked(asked.fields)).put(number, slot)
        try:
            yield
        finally:
            self._interventions = None
            slot.give_back()

    def generate(self, rows: Sequence[int], asked: Asked, *, window: int) -> Reply[Generated]:
        """Request a text for each of these rows of a window, or the scores along given tokens."""
        number, slot = free_slot(self._slots[:_SLOTS], str(self.subject))
        fields = {"slot": number, "window": window, "rows": [int(row) for row in rows]}
        what = f"generating rows {span(rows)}"
        pending = self._connection.ask(what, "generate", **fields, asked=asked._asdict())
        slot.take(pending.number)
        count = len(rows) if asked.tokens is None else 0
        return Reply(lambda: self._generated(pending, slot, count), dict)

    def close(self) -> None:
        """End the process with its children and remove its files; any number of times."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _outcome(self, pending: Pending) -> Done:
        # Every request to a subject that did not load fails for the same reason.
        for request in (self._opened, pending):
            outcome = self._connection.wait(request)
            if isinstance(outcome, Failed):
                raise self._failures.error(request.what, outcome, opening=request is self._opened)
        assert isinstance(outcome, Done)
        return outcome

    def _fields(self, pending: Pending) -> dict[str, Any]:
        answer = self._outcome(pending)
        try:
            return answer.fields()
        except ValueError as error:
            sentence = f"The runner of {self.subject} sent an answer that is not a JSON object, while {pending.what}: {error}."
            raise RunnerSpokeGarbage(sentence) from error

    def _stages(self, pending: Pending, slot: Slot) -> dict[str, StageTensor]:
        number, blocks = self._slots.index(slot), self._slots[-1]

        def fetch(tensor: Tensor, places: list[int]) -> Array:
            fields = {"slot": number, "forward": tensor.id, "stage": tensor.stage, "positions": places}
            place = self._fields(self._connection.ask(f"reading {tensor.stage}", "block", **fields))
            found = blocks.view(tensor.dtype, (len(places), tensor.shape[-1]), int(place["offset"]))
            return found.copy()

        found = stages_of(Forward(pending.number, pending.what, str(self.subject), fetch), slot)
        return self.names.tensors(found)

    def _generated(self, pending: Pending, slot: Slot, count: int) -> Generated:
        try:
            value = self._fields(pending)
            texts = read_generated(value.get("rows"), count, str(self.subject))
            scores = self._stages(pending, slot).get("scores")
            return Generated(texts, None if scores is None else scores.values.copy(), value.get("float64"))
        finally:
            slot.give_back()

    def _batch(self, pending: Pending, slot: Slot) -> Batch:
        if not slot.is_of(pending.number):
            raise RuntimeError("a forward's answer is collected once: its slot may hold another one by now")
        try:
            value = self._fields(pending)
            groups = tuple(Group(*group) for group in value.get("groups", ()))
            selected = read_selected(value.get("selected"), str(self.subject))
            cpu, clock = float(value["cpu_seconds"]), float(value.get("seconds", 0.0))
            stages, calls = self._stages(pending, slot), self.names.calls(value.get("calls"))
            return Batch(stages, cpu, value.get("float64"), None, groups, selected, clock, calls)
        finally:
            slot.give_back()
