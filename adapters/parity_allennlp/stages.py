"""The stages of the modules of an AllenNLP model, and the actual inputs of the transformer inside it.

basic_classifier, simple_tagger and transformer_qa over one Transformers embedder, and srl_bert, are seen layer by layer. The
transformer is found by its class, not by its path. Its own `pooler` exists, untrained and unused: the pooled stage is
`_seq2vec_encoder`, which has the trained pooler. Of every other model only the outputs and the top modules are stages.

Runs inside the foreign interpreter: torch and AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects have no types.

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any, Callable, Generator, NamedTuple, Sequence

from . import heads, pooling

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from parity._in_process.host import Host, Write
    from parity._in_process.sites import Site

_LAYERED = ("position_ids", "embeddings", "layer.", "module.")


class Inner(NamedTuple):
    """The one transformer of a model that can be seen layer by layer: where it is, how AllenNLP feeds it, and the head on it.

    `embedder` is AllenNLP's module around it; None where the model calls it by itself.
    """

    name: str
    transformer: Module
    embedder: Any
    indexer_name: str
    word_level: bool
    folds_at: int | None
    head: heads.Head

    @property
    def unused(self) -> list[str]:
        """The parameters of its pooler, which AllenNLP keeps, saves and never uses."""
        names = [name for name, _ in self.transformer.named_parameters() if name.startswith("pooler.")]
        return [f"{self.name}.{name}" for name in names]

    @property
    def mixes(self) -> bool:
        """Whether the head gets a trained mix of all layers."""
        return self.embedder is not None and self.embedder._scalar_mix is not None


def transformers_in(model: Module) -> list[tuple[str, Module]]:
    """Every Transformers model inside, by its class (the outermost where one holds another)."""
    wanted = importlib.import_module("transformers").PreTrainedModel
    found: list[tuple[str, Module]] = []
    for name, module in model.named_modules():
        if isinstance(module, wanted) and not any(name.startswith(outer + ".") for outer, _ in found):
            found.append((name, module))
    return found


def inner(model: Module) -> Inner | None:
    """The transformer by which this model can be aligned; None for a model of which only the outputs are compared."""
    head, found = heads.head_of(model), transformers_in(model)
    if head is None or len(found) != 1:
        return None
    if isinstance(head, heads.Roles):
        return Inner(found[0][0], found[0][1], None, "tokens", False, None, head)
    embedders = importlib.import_module("allennlp.modules.token_embedders")
    field_embedder = getattr(model, "_text_field_embedder", None) or getattr(
        model, "text_field_embedder", None
    )
    named = list(getattr(field_embedder, "_token_embedders", {}).items())
    if len(named) != 1:
        return None
    indexer_name, embedder = named[0]
    word_level = isinstance(embedder, embedders.PretrainedTransformerMismatchedEmbedder)
    matched = embedder._matched_embedder if word_level else embedder
    if not isinstance(matched, embedders.PretrainedTransformerEmbedder):
        return None
    return Inner(found[0][0], found[0][1], matched, indexer_name, word_level, matched._max_length, head)


class Sites(NamedTuple):
    """The hooked places, in forward order: inside the transformer (by segment, if it folds), and around it."""

    inside: list[Site]
    around: list[Site]


def layered_sites(host: Host, model: Module, seen: Inner) -> Sites:
    """The stages of a model aligned layer by layer; logits are the model's output, not a place."""
    tap = host.tap
    inside = [site for site in tap.locate(seen.transformer) if site.name.startswith(_LAYERED)]
    sites: list[Site] = []
    level = "word" if seen.word_level else "token"
    names = {id(module): name for name, module in model.named_modules()}

    def add(stage: str, module: Module, axes: tuple[str, ...]) -> None:
        sites.append(tap.Site(stage, names[id(module)], module, axes, first_tensor))

    if seen.mixes:
        inside.append(
            tap.Site("module.scalar_mix", seen.name, seen.embedder._scalar_mix, tap.HIDDEN, first_tensor)
        )
    words = named_in(model, "text_field_embedder")
    if seen.word_level:
        assert words is not None
        add("module.words", words, ("row", "word", "hidden"))
    encoder = named_in(model, "seq2seq_encoder") or getattr(model, "encoder", None)
    if encoder is not None and type(encoder).__name__ != "PassThroughEncoder":
        add("module.encoder", encoder, ("row", level, "hidden"))
    pooler = named_in(model, "seq2vec_encoder")
    if pooler is not None:
        add(pooling.stage_of(pooler, encoder), pooler, ("row", "hidden"))
    feedforward = named_in(model, "feedforward")
    if feedforward is not None:
        add("module.feedforward", feedforward, ("row", "hidden"))
    return Sites(inside, sites)


