"""Which stages the outputs of an exported graph are: by their names, as exporters give them.

Hidden states are numbered: the first enters the first block, the last is what the model returns, after the last norm where it has one. Which
stages that are shows the config's own model, built without weights.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and transformers are Any here.

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Sequence

if TYPE_CHECKING:
    from parity._in_process.host import Host

    from .tasks import Row

__all__ = ["NamedOutputs", "Skeleton", "dtype", "named"]

_HIDDEN = ("row", "token", "hidden")
_NUMBERED = re.compile(r"hidden_states?[._]?(\d+)$")
_LAST = ("last_hidden_state", "token_embeddings")
_KNOWN = {
    "pooler_output": ("pooled", ("row", "hidden")),
    "start_logits": ("start_logits", ("row", "token")),
    "end_logits": ("end_logits", ("row", "token")),
}
_TYPES = {"float": "float32", "double": "float64", "float16": "float16", "bfloat16": "bfloat16"}


class Skeleton:
    """The config's own model without weights: the stages of its hidden states, in order, and the longest row; nothing where it cannot be built."""

    def __init__(self, config: Any, host: Host) -> None:
        self.stages: list[str] = []
        self.room: int | None = None
        try:
            import torch
            import transformers

            with torch.device("meta"):
                auto: Any = transformers.AutoModel
                model: Any = auto.from_config(config)
        except Exception:  # noqa: BLE001  # no config, no torch, a class of its own: the numbers alone are known
            return
        tap = host.tap
        sites = [site for site in tap.locate(model) if site.axes == tap.HIDDEN and not site.detail]
        self.stages = [site.name for site in sites if not site.name.startswith("decoder.")]
        self.room = tap.position_limit(model)

    def hidden(self, number: int, count: int) -> str:
        """The stage of one of so many hidden states."""
        layers = [name for name in self.stages if name.startswith("layer.")]
        if count != len(layers) + 1:
            return f"output.hidden_states.{number}"
        return self.stages[-1] if number == count - 1 else self.stages[number]


class NamedOutputs(NamedTuple):
    """The outputs that are stages, in the order of stages: each output's stage and axes; whether those of a head are among them."""

    stages: Mapping[str, tuple[str, tuple[str, ...]]]
    headed: bool
    notes: list[str]

    @property
    def scope(self) -> str:
        """Whether an inner stage that was not exported is missed: it is not where everything in the graph ends in its head's outputs."""
        if not self.headed:
            return "full"
        return "part" if any(stage == "layer.0" for stage, _ in self.stages.values()) else "outputs"


def named(values: Mapping[str, Any], row: Row | None, skeleton: Skeleton) -> NamedOutputs:
    """The stages among the outputs that one row gave; what is not a stage is reported in a note."""
    numbers = [name for name in values if _NUMBERED.search(name)]
    known = {**_KNOWN, **_outputs_of(row)}
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    notes: list[str] = []
    for name, value in values.items():
        number = _NUMBERED.search(name)
        if value.dtype.kind != "f":
            notes.append(f"The output {name} of the graph holds {value.dtype}, and is not compared.")
        elif number is not None and value.ndim == 3:
            found[name] = skeleton.hidden(int(number.group(1)), len(numbers)), _HIDDEN
        elif name in known and len(known[name][1]) == value.ndim:
            found[name] = known[name]
        elif name == "logits" and value.ndim in (2, 3):
            found[name] = "logits", ("row", "class") if value.ndim == 2 else ("row", "token", "class")
        elif name in _LAST and value.ndim == 3:
            if not any(
                (value.shape == values[one].shape) and (value == values[one]).all() for one in numbers
            ):
                whole = skeleton.stages and not numbers
                found[name] = (skeleton.stages[-1] if whole else "output.last_hidden_state"), _HIDDEN
        elif value.ndim in (2, 3):
            found[name] = "output." + name, _HIDDEN if value.ndim == 3 else ("row", "hidden")
        else:
            notes.append(
                f"The output {name} of the graph has the shape {list(value.shape)}, and is not compared."
            )
    heads = set(_outputs_of(row)) or {"logits"}
    headed = heads <= set(found)
    if row is not None and row.head and not headed:
        notes.append(
            f"config.json names a model with a head ({row.task}), and the graph has no output of it."
        )
    return NamedOutputs({name: found[name] for name in _in_order(found, skeleton.stages)}, headed, notes)


def dtype(outputs: Mapping[str, tuple[str, Sequence[Any]]]) -> str:
    """The dtype of a graph's first output of floating numbers, by its declared type: `tensor(float)`."""
    kinds = [re.sub(r".*\((.*)\)$", r"\1", declared) for declared, _ in outputs.values()]
    return next((_TYPES[kind] for kind in kinds if kind in _TYPES), "")


def _outputs_of(row: Row | None) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The outputs of a task's head by their names, with the stage and the axes of each; empty where there is no head."""
    if row is None or not row.head:
        return {}
    return row.outputs


def _in_order(found: Mapping[str, tuple[str, tuple[str, ...]]], stages: Sequence[str]) -> list[str]:
    order = [*stages, "pooled"]

    def place(name: str) -> int:
        stage = found[name][0]
        return order.index(stage) if stage in order else len(order)

    return sorted(found, key=place)
