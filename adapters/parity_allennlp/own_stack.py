"""A model over AllenNLP's own transformer (`allennlp.modules.transformer`), with its layers as stages: embeddings, a stack, a pooler, a linear layer.

Its reader gives the tensors that Transformers' tokenizers give (a TransformerTextField). Its modules have other names than those of Transformers,
and its layers return records in place of tensors; what is what is found by structure, as in a Transformers model.

Runs inside the foreign interpreter: torch and AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple, Sequence

from . import heads

if TYPE_CHECKING:
    from parity._in_process.host import Host, Write

__all__ = ["Own", "OwnStack", "own"]

_MODELS = ("allennlp_models.classification.models.transformer_classification_tt.TransformerClassificationTT",)
FIELD = "text"


class _Head(heads.Head):
    """The linear layer on the pooler."""

    note = "It runs AllenNLP's own implementation of the transformer: the layer norms in its layers have an epsilon of 1e-12, whatever its config says."


class Own(NamedTuple):
    """The one transformer of such a model, which is the model itself but for its head."""

    name: str
    transformer: Any
    head: heads.Head
    word_level: bool = False
    folds_at: int | None = None
    mixes: bool = False

    @property
    def rows(self) -> int:
        """The rows of its embedding matrix."""
        return int(self.transformer.embeddings.embeddings["word_embeddings"].num_embeddings)

    @property
    def unused(self) -> list[str]:
        """Every module of it is used."""
        return []


def own(model: Any) -> Own | None:
    """Such a model; None for any other."""
    known = f"{type(model).__module__}.{type(model).__qualname__}"
    return Own("", model, _Head()) if known in _MODELS else None


class OwnStack:
    """Forwards of such a model: on rows padded as AllenNLP pads them, or on exactly the ids given."""

    scope = "full"
    can_be_given_ids = True

    def __init__(self, host: Host, model: Any, reader: Any, seen: Own) -> None:
        self._host = host
        self._model = model
        self._reader = reader
        self._torch: Any = importlib.import_module("torch")
        self._sites = host.tap.locate(model)
        self.seen = seen

    @property
    def everything(self) -> set[str] | None:
        """The names of all stages, those within layers too, which are written only when requested."""
        return {site.name for site in self._sites} | {"logits"}

    def module_of(self, stage: str) -> str | None:
        """The path of the module that a stage is the output of."""
        return next((str(site.module_name) for site in self._sites if site.name == stage), None)

    def intervene(self, asked: dict[str, Any], write: Write, read: Any) -> Any:
        """What the layers of one forward are called with: shown, or given (`layer_calls.py`). Or the head on every layer (`head_replay.py`)."""
        if "lens" in asked:
            replay = self._host.head_replay.HeadReplay
            return replay(self._model, self._sites, self._as_stages, asked, write, read)
        return self._host.layer_calls.watch_calls(self._model, None, self._sites, asked, write, read)

    def forward(self, rows: list[Any], inputs: Any, requested: set[str] | None, write: Write) -> None:
        """Run those rows, or `inputs`; each stage is written as it is computed, all of them unless `requested` names some."""
        text = self._reader.batch(rows)[FIELD] if inputs is None else self._given(inputs)
        ids, mask = text["input_ids"], text["attention_mask"]
        write("input_ids", ids, ("row", "token"))
        real = mask if inputs is None else self._torch.tensor(inputs["real"])
        write("real", real.to(self._torch.uint8), ("row", "token"))
        write("attention_mask", mask.long(), ("row", "token"))
        if text.get("token_type_ids") is not None:
            write("token_type_ids", text["token_type_ids"], ("row", "token"))
        wanted = [site for site in self._sites if _is_requested(site, requested)]
        with contextlib.ExitStack() as hooks:
            tap = hooks.enter_context(
                self._host.tap.Tap(wanted, write, (int(ids.shape[0]), int(ids.shape[1])))
            )
            output = self._model(**{FIELD: text})
        for stage, problem in tap.unfit.items():
            self._host.warn(f"The stage {stage} could not be written: it is {problem}.")
        for stage, values, axes in self._as_stages(output):
            if requested is None or stage in requested:
                write(stage, values, axes)

    def _as_stages(self, output: dict[str, Any]) -> Iterator[tuple[str, Any, Sequence[str]]]:
        yield from self.seen.head.outputs(output, [], False)

    def _given(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The field's tensors for exactly these ids; a mask and type ids that are not given are AllenNLP's usual ones."""
        torch = self._torch
        ids = torch.tensor(inputs["input_ids"], dtype=torch.long)
        mask = inputs.get("attention_mask")
        found = {
            "input_ids": ids,
            "attention_mask": torch.ones_like(ids, dtype=torch.bool)
            if mask is None
            else torch.tensor(mask, dtype=torch.bool),
        }
        for name in ("token_type_ids", "position_ids"):
            if inputs.get(name) is not None:
                found[name] = torch.tensor(inputs[name], dtype=torch.long)
        return found


def _is_requested(site: Any, requested: set[str] | None) -> bool:
    if site.name == "position_ids":
        return True
    return not site.detail if requested is None else site.name in requested
