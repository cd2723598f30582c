"""A runner's answers: a reply to wait for, and the tensors of one forward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from parity.border.messages import Tensor
from parity.border.selected import SelectedRow
from parity.border.slots import Array, Slot
from parity.errors import RunError, RunnerDied, RunnerRaised, RunnerSpokeGarbage
from parity.inputs.example import Encoding

__all__ = ["Batch", "Group", "Reply", "StageTensor", "TokenizeReply", "Wide", "stage_in", "written"]

_T = TypeVar("_T")


class Wide:
    """The vectors of a stage that is too wide to cross as a whole: they are fetched from the runner in blocks, as long as this lives.

    `columns` is the width of one, `bytes_each` its size.
    """

    def __init__(self, columns: int, bytes_each: int, fetch: Callable[[list[int]], Array]) -> None:
        self.columns = columns
        self.bytes_each = bytes_each
        self._fetch = fetch
        self._whole: Wide | None = None  # what holds the slot

    def block(self, places: NDArray[np.int64]) -> Array:
        """[places, columns] the vectors at these places of [rows * tokens]; raises as `Reply.wait`."""
        return self._fetch(places.tolist())

    def beginning_at(self, place: int) -> Wide:
        """The same without the vectors before a place."""
        found = Wide(
            self.columns, self.bytes_each, lambda places: self._fetch([one + place for one in places])
        )
        found._whole = self
        return found


class StageTensor(NamedTuple):
    """One stage of one batch: `values` has the shape that `axes` name, as a read-only view into the runner's slot.

    `source` is the dtype the framework had: `bfloat16` values are held as float32. Of a stage with the axis `vocabulary` the `values`
    have no columns, and `wide` has its vectors.
    """

    name: str
    axes: tuple[str, ...]
    values: Array
    source: str
    wide: Wide | None = None

    @property
    def columns(self) -> tuple[int, ...]:
        """The shape of one position."""
        return self.values.shape[2:] if self.wide is None else (self.wide.columns,)

    def row(self, place: int) -> StageTensor:
        """One row of it."""
        first = place * self.values.shape[1] if self.wide is not None else 0
        wide = None if self.wide is None else self.wide.beginning_at(first)
        return self._replace(values=self.values[place : place + 1], wide=wide)


class Group(NamedTuple):
    """Rows of one forward that were run together: how many, and how many tokens wide they were padded (None: not known)."""

    rows: int
    width: int | None = None


class Batch(NamedTuple):
    """The result of one forward: its stages by name in forward order, and the CPU seconds it took (`seconds` by the clock).

    The arrays stay what they are for as long as they are held, and so does the slot they lie in: copy what must be
    kept, and release the rest. `float64` says how a double-precision forward went: `pure`, `mixed: <op>` or
    `unchecked`; None for an ordinary one. `failure` is what ended the forward early: `stages` are then those that it
    wrote before. `groups` are the rows that were run together, one group after the other; empty where all were. Each stage then
    has the width of its widest group, with zeros where a group has no token. `selected` is what a subject without logits selects in each row.
    """

    stages: dict[str, StageTensor]
    cpu_seconds: float
    float64: str | None = None
    failure: RunError | None = None
    groups: tuple[Group, ...] = ()
    selected: tuple[SelectedRow, ...] = ()
    seconds: float = 0.0
    calls: Mapping[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Whether the runner's process is gone: nothing more can be run."""
        return isinstance(self.failure, RunnerDied)


class Reply(Generic[_T]):
    """The answer to a request, which may not have come yet."""

    def __init__(self, collect: Callable[[], _T], stages: Callable[[], dict[str, StageTensor]]) -> None:
        self._collect = collect
        self._stages = stages

    def wait(self) -> _T:
        """The answer, waited for; that of a forward can be collected once.

        Raises RunnerRaised (the framework's traceback as `detail`) or the UsageError that the runner recognised;
        RunnerDied, RunnerTimeout, RunnerSpokeGarbage, OutOfSpace; for a subject that could not be loaded, whatever
        that raised: InterpreterBroken, FrameworkMissing, SubjectNotFound, UnsafeArtifact and so on.
        """
        return self._collect()

    def so_far(self) -> dict[str, StageTensor]:
        """The stages a forward has written so far, in forward order: what is left of one that failed.

        To be called before the next forward is requested, which may use the slot again.
        """
        return self._stages()


class TokenizeReply(Reply[tuple[Encoding | None, ...]]):
    """The encodings of a window of examples, and the number by which a forward names the window."""

    def __init__(self, collect: Callable[[], tuple[Encoding | None, ...]], window: int) -> None:
        super().__init__(collect, dict)
        self.window = window


def stage_in(slot: Slot, tensor: Tensor, subject: str) -> StageTensor:
    """The stage that a line of a slot's listing names; raises RunnerSpokeGarbage where it is not there."""
    try:
        values = slot.view(tensor.dtype, tensor.shape, tensor.offset)
    except ValueError as error:
        raise RunnerSpokeGarbage(
            f"The runner of {subject} gave a wrong place for stage {tensor.stage}: {error}."
        ) from error
    return StageTensor(tensor.stage, tensor.axes, values, tensor.source)


def written(reply: Reply[Batch]) -> Batch:
    """The batch, waited for; of a forward that raised or crashed, the stages that it wrote before, with the failure.

    A process that SIGKILL ended raises as `Reply.wait` does: the system or the user ended it, and running again may help.
    """
    try:
        return reply.wait()
    except RunnerRaised as error:
        return Batch(reply.so_far(), 0.0, failure=error)
    except RunnerDied as error:
        if error.killed:
            raise
        return Batch(reply.so_far(), 0.0, failure=error)
