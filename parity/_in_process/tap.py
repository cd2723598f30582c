"""The torch tap: finds the stages inside a transformer by what they are, and copies them out while a forward runs.

`locate(model)` names the places of a Hugging Face `PreTrainedModel` (bare or with a head), in forward order:

    position_ids           the ids that enter the position embedding, where there is such a module
    embeddings             what enters the first block
    layer.k                what block k returns
    layer.k.attention      the attention's output, before the residual is added   (details: tapped when asked by name)
    layer.k.mlp            the feed-forward's output, before the residual is added (likewise)
    module.<path>          the norm after the last block, where there is one
    pooled                 what the pooler returns

An encoder-decoder's decoder has the same names with `decoder.` in front. A place is named only for what it is: a model
whose blocks are not found has no `layer.k`, and none is guessed.

`Tap(sites, write)` hooks those places for one forward and calls `write(stage, tensor, axes)` as each is computed. The
hooks return None: they cannot change what the model computes.

`in_float64`, `parameters` and `weights_digest` come from the files beside this one.
"""

import importlib.util
import os
import sys
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import torch

__all__ = [
    "Site",
    "Tap",
    "first_tensor",
    "in_float64",
    "locate",
    "parameters",
    "position_limit",
    "weights_digest",
]


def _beside(name: str) -> Any:
    """A module of this folder, by path: it is no package where this runs."""
    place = os.path.join(os.path.dirname(os.path.realpath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("_parity_" + name, place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(spec.name, module)
    spec.loader.exec_module(module)
    return module


in_float64 = _beside("double").in_float64
_weights = _beside("weights")
parameters, weights_digest = _weights.parameters, _weights.weights_digest

HIDDEN = ("row", "token", "hidden")

# The names under which models keep their blocks. XLM, say, has no blocks but lists of parts: it is not guessed at.
_BLOCK_LISTS = ("layer", "layers", "h", "block", "blocks", "albert_layer_groups")
_POSITIONS = ("position_embeddings", "wpe", "embed_positions", "pos_embeddings")
_LAST_NORMS = ("norm", "ln_f", "final_norm", "final_layer_norm", "layer_norm")

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
    "mlp",
    "ffn",
)


class Site(NamedTuple):
    """One place: the stage's name, the module it hangs on, what to pick, and which of the module's calls it is."""

    name: str
    module_name: str
    module: Any
    axes: Tuple[str, ...]
    pick: Callable[[Any], Any]  # from the module's output (or, `before`, its arguments) to a tensor, or None
    call: int = 0
    before: bool = False
    detail: bool = False


class _Stack(NamedTuple):
    """One run of blocks: the encoder's, or the decoder's."""

    prefix: str
    names: List[str]
    blocks: List[Any]
    calls: List[int]


def locate(model: Any) -> List[Site]:
    """The places of a PreTrainedModel in forward order, details included; empty of layers where none are found."""
    base = getattr(model, "base_model", model)
    root = next((name for name, module in model.named_modules() if module is base), "")
    sites = []  # type: List[Site]
    for stack in _stacks(base, root):
        if not stack.prefix:
            sites.extend(_position_sites(base, root))
        sites.append(
            Site(
                stack.prefix + "embeddings",
                "input of " + stack.names[0],
                stack.blocks[0],
                HIDDEN,
                _incoming,
                before=True,
            )
        )
        for k, (name, block, call) in enumerate(zip(stack.names, stack.blocks, stack.calls)):
            layer = "{}layer.{}".format(stack.prefix, k)
            for part, paths in (("attention", _ATTENTION), ("mlp", _MLP)):
                found = _first(block, paths)
                if found is not None:
                    path, module = found
                    inner = "{}.{}".format(name, path)
                    sites.append(
                        Site(
                            "{}.{}".format(layer, part),
                            inner,
                            module,
                            HIDDEN,
                            first_tensor,
                            call,
                            detail=True,
                        )
                    )
            sites.append(Site(layer, name, block, HIDDEN, first_tensor, call))
        sites.extend(_last_norm(base, root, stack))
    sites.extend(_pooler(model, base, root))
    return sites


def position_limit(model: Any) -> Optional[int]:
    """How many tokens the position embedding has room for; None where positions are not a table."""
    base = getattr(model, "base_model", model)
    for name, module in base.named_modules():
        if name.rsplit(".", 1)[-1] in _POSITIONS and isinstance(module, torch.nn.Embedding):
            # RoBERTa's kind counts from padding_idx + 1, BART's from its offset.
            skipped = getattr(module, "offset", 0) or (
                0 if module.padding_idx is None else module.padding_idx + 1
            )
            return int(module.num_embeddings) - int(skipped)
    return None


def first_tensor(output: Any) -> Any:
    """A module's tensor, or the first of its tuple or dict; None when that is not a tensor."""
    if isinstance(output, dict):
        output = tuple(output.values())
    if isinstance(output, (tuple, list)):
        output = output[0] if output else None
    return output if isinstance(output, torch.Tensor) else None


class Tap:
    """Hooks on a model's places for the forwards inside the `with`; use one Tap a forward.

    `shape` is (rows, tokens) of the forward, where known: a tensor that does not begin with it is not written but
    named in `unfit`, with its shape. Without it the first hidden states that pass are taken as the measure.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        write: Callable[[str, Any, Sequence[str]], None],
        shape: Optional[Tuple[int, int]] = None,
    ) -> None:
        self._sites = list(sites)
        self._write = write
        self._shape = shape
        self._waiting = []  # type: List[Tuple[Site, Any]]
        self._calls = {}  # type: Dict[int, int]
        self._undo = []  # type: List[Callable[[], None]]
        self.unfit = {}  # type: Dict[str, str]
        self.written = []  # type: List[str]

    def __enter__(self) -> "Tap":
        hung = {}  # type: Dict[int, List[Site]]
        for site in self._sites:
            hung.setdefault(id(site.module), []).append(site)
        for sites in hung.values():
            self._hang(sites)
        return self

    def __exit__(self, *_: Any) -> None:
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()

    def _hang(self, sites: List[Site]) -> None:
        module = sites[0].module
        key = id(module)
        self._calls[key] = 0

        def enters(_: Any, args: Any, kwargs: Any) -> None:
            for site in sites:
                if site.before and site.call == self._calls[key]:
                    self._take(site, (args, kwargs))

        def leaves(_: Any, __: Any, output: Any) -> None:
            call = self._calls[key]
            self._calls[key] = call + 1
            for site in sites:
                if not site.before and site.call == call:
                    self._take(site, output)

        if any(site.before for site in sites):
            self._undo.append(_before(module, enters))
        self._undo.append(module.register_forward_hook(leaves).remove)

    def _take(self, site: Site, seen: Any) -> None:
        tensor = site.pick(seen)
        if tensor is None:
            self.unfit[site.name] = "not a tensor"
        elif site.axes == ("row", "token"):
            self._waiting.append((site, tensor))
            self._release()
        else:
            shape = tuple(int(size) for size in tensor.shape)
            if self._shape is None and site.axes == HIDDEN and len(shape) == 3:
                self._shape = (shape[0], shape[1])
            self._release()
            known = self._shape or ()
            lead = known[: sum(axis in ("row", "token") for axis in site.axes)]
            if len(shape) != len(site.axes) or shape[: len(lead)] != lead:
                self.unfit[site.name] = "of shape {}".format(list(shape))
            else:
                self._send(site, tensor)

    def _release(self) -> None:
        """Write what had to wait for the shape: positions are often one row that stands for all."""
        if self._shape is None:
            return
        for site, tensor in self._waiting:
            try:
                spread = tensor.expand(self._shape)
            except RuntimeError:
                self.unfit[site.name] = "of shape {}".format(list(tensor.shape))
            else:
                self._send(site, spread)
        self._waiting = []

    def _send(self, site: Site, tensor: Any) -> None:
        if site.name not in self.written:
            self.written.append(site.name)
            self._write(site.name, tensor, site.axes)


def _before(module: Any, enters: Callable[[Any, Any, Any], None]) -> Callable[[], None]:
    """Call `enters(module, args, kwargs)` before the module's forward; returns how to stop that."""
    if int(torch.__version__.split(".", 1)[0]) >= 2:
        return module.register_forward_pre_hook(enters, with_kwargs=True).remove  # type: ignore[no-any-return]
    # torch 1.x shows a pre-hook the positional arguments only, and DistilBERT passes hidden states by name.
    own = module.__dict__.get("forward")
    inner = module.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        enters(module, args, kwargs)
        return inner(*args, **kwargs)

    def undo() -> None:
        if own is None:
            del module.__dict__["forward"]
        else:
            module.forward = own

    module.forward = forward
    return undo


def _incoming(seen: Any) -> Any:
    args, kwargs = seen
    if args:
        return first_tensor(args[0])
    return next((kwargs[name] for name in ("hidden_states", "hidden_state", "x") if name in kwargs), None)


def _stacks(base: Any, root: str) -> List[_Stack]:
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


def _blocks(container: Any, root: str, prefix: str) -> Optional[_Stack]:
    """The longest list of same-class blocks under one of the known names, the outermost where they tie."""
    best_name, best = "", None  # type: Tuple[str, Any]
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
    names = [_join(root, best_name, str(k)) for k in order]
    calls = [order[:k].count(group) for k, group in enumerate(order)]
    return _Stack(prefix, names, [best[k] for k in order], calls)


def _position_sites(base: Any, root: str) -> List[Site]:
    encoder = getattr(base, "encoder", None)
    inside = _join(root, "encoder") if hasattr(base, "decoder") and encoder is not None else root
    for name, module in (encoder if inside != root else base).named_modules():
        # Only the plain table: a subclass (BART's) is given something else and works the ids out inside.
        if name.rsplit(".", 1)[-1] in _POSITIONS and type(module) is torch.nn.Embedding:
            return [
                Site("position_ids", _join(inside, name), module, ("row", "token"), _incoming, before=True)
            ]
    return []


def _last_norm(base: Any, root: str, stack: _Stack) -> List[Site]:
    path = _join(*stack.names[0].split(".")[:-2])[len(root) :].lstrip(".")
    container = base.get_submodule(path) if path else base
    for name, module in container.named_children():
        if name in _LAST_NORMS and "norm" in type(module).__name__.lower():
            place = _join(path, name)
            return [Site("module." + place, _join(root, place), module, HIDDEN, first_tensor)]
    return []


def _pooler(model: Any, base: Any, root: str) -> List[Site]:
    for holder, place in ((base, root), (model, "")):
        # ALBERT's pooler is a Linear whose activation stands beside it.
        for name in ("pooler_activation", "pooler"):
            module = getattr(holder, name, None)
            if isinstance(module, torch.nn.Module) and getattr(holder, "pooler", None) is not None:
                return [Site("pooled", _join(place, name), module, ("row", "hidden"), first_tensor)]
    return []


def _first(block: Any, paths: Sequence[str]) -> Optional[Tuple[str, Any]]:
    for path in paths:
        module = block
        for step in path.split("."):
            module = getattr(module, step, None)
        if isinstance(module, torch.nn.Module):
            return path, module
    return None


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)
