"""Faults that are no noise on a weight: another epsilon, activation or scale, a bias that is dropped, heads in another order; and what each is the error of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from proof.modules import LAYERS

__all__ = ["FAULTS", "Fault", "apply"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Fault(NamedTuple):
    """What is to be named, in forward order; and either fields of config.json or a tensor that is zeroed, scaled or has its heads in another order.

    `heads` are the axis along which heads follow one another, where they begin, how many there are and their width.
    """

    modules: tuple[str, ...]
    fields: Mapping[str, Any] = _NOTHING
    tensor: str = ""
    scale: float = 1.0
    heads: tuple[int, int, int, int] | None = None


def _each(*names: str) -> tuple[str, ...]:
    """These modules of every layer."""
    return tuple(name.format(layer) for layer in range(LAYERS) for name in names)


_SCALE = 1.001
_BERT, _DEBERTA, _GPT2, _T5 = (
    "bert.encoder.layer.{}.",
    "deberta.encoder.layer.{}.",
    "transformer.h.{}.",
    "encoder.block.{}.layer.",
)
_LLAMA = "model.layers.{}."


def _on(module: str, **change: Any) -> Fault:
    """A change of a module's weight."""
    return Fault((module,), tensor=f"{module}.weight", **change)


def _without_bias(module: str) -> Fault:
    return Fault((module,), tensor=f"{module}.bias", scale=0.0)


FAULTS = {
    "BertForSequenceClassification": {
        "epsilon": Fault(
            ("bert.embeddings.LayerNorm", *_each(f"{_BERT}attention.output.LayerNorm", f"{_BERT}output.LayerNorm")),
            {"layer_norm_eps": 1e-6},
        ),
        "activation": Fault(_each(f"{_BERT}intermediate.intermediate_act_fn"), {"hidden_act": "gelu_new"}),
        "scale": _on("bert.encoder.layer.2.attention.self.query", scale=_SCALE),
        "dropped bias": _without_bias("bert.encoder.layer.2.attention.output.dense"),
        "permuted heads": _on("bert.encoder.layer.2.attention.self.value", heads=(0, 0, 3, 8)),
    },
    "DebertaV2ForSequenceClassification": {
        "epsilon": Fault(
            ("deberta.embeddings.LayerNorm", *_each(f"{_DEBERTA}attention.output.LayerNorm", f"{_DEBERTA}output.LayerNorm")),
            {"layer_norm_eps": 1e-5},
        ),
        "activation": Fault(_each(f"{_DEBERTA}intermediate.intermediate_act_fn"), {"hidden_act": "gelu_new"}),
        "scale": _on("deberta.encoder.layer.2.attention.self.pos_key_proj", scale=_SCALE),
        "dropped bias": _without_bias("deberta.encoder.layer.2.attention.self.value_proj"),
        "permuted heads": _on("deberta.encoder.layer.2.attention.self.value_proj", heads=(0, 0, 3, 8)),
    },
    "ModernBertForSequenceClassification": {
        "epsilon": Fault(
            (
                "model.embeddings.norm", "model.layers.0.mlp_norm",
                *(f"model.layers.{layer}.{name}" for layer in range(1, LAYERS) for name in ("attn_norm", "mlp_norm")),
                "model.final_norm", "head.norm",
            ),
            {"norm_eps": 1e-6},
        ),
        "activation": Fault(_each(f"{_LLAMA}mlp.act"), {"hidden_activation": "gelu_new"}),
        "scale": _on("model.layers.2.attn.Wo", scale=_SCALE),
        "permuted heads": _on("model.layers.2.attn.Wqkv", heads=(0, 48, 3, 8)),
    },
    "GPT2ForSequenceClassification": {
        "epsilon": Fault((*_each(f"{_GPT2}ln_1", f"{_GPT2}ln_2"), "transformer.ln_f"), {"layer_norm_epsilon": 1e-6}),
        "activation": Fault(_each(f"{_GPT2}mlp.act"), {"activation_function": "gelu"}),
        "scale": Fault(_each(f"{_GPT2}attn"), {"scale_attn_weights": False}),
        "dropped bias": _without_bias("transformer.h.2.mlp.c_proj"),
        "permuted heads": _on("transformer.h.2.attn.c_attn", heads=(1, 64, 4, 8)),
    },
    "Qwen2ForSequenceClassification": {
        "epsilon": Fault(
            (*_each(f"{_LLAMA}input_layernorm", f"{_LLAMA}post_attention_layernorm"), "model.norm"), {"rms_norm_eps": 1e-5}
        ),
        "activation": Fault(_each(f"{_LLAMA}mlp.act_fn"), {"hidden_act": "gelu"}),
        "scale": _on("model.layers.2.self_attn.o_proj", scale=_SCALE),
        "dropped bias": _without_bias("model.layers.2.self_attn.v_proj"),
        "permuted heads": _on("model.layers.2.self_attn.q_proj", heads=(0, 0, 4, 8)),
    },
    "T5EncoderModel": {
        "epsilon": Fault(
            (*_each(f"{_T5}0.layer_norm", f"{_T5}1.layer_norm"), "encoder.final_layer_norm"), {"layer_norm_epsilon": 1e-5}
        ),
        "activation": Fault(
            _each(f"{_T5}1.DenseReluDense.act"), {"feed_forward_proj": "gelu", "dense_act_fn": "gelu"}
        ),
        "scale": _on("encoder.block.2.layer.0.SelfAttention.q", scale=_SCALE),
        "permuted heads": _on("encoder.block.2.layer.0.SelfAttention.v", heads=(0, 0, 3, 8)),
    },
}  # fmt: skip
"""By the name of the class and of the fault; ModernBERT and T5 have no biases in their layers."""


def apply(fault: Fault, tensor: Any) -> Any:
    """The tensor as the fault leaves it."""
    import torch

    if fault.heads is None:
        return tensor * fault.scale
    axis, start, heads, width = fault.heads
    places = torch.arange(tensor.shape[axis])
    end = start + heads * width
    places[start:end] = places[start:end].reshape(heads, width).roll(1, dims=0).reshape(-1)
    return tensor.index_select(axis, places).contiguous()