@contextlib.contextmanager
def top_modules(model: Module, write: Write) -> Generator[list[str], None, None]:
    """Temporarily write what each of the model's own top modules returned, as `module.<name>`: its first call's.

    Yields the list of those that were called again.
    """
    nn = importlib.import_module("torch.nn")
    uncalled = (nn.Dropout, nn.modules.loss._Loss, nn.ModuleList, nn.ModuleDict)
    calls: dict[str, int] = {}
    again: list[str] = []

    def hook(name: str) -> Callable[..., None]:
        def seen(
            _: Module, __: object, output: object
        ) -> None:  # a hook that returns anything replaces the output
            calls[name] = calls.get(name, 0) + 1
            found = first_tensor(output)
            if calls[name] == 1 and found is not None:
                write("module." + name.lstrip("_"), *of_one_row(found))
            if calls[name] == 2:
                again.append(name.lstrip("_"))

        return seen

    hung = [
        module.register_forward_hook(hook(name))
        for name, module in model.named_children()
        if not isinstance(module, uncalled)
    ]
    try:
        yield again
    finally:
        for handle in hung:
            handle.remove()


def of_one_row(values: Tensor) -> tuple[Tensor, Sequence[str]]:
    """A tensor of a batch of one row, with that row in front; its other axes are unknown."""
    if values.dim() == 0 or values.shape[0] != 1:
        values = values.unsqueeze(0)
    return values, ("row", *["other"] * (values.dim() - 1))


def named_in(model: Module, name: str) -> Module | None:
    """The module under this name, with or without the underscore in front."""
    found = getattr(model, "_" + name, None)
    return getattr(model, name, None) if found is None else found


def first_tensor(output: object) -> Tensor | None:
    """The first float tensor of whatever a module returned; None where there is none."""
    import torch

    if isinstance(output, torch.Tensor):
        return output if output.is_floating_point() else None
    if isinstance(output, dict):
        output = list(output.values())
    if isinstance(output, (tuple, list)):
        return next((found for found in map(first_tensor, output) if found is not None), None)
    return None


@contextlib.contextmanager
def feeding(
    seen: Inner, position_ids: Tensor | None, on_fed: Callable[[dict[str, Tensor]], None]
) -> Generator[None, None, None]:
    """Temporarily report what AllenNLP feeds its transformer (and also feed it `position_ids`, where given)."""
    transformer: Any = seen.transformer  # its forward is replaced
    original = transformer.forward

    def forward(*args: object, **fed: Tensor) -> object:
        if position_ids is not None:
            fed["position_ids"] = position_ids
        on_fed(fed)
        return original(*args, **fed)

    transformer.forward = forward
    try:
        yield
    finally:
        del transformer.forward


def words_of_tokens(offsets: Tensor, mask: Tensor, tokens: int) -> Tensor | None:
    """[rows, tokens] the word that each token is a piece of, counted from 1 (0: of none), by the first and last piece of each word
    [rows, words, 2]; None where a word has no pieces, or lies beyond the tokens (texts that are folded)."""
    import torch

    found = torch.zeros((offsets.shape[0], tokens), dtype=torch.long)
    for row, (places, there) in enumerate(zip(offsets.tolist(), mask.tolist())):
        for number, ((first, last), flag) in enumerate(zip(places, there), 1):
            if not flag:
                continue
            if not 0 <= first <= last < tokens:
                return None
            found[row, first : last + 1] = number
    return found


def unfolded(values: Tensor, rows: int, tokens: int) -> Tensor:
    """The transformer's outputs by segment, put back into rows: `[rows * segments, length, …]` to `[rows, tokens, …]`.

    The tokens are those of the ids as fed, so each segment's own special tokens are among them.
    """
    if values.shape[0] == rows:
        return values
    return values.reshape(rows, -1, *values.shape[2:])[:, :tokens]
