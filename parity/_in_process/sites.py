"""The named places inside a transformer, found by their structure, never guessed.

For a Hugging Face `PreTrainedModel` (bare or with a head), in forward order:

    position_ids           the ids that enter the position embedding, where there is such a module
    embeddings             what enters the first block
    layer.k                what block k returns
    layer.k.attention      the attention's output, before the residual is added   (details: tapped only when requested by name)
    layer.k.mlp            the feed-forward's output, before the residual is added (likewise)
    module.<path>          the norm after the last block, where there is one
    pooled                 what the pooler returns

An encoder-decoder's decoder has the same names with `decoder.` in front. A model whose blocks are not found has no
`layer.k`.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and transformers are Any here.

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Sequence

import torch

from .output_records import fields_of, is_record

__all__ = ["HIDDEN", "Site", "first_tensor", "locate", "position_limit", "position_rows"]

HIDDEN = ("row", "token", "hidden")

# The names under which models keep their blocks. XLM has no blocks but lists of parts, of which each layer ends in one.
_BLOCK_LISTS = ("layer", "layers", "h", "block", "blocks", "albert_layer_groups")
_POSITIONS = ("position_embeddings", "wpe", "embed_positions", "pos_embeddings")
# Models whose blocks pass on their axes in another order: [tokens, rows, hidden], [rows, hidden, tokens].
_TURNED = {"xlnet": (0, 1), "squeezebert": (1, 2), "fsmt": (0, 1)}
# Blocks whose `forward` is called past their hooks: the parts in which they begin and end.
_BEGIN_AND_END = {"squeezebert": ("attention", "output")}
_LAST_NORMS = ("norm", "ln_f", "final_norm", "final_layer_norm", "final_layernorm", "layer_norm")

# Inside a block: the first path that exists is the place before the residual. The order is from the particular to the
# general, since `attention` includes the residual where it has an output projection of its own inside.
_ATTENTION = (
    "attention.output.dense",
    "attention.attn.o",
    "attention.dense",
    "albert_layers.0.attention.dense",
    "layer.0.SelfAttention",
    "self_attention.dense",
    "self_attn",
    "attn",
    "attention",
)
_MLP = (
    "output.dense",
    "albert_layers.0.ffn_output",
    "layer.2.DenseReluDense",
    "layer.1.DenseReluDense",
    "fc2",
    "mlp.dense_4h_to_h",
    "mlp",
    "ffn",
)


class Site(NamedTuple):
    """One place: the stage's name, its module, what to pick, and which of the module's calls it is.

    `cut` says that the model itself adds positions at the end, to fill its window: they are left out. `block` says that the module is
    the whole layer, which takes what the layer takes.
    """

    name: str
    module_name: str
    module: Any
    axes: tuple[str, ...]
    pick: Callable[[Any], Any]  # from the module's output (or, `before`, its arguments) to a tensor, or None
    call: int = 0
    before: bool = False
    detail: bool = False
    cut: bool = False
    block: bool = False


class _Stack(NamedTuple):
    """One run of blocks: the encoder's, or the decoder's."""

    prefix: str
    names: list[str]
    blocks: list[Any]
    calls: list[int]


def locate(model: Any) -> list[Site]:
    """The places of a PreTrainedModel in forward order, details included; empty of layers where none are found."""
    base = getattr(model, "base_model", model)
    root = next((name for name, module in model.named_modules() if module is base), "")
    sites = _parts(base, root)
    kind = getattr(getattr(base, "config", None), "model_type", "")
    begin, end = _BEGIN_AND_END.get(kind, ("", ""))
    for stack in _stacks(base, root):
        if not stack.prefix:
            sites.extend(_position_sites(base, root))
        sites.append(
            Site(
                stack.prefix + "embeddings",
                "input of " + stack.names[0],
                stack.blocks[0].get_submodule(begin),
                HIDDEN,
                _incoming,
                before=True,
            )
        )
        for k, (name, block, call) in enumerate(zip(stack.names, stack.blocks, stack.calls)):
            layer = f"{stack.prefix}layer.{k}"
            for part, paths in (("attention", _ATTENTION), ("mlp", _MLP)):
                found = _first(block, paths)
                if found is not None:
                    path, module = found
                    inner = f"{name}.{path}"
                    sites.append(
                        Site(
                            f"{layer}.{part}",
                            inner,
                            module,
                            HIDDEN,
                            first_tensor,
                            call,
                            detail=True,
                        )
                    )
            whole = block.get_submodule(end)
            sites.append(Site(layer, name, whole, HIDDEN, first_tensor, call, block=whole is block))
        sites.extend(_last_norm(base, root, stack))
    sites.extend(_pooler(model, base, root))
    turned = _TURNED.get(kind)
    cut = any(hasattr(getattr(base, "config", None), name) for name in ("attention_window", "block_size"))
    return [
        site._replace(pick=_turned(site.pick, turned) if turned else site.pick, cut=cut)
        if site.axes == HIDDEN
        else site
        for site in sites
    ]


def position_limit(model: Any) -> int | None:
    """How many tokens the position embedding has room for; None where positions are not a table."""
    table = _position_table(model)
    if table is None:
        return None
    # RoBERTa's kind counts from padding_idx + 1, BART's from its offset.
    skipped = getattr(table, "offset", 0) or (0 if table.padding_idx is None else table.padding_idx + 1)
    return int(table.num_embeddings) - int(skipped)


def position_rows(model: Any) -> int | None:
    """How many position ids can be given: BART's kind adds its offset to them, RoBERTa's takes them as they are."""
    table = _position_table(model)
    return None if table is None else int(table.num_embeddings) - int(getattr(table, "offset", 0))


def _position_table(model: Any) -> Any:
    base = getattr(model, "base_model", model)
    for name, module in base.named_modules():
        if name.rsplit(".", 1)[-1] in _POSITIONS and isinstance(module, torch.nn.Embedding):
            return module
    return None


def first_tensor(output: Any) -> Any:
    """A module's tensor, or the first of its tuple, dict or record; None when that is not a tensor."""
    if isinstance(output, dict):
        output = tuple(output.values())
    elif is_record(output):
        output = tuple(fields_of(output).values())
    if isinstance(output, (tuple, list)):
        output = output[0] if output else None
    return output if isinstance(output, torch.Tensor) else None


