"""What a forward is asked to change or to show, for the time of that forward: the field `interventions` of a request.

`{"see": "all" | "names"}` describes the calls of the layers and of what stands beside them; with "all" their tensors are written too, as
`call.N`; with `"keep": name` what they return is kept for later forwards of the same rows, which `"skip": name` lets return it (`kept_outputs.py`).
`{"give": {...}, "slot": i, "tensors": {name: {"dtype", "source", "shape", "offset"}}}` gives them what another model's were
called with; the tensors lie in that slot, where the host has put them. With `"inside": [path]` either is about the modules inside those of these
paths (`module_calls.py`). `{"lens": {"output": stage, "top": k}}` applies the model's own head to every layer, and writes `lens.<layer>`. The answer
has `calls`: what was seen, or the outcome.
A session with the ability `isolates` has `intervene(asked, write, read)`, which returns a context manager around one forward (`layer_calls.py`,
`head_replay.py`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, Sequence

from . import groups

if TYPE_CHECKING:
    from .host import Write
    from .wire import Slot

__all__ = ["Enough", "forward"]


class Enough(Exception):
    """What a forward was requested for has been computed: the rest of it is not needed."""


def forward(session: Any, request: dict[str, Any], rows: Any, slots: Sequence[Slot], write: Write) -> Any:
    """Run a forward as it is requested, with its interventions where it has any."""
    requested = groups.Request(rows, request["inputs"], request["stages"], request["precision"])
    asked = request.get("interventions")
    if not asked:
        return groups.forward(session, requested, request.get("groups") or [], write)
    if request.get("groups"):
        raise ValueError("a forward with interventions runs its rows together")
    read = _reader(slots[int(asked["slot"])], asked["tensors"]) if asked.get("tensors") else None
    with session.intervene(asked, write, read) as calls:
        try:
            value: dict[str, Any] = session.forward(*requested, calls.noting(write)) or {}
        except Enough:
            value = {}
    # What is run again runs here, when no hook of that forward is left.
    return dict(value, calls=calls.answer())


def _reader(slot: Slot, places: dict[str, Any]) -> Callable[[str], Any]:
    """Gets a tensor of a slot by its name, each read once; and again where a model wrote into it."""
    # By numpy: a float64 run keeps torch from making anything narrower, whatever dtype is named.
    import numpy
    import torch

    known: dict[str, tuple[Any, int]] = {}

    def read(name: str) -> Any:
        if name not in known or known[name][1] != known[name][0]._version:
            place = places[name]
            dtype: Any = numpy.dtype(place["dtype"])
            count = 1
            for size in place["shape"]:
                count *= size
            data = bytearray(os.pread(slot.descriptor, count * dtype.itemsize, place["offset"]))
            flat: Any = numpy.frombuffer(data, dtype=dtype)
            found = torch.from_numpy(flat.reshape(place["shape"]))  # pyright: ignore[reportUnknownMemberType]
            found = found.bool() if place["source"] == "bool" else found
            known[name] = (found, int(found._version))
        return known[name][0]

    return read
