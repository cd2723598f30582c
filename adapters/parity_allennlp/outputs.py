"""A model with only its outputs and its top modules as stages, one row at a time.

Runs inside the foreign interpreter: torch and AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import importlib
from typing import Any, Callable, Sequence

from . import stages

Write = Callable[[str, Any, Sequence[str]], None]


class Outputs:
    """Forwards of any other model: the effect of padding on its outputs is unknown, so a batch is one row."""

    scope = "outputs"
    can_be_given_ids = False
    seen = None

    def __init__(self, model: Any, reader: Any) -> None:
        self._model = model
        self._reader = reader
        self._torch: Any = importlib.import_module("torch")
        self.called_again: list[str] = []

    @property
    def everything(self) -> set[str] | None:
        """None: all stages are always written."""
        return None

    def module_of(self, stage: str) -> str | None:
        """The path of the module that a stage is the output of."""
        name = stage.partition("module.")[2]
        return next((path for path, _ in self._model.named_children() if path.lstrip("_") == name), None)

    def forward(self, rows: list[Any], inputs: Any, requested: set[str] | None, write: Write) -> None:
        """Run one row; every float tensor that a top module or the model returns is written."""
        if len(rows) != 1 or inputs is not None:
            raise ValueError(f"this model is run one row at a time, not {len(rows)}, and on its own ids")
        row = rows[0]
        if row.pieces:
            ids = self._torch.tensor([[piece.id for piece in row.pieces]], dtype=self._torch.long)
            write("input_ids", ids, ("row", "token"))
            write("real", self._torch.ones_like(ids, dtype=self._torch.uint8), ("row", "token"))
        tensors = self._reader.batch(rows)

        def put(stage: str, values: Any, axes: Sequence[str]) -> None:
            if requested is None or stage in requested:
                write(stage, values, axes)

        with stages.top_modules(self._model, put) as again:
            output = self._model(**tensors)
        self.called_again = sorted({*self.called_again, *again})
        for key, value in output.items():
            found: Any = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
            if hasattr(found, "is_floating_point") and found.is_floating_point():
                self._write_output(key, found, row, put)

    def _write_output(self, key: str, values: Any, row: Any, put: Write) -> None:
        # The columns of a multiple choice are the row's own choices, not classes.
        if key in ("logits", "label_logits") and self._reader.reading.name != "transformer_mc":
            if values.dim() == 2:
                put("logits", values, ("row", "class"))
                return
            if values.dim() == 3 and values.shape[1] == len(row.pieces):
                put("logits", values, ("row", "token", "class"))
                return
        put("output." + key, *stages.of_one_row(values))
