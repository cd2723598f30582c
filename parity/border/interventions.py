"""What a forward is asked to show or to change: the field `interventions` of its request, with the tensors that it takes.

The form is that of `parity/_in_process/interventions.py`. A tensor is put into a slot of the runner that takes it, by the host: the only one
that the host writes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from parity.border.reply import StageTensor
from parity.border.slots import Slot

__all__ = ["Interventions"]

_ALIGNMENT = 64


class Interventions(NamedTuple):
    """`fields` of the request, and the tensors that they name."""

    fields: Mapping[str, Any]
    tensors: Mapping[str, StageTensor]

    @classmethod
    def see(cls, *, tensors: bool, keep: str = "") -> Interventions:
        """Show the calls of a forward; with their `tensors`, or their names alone. The runner keeps what they return under the name `keep`, where there
        is one."""
        fields = {"see": "all" if tensors else "names"}
        return cls({**fields, "keep": keep} if keep else fields, {})

    @classmethod
    def give(cls, what: Mapping[str, Any], tensors: Mapping[str, StageTensor]) -> Interventions:
        """Give the layers what another model's were called with."""
        return cls({"give": what}, tensors)

    @classmethod
    def lens(cls, output: str, top: int, columns: StageTensor | None = None) -> Interventions:
        """Apply the side's own head to every layer: `output` is its stage. Of a vocabulary `top` columns are shown, or those that are given."""
        return cls({"lens": {"output": output, "top": top}}, {} if columns is None else {"columns": columns})

    @classmethod
    def see_inside(cls, paths: Sequence[str]) -> Interventions:
        """Show the calls inside these modules, with their tensors."""
        return cls({"see": "all", "inside": list(paths)}, {})

    @classmethod
    def measure_inside(
        cls, paths: Sequence[str], what: Mapping[str, Any], tensors: Mapping[str, StageTensor]
    ) -> Interventions:
        """Show the calls inside these modules by name, and measure their outputs against another model's."""
        return cls({"see": "names", "inside": list(paths), "give": {**what, "exchange": False}}, tensors)

    @classmethod
    def give_inside(
        cls, paths: Sequence[str], what: Mapping[str, Any], tensors: Mapping[str, StageTensor]
    ) -> Interventions:
        """Give every module inside these what another model's was called with, and measure what each makes of it."""
        return cls({"inside": list(paths), "give": {**what, "exchange": True}}, tensors)

    def skipping(self, kept: str) -> Interventions:
        """The same about modules inside some, but with what the runner kept under this name in place of what lies outside of them."""
        return self._replace(fields={**self.fields, "skip": kept}) if kept else self

    def put(self, number: int, slot: Slot) -> dict[str, Any]:
        """Put the tensors into a slot that nothing is written to meanwhile; the field of the request."""
        places: dict[str, Any] = {}
        offset = 0
        for name, tensor in self.tensors.items():
            values = np.ascontiguousarray(tensor.values)
            view = values.reshape(-1).view(np.uint8).data if values.size else memoryview(b"")
            start = offset
            while view:
                written = os.pwrite(slot.descriptor, view, start)
                start, view = start + written, view[written:]
            places[name] = {
                "dtype": str(values.dtype),
                "source": tensor.source,
                "shape": list(tensor.values.shape),
                "offset": offset,
            }
            offset = -(-start // _ALIGNMENT) * _ALIGNMENT
        return {**self.fields, "slot": number, "tensors": places}