def _turned(pick: Callable[[Any], Any], axes: tuple[int, int]) -> Callable[[Any], Any]:
    """The same with these two axes exchanged; what has fewer is as it is."""

    def turned(seen: Any) -> Any:
        tensor = pick(seen)
        return tensor if tensor is None or tensor.dim() != 3 else tensor.transpose(*axes)

    return turned


def _parts(base: Any, root: str) -> list[Site]:
    """XLM's kind: the norms in which its layers end, in lists of their own; empty for all others."""
    norms, first = getattr(base, "layer_norm2", None), getattr(base, "layer_norm_emb", None)
    if not isinstance(norms, torch.nn.ModuleList) or first is None or getattr(base, "pre_norm", False):
        return []
    named = [("embeddings", "layer_norm_emb", first)]
    named += [(f"layer.{k}", f"layer_norm2.{k}", norm) for k, norm in enumerate(norms)]
    sites = [Site(stage, _join(root, place), module, HIDDEN, first_tensor) for stage, place, module in named]
    return [*_position_sites(base, root), *sites]


def _incoming(seen: Any) -> Any:
    args, kwargs = seen
    if args:
        return first_tensor(args[0])
    return next((kwargs[name] for name in ("hidden_states", "hidden_state", "x") if name in kwargs), None)


def _stacks(base: Any, root: str) -> list[_Stack]:
    encoder, decoder = getattr(base, "encoder", None), getattr(base, "decoder", None)
    if encoder is not None and decoder is not None:
        both = [
            _blocks(encoder, _join(root, "encoder"), ""),
            _blocks(decoder, _join(root, "decoder"), "decoder."),
        ]
        if all(stack is not None for stack in both):
            return [stack for stack in both if stack is not None]
    found = _blocks(base, root, "")
    return [] if found is None else [found]


def _blocks(container: Any, root: str, prefix: str) -> _Stack | None:
    """The longest list of same-class blocks under one of the known names, the outermost where they tie."""
    best_name = ""
    best: Any = None
    for name, module in container.named_modules():
        if not isinstance(module, torch.nn.ModuleList) or name.rsplit(".", 1)[-1] not in _BLOCK_LISTS:
            continue
        if best is not None and (name.startswith(best_name + ".") or len(module) <= len(best)):
            continue
        if len(module) and len({type(block) for block in module}) == 1 and any(module[0].children()):
            best_name, best = name, module
    if best is None:
        return None
    order = list(range(len(best)))
    if best_name.endswith("albert_layer_groups"):  # a few groups, each called for several layers in a row
        layers = int(container.config.num_hidden_layers)
        order = [int(k / (layers / len(best))) for k in range(layers)]
    if type(best[0]) is torch.nn.ModuleList:  # Funnel's blocks are lists of layers
        nested = [(f"{k}.{j}", one) for k, block in enumerate(best) for j, one in enumerate(block)]
        names = [_join(root, best_name, place) for place, _ in nested]
        return _Stack(prefix, names, [one for _, one in nested], [0] * len(nested))
    names = [_join(root, best_name, str(k)) for k in order]
    calls = [order[:k].count(group) for k, group in enumerate(order)]
    return _Stack(prefix, names, [best[k] for k in order], calls)


def _position_sites(base: Any, root: str) -> list[Site]:
    container, inside = base, root
    if hasattr(base, "encoder") and hasattr(base, "decoder"):
        container, inside = base.encoder, _join(root, "encoder")
    for name, module in container.named_modules():
        # Only the plain table: a subclass (BART's) gets other arguments and computes the ids inside.
        if name.rsplit(".", 1)[-1] in _POSITIONS and type(module) is torch.nn.Embedding:
            return [
                Site("position_ids", _join(inside, name), module, ("row", "token"), _incoming, before=True)
            ]
    return []


def _last_norm(base: Any, root: str, stack: _Stack) -> list[Site]:
    path = _join(*stack.names[0].split(".")[:-2])[len(root) :].lstrip(".")
    container = base.get_submodule(path) if path else base
    found = [
        (_join(path, name), module) for name, module in container.named_children() if name in _LAST_NORMS
    ]
    if path and hasattr(
        base, "LayerNorm"
    ):  # RoBERTa-PreLayerNorm's; DeBERTa's of that name is inside the encoder
        found.append(("LayerNorm", base.LayerNorm))
    for place, module in found:
        if "norm" in type(module).__name__.lower():
            return [Site("module." + place, _join(root, place), module, HIDDEN, first_tensor)]
    return []


def _pooler(model: Any, base: Any, root: str) -> list[Site]:
    for holder, place in ((base, root), (model, "")):
        # ALBERT's pooler is a Linear whose activation stands beside it.
        for name in ("pooler_activation", "pooler"):
            module = getattr(holder, name, None)
            if isinstance(module, torch.nn.Module) and getattr(holder, "pooler", None) is not None:
                return [Site("pooled", _join(place, name), module, ("row", "hidden"), first_tensor)]
    return []


def _first(block: Any, paths: Sequence[str]) -> tuple[str, Any] | None:
    for path in paths:
        module = block
        for step in path.split("."):
            module = getattr(module, step, None)
        if isinstance(module, torch.nn.Module):
            return path, module
    return None


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)
