"""A model with its layers as stages: a classifier, a tagger, transformer_qa or srl_bert over one Transformers model.

Runs inside the foreign interpreter: torch and AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import contextlib
import importlib
import inspect
from typing import TYPE_CHECKING, Any, Callable, Sequence

from . import heads, stages

if TYPE_CHECKING:
    from parity._in_process.host import Host

Write = Callable[[str, Any, Sequence[str]], None]


class Layered:
    """Forwards of such a model: on rows padded as AllenNLP pads them, or on exactly the ids given."""

    scope = "full"

    def __init__(self, host: Host, model: Any, reader: Any, seen: Any) -> None:
        self._host = host
        self._model = model
        self._reader = reader
        self._torch: Any = importlib.import_module("torch")
        self._sites = stages.layered_sites(host, model, seen)
        self.seen = seen

    @property
    def can_be_given_ids(self) -> bool:
        """Whether ids alone suffice to run: not where words are pooled, nor where long texts are folded."""
        return not self.seen.word_level and self.seen.folds_at is None

    @property
    def everything(self) -> set[str] | None:
        """The names of all stages, those within layers too, which are written only when requested."""
        return {site.name for site in (*self._sites.inside, *self._sites.around)} | set(self.seen.head.stages)

    def module_of(self, stage: str) -> str | None:
        """The path of the module that a stage is the output of."""
        for site in self._sites.inside:
            if site.name == stage:
                return f"{self.seen.name}.{site.module_name}"
        return next((str(site.module_name) for site in self._sites.around if site.name == stage), None)

    def intervene(self, asked: dict[str, Any], write: Write, read: Any) -> Any:
        """What the layers of one forward are called with: shown, or given (`layer_calls.py`). Or the head on every layer (`head_replay.py`)."""
        if "lens" in asked:
            replay = self._host.head_replay.HeadReplay
            return replay(self._model, self._sites.inside, self._as_stages, asked, write, read)
        sites = [*self._sites.inside, *self._sites.around]
        watch = self._host.layer_calls.watch_calls
        return watch(self._model, self.seen.transformer, sites, asked, write, read)

    def forward(self, rows: list[Any], inputs: Any, requested: set[str] | None, write: Write) -> None:
        """Run those rows, or `inputs`; each stage is written as it is computed, all of them unless `requested` names some."""
        head = self.seen.head
        tensors = self._reader.batch(rows) if inputs is None else self._given(inputs)
        field = tensors[head.field][self.seen.indexer_name]
        size = (int(field["token_ids"].shape[0]), int(field["token_ids"].shape[1]))
        real = next(field[key] for key in ("segment_concat_mask", "wordpiece_mask", "mask") if key in field)
        if inputs is not None:
            real = self._torch.tensor(inputs["real"])
        word_ids = self._word_ids(tensors, real, inputs)

        def put(stage: str, values: Any, axes: Sequence[str]) -> None:
            write(stage, stages.unfolded(values, *size), axes)

        def tell(fed: dict[str, Any]) -> None:
            put("input_ids", fed["input_ids"], ("row", "token"))
            write("real", real.to(self._torch.uint8), ("row", "token"))
            put("attention_mask", fed["attention_mask"].long(), ("row", "token"))
            if fed.get("token_type_ids") is not None:
                put("token_type_ids", fed["token_type_ids"], ("row", "token"))
            if self.seen.word_level:
                write("word_mask", field["mask"].to(self._torch.uint8), ("row", "word"))
                numbers = stages.words_of_tokens(field["offsets"], field["mask"], size[1])
                if numbers is not None:
                    write("word_ids", numbers, ("row", "token"))
            elif word_ids is not None:
                write("word_mask", heads.Roles.word_mask(word_ids), ("row", "word"))
                write("word_ids", word_ids, ("row", "token"))

        inside = [site for site in self._sites.inside if _is_requested(site, requested)]
        around = [site for site in self._sites.around if _is_requested(site, requested)]
        with contextlib.ExitStack() as hooks:
            hooks.enter_context(stages.feeding(self.seen, self._positions(inputs), tell))
            taps = [
                hooks.enter_context(self._host.tap.Tap(inside, put)),
                hooks.enter_context(self._host.tap.Tap(around, write, size)),
            ]
            kept = hooks.enter_context(head.seen(self._model))
            output = self._model(**tensors)
        for one in taps:
            for stage, problem in one.unfit.items():
                self._host.warn(f"The stage {stage} could not be written: it is {problem}.")
        for stage, values, axes in head.outputs(output, kept, self.seen.word_level):
            if requested is None or stage in requested:
                write(stage, values, axes)
            if stage == "logits" and word_ids is not None and (requested is None or "words" in requested):
                write("words", heads.Roles.of_words(values, word_ids), ("row", "word", "class"))

    def _as_stages(self, output: dict[str, Any]) -> list[tuple[str, Any, Sequence[str]]]:
        """What the model returned as stages; of a head whose outputs are taken from inside the model there are none."""
        head = self.seen.head
        return [] if isinstance(head, heads.Answers) else list(head.outputs(output, [], self.seen.word_level))

    def _word_ids(self, tensors: dict[str, Any], real: Any, inputs: Any) -> Any:
        """[rows, tokens] the word of each token, where the model has logits for each piece and a word is decided by one of them."""
        if not self.seen.head.words:
            return None
        if inputs is None:
            return heads.Roles.word_ids(tensors, real)
        told = inputs.get("word_ids")
        return None if told is None else self._torch.tensor(told, dtype=self._torch.long)

    def _given(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The field's tensors for exactly these ids; a mask and type ids that are not given are AllenNLP's usual ones."""
        torch = self._torch
        ids = torch.tensor(inputs["input_ids"], dtype=torch.long)
        mask, types = inputs.get("attention_mask"), inputs.get("token_type_ids")
        tensors = {
            "token_ids": ids,
            "mask": torch.ones_like(ids, dtype=torch.bool)
            if mask is None
            else torch.tensor(mask, dtype=torch.bool),
            "type_ids": torch.zeros_like(ids) if types is None else torch.tensor(types, dtype=torch.long),
        }
        beside = self.seen.head.beside(ids, None if types is None else tensors["type_ids"])
        return {self.seen.head.field: {self.seen.indexer_name: tensors}, **beside}

    def _positions(self, inputs: Any) -> Any:
        """The positions to feed, which AllenNLP itself never does; None for those that the model uses anyway."""
        positions = None if inputs is None else inputs.get("position_ids")
        if positions is None:
            return None
        found = self._torch.tensor(positions, dtype=self._torch.long)
        if "position_ids" in inspect.signature(self.seen.transformer.forward).parameters:
            return found
        if bool((found == self._torch.arange(found.shape[1])).all()):
            return None
        raise ValueError(f"{type(self.seen.transformer).__name__} takes no position_ids")


def _is_requested(site: Any, requested: set[str] | None) -> bool:
    if site.name == "position_ids":
        return True
    return not site.detail if requested is None else site.name in requested
