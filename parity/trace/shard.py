"""A shard: the stages of some rows as they are stored, real positions only, collected batch by batch until there are enough.

The layout is described in manifest.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from parity.stages import MASKS
from parity.trace.safetensors_writer import WrittenFile, write_tensors

__all__ = ["Form", "Shard", "Stage", "form_of", "masks"]

Array = NDArray[Any]
_COUNTS = {"token": "tokens", "word": "words"}


class Stage(Protocol):
    """One stage of a batch, as a runner's reply holds it."""

    @property
    def axes(self) -> tuple[str, ...]: ...
    @property
    def values(self) -> Array: ...


class StageForm(NamedTuple):
    """How one stage is laid out: its width is [hidden] or [classes], None where each row has a shape of its own."""

    name: str
    axes: tuple[str, ...]
    dtype: str
    width: tuple[int, ...] | None


class Form(NamedTuple):
    """The properties that the rows of one shard share."""

    precision: Literal["float64"] | None
    stages: tuple[StageForm, ...]


def masks(stages: Mapping[str, Stage]) -> dict[str, NDArray[np.bool_]]:
    """Which positions are real, by axis: `token` and, for word-level models, `word`."""
    return {axis: stages[name].values.astype(bool) for axis, name in MASKS.items() if name in stages}


class Shard:
    """Rows of one form. It copies its arguments; `size` is in bytes."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.rows: list[int] = []
        self.size = 0
        self._pieces: dict[str, list[Array]] = {}

    def add(self, rows: Sequence[int], stages: Mapping[str, Stage]) -> None:
        """Copy the real positions of a batch, whose stages are views that the next batch will overwrite."""
        real = masks(stages)
        for axis, mask in real.items():
            self._keep(_COUNTS[axis], mask.sum(axis=1, dtype=np.int64))
        for form in self.form.stages:
            values = stages[form.name].values
            if form.width is None:
                shapes = np.tile(np.array(values.shape[1:], np.int64), (len(values), 1))
                self._keep(f"shape.{form.name}", shapes)
                self._keep(f"stage.{form.name}", values.reshape(-1).copy())
            elif len(form.axes) > 1 and form.axes[1] in real:
                self._keep(f"stage.{form.name}", values[real[form.axes[1]]])
            else:
                self._keep(f"stage.{form.name}", values.copy())
        self.rows.extend(rows)

    def write(self, path: Path) -> WrittenFile:
        """Write what was gathered; raises OSError."""
        tensors = {"rows": [np.array(self.rows, np.int64)], **self._pieces}
        return write_tensors(path, tensors, {"format": "parity.trace"})

    def _keep(self, name: str, piece: Array) -> None:
        self._pieces.setdefault(name, []).append(piece)
        self.size += piece.nbytes


def form_of(stages: Mapping[str, Stage], precision: Literal["float64"] | None) -> Form:
    """The form of a batch."""
    real = [axis for axis, name in MASKS.items() if name in stages]
    forms: list[StageForm] = []
    for name, stage in stages.items():
        if name in MASKS.values():
            continue
        axes = tuple(stage.axes)
        start = 2 if len(axes) > 1 and axes[1] in real else 1
        regular = all(axis in ("hidden", "class", "kept") for axis in axes[start:])
        width = tuple(stage.values.shape[start:]) if regular else None
        forms.append(StageForm(name, axes, stage.values.dtype.name, width))
    return Form(precision, tuple(forms))
