"""What parameters are like, as a runner answers: sketches of them, and rows of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from parity.border.connection import Pending
from parity.border.reply import Reply
from parity.border.slots import Slot
from parity.errors import RunnerSpokeGarbage

__all__ = ["ParametersAsked", "Sketch"]

_DIGITS = 16  # of the digest of a row


class Sketch(msgspec.Struct, frozen=True):
    """Digests of one parameter's numbers (`parity/_in_process/sketches.py`).

    `rounded` are those after rounding to each dtype, `exact` the dtypes that hold them without rounding. `norm` is the L2 norm (None: some
    are not finite), `numbers` a digest whatever their order. `rows` and `columns` are empty where there are too many, or none.
    """

    norm: float | None
    rounded: dict[str, str]
    exact: list[str]
    transposed: str
    rows: str
    columns: str
    numbers: str

    @classmethod
    def read(cls, value: Any, subject: str) -> dict[str, Self]:
        """Check what came over the border; raises RunnerSpokeGarbage."""
        try:
            return {str(name): msgspec.convert(one, cls) for name, one in dict(value).items()}
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            raise RunnerSpokeGarbage(
                f"{subject} sent sketches of parameters that parity cannot read: {error}.",
                next_step="This is a defect in its adapter's runner; report it with this message.",
            ) from error

    @property
    def each_row(self) -> list[str]:
        """The digest of each row."""
        return _cut(self.rows)

    @property
    def each_column(self) -> list[str]:
        """The digest of each column."""
        return _cut(self.columns)


class ParametersAsked(NamedTuple):
    """One runner, asked about parameters; what it reads lies in a slot that no forward is given."""

    ask: Callable[..., Pending]
    fields: Callable[[Pending], Mapping[str, Any]]
    slot: Slot
    subject: str

    def sketches(self, names: Sequence[str]) -> Reply[dict[str, Sketch]]:
        """The sketch of each of these that can have one."""
        what = "reading parameters"
        pending = self.ask(what, "rows_of_parameters", names=list(names), rows=None)
        return Reply(lambda: Sketch.read(self.fields(pending)["sketches"], self.subject), dict)

    def rows(self, name: str, rows: Sequence[int]) -> Reply[NDArray[np.float64] | None]:
        """[rows, n] rows of a parameter, None where its numbers are not known; to be collected before others are requested."""
        what = f"reading {name}"
        pending = self.ask(what, "rows_of_parameters", names=[name], rows=[int(row) for row in rows])

        def collect() -> NDArray[np.float64] | None:
            place = self.fields(pending)
            if "offset" not in place:
                return None
            shape = tuple(int(size) for size in place["shape"])
            return self.slot.view(str(place["dtype"]), shape, int(place["offset"])).astype(np.float64)

        return Reply(collect, dict)


def _cut(digests: str) -> list[str]:
    return [digests[at : at + _DIGITS] for at in range(0, len(digests), _DIGITS)]
