"""The modules with a weight of the architectures whose modules are changed one by one, as tiny models of four layers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["LAYERS", "MODULES", "ONE_INSIDE", "Modules"]

LAYERS = 4


class Modules(NamedTuple):
    """The modules with a weight of an architecture: its fields, those beside the layers, the path of layer k, those in a layer, which layers lack
    one, and which are called otherwise in the file."""

    fields: dict[str, Any]
    beside: tuple[str, ...]
    layer: str
    inside: tuple[str, ...]
    absent: tuple[str, ...] = ()
    file: Mapping[str, str] = MappingProxyType({})

    def weight(self, module: str) -> str:
        """The name of a module's weight in the file."""
        return f"{self.file.get(module, module)}.weight"

    @property
    def layers(self) -> list[str]:
        """The paths of the layers: one where all of them are the same module."""
        return list(dict.fromkeys(self.layer.format(layer) for layer in range(LAYERS)))

    @property
    def inner(self) -> list[str]:
        """The modules in the layers, in forward order of the layers."""
        inner = [f"{layer}.{module}" for layer in self.layers for module in self.inside]
        return [one for one in inner if one not in self.absent]


_FOUR = {"num_hidden_layers": LAYERS}
_BERT = (
    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
    "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
)  # fmt: skip
_EMBEDDINGS = ("word_embeddings", "position_embeddings", "token_type_embeddings", "LayerNorm")
_WITHOUT_TYPES = ("word_embeddings", "position_embeddings", "LayerNorm")
_CLASSIFIER = ("classifier.dense", "classifier.out_proj")
_LLAMA = (
    "input_layernorm", *(f"self_attn.{name}_proj" for name in "qkvo"),
    "post_attention_layernorm", *(f"mlp.{name}_proj" for name in ("gate", "up", "down")),
)  # fmt: skip


def _embeddings(base: str, names: tuple[str, ...] = _EMBEDDINGS) -> tuple[str, ...]:
    return tuple(f"{base}.embeddings.{name}" for name in names)


MODULES = {
    "BertForSequenceClassification": Modules(
        _FOUR, (*_embeddings("bert"), "bert.pooler.dense", "classifier"), "bert.encoder.layer.{}", _BERT
    ),
    "RobertaForSequenceClassification": Modules(
        _FOUR, (*_embeddings("roberta"), *_CLASSIFIER), "roberta.encoder.layer.{}", _BERT
    ),
    "DistilBertForSequenceClassification": Modules(
        {"n_layers": LAYERS},
        (*_embeddings("distilbert", _WITHOUT_TYPES), "pre_classifier", "classifier"),
        "distilbert.transformer.layer.{}",
        (
            *(f"attention.{name}_lin" for name in ("q", "k", "v", "out")),
            "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm",
        ),
    ),
    "ElectraForSequenceClassification": Modules(
        _FOUR, (*_embeddings("electra"), "electra.embeddings_project", *_CLASSIFIER), "electra.encoder.layer.{}", _BERT
    ),
    "AlbertForSequenceClassification": Modules(
        _FOUR,
        (*_embeddings("albert"), "albert.encoder.embedding_hidden_mapping_in", "albert.pooler", "classifier"),
        "albert.encoder.albert_layer_groups.0.albert_layers.0",
        (
            *(f"attention.{name}" for name in ("query", "key", "value", "dense", "LayerNorm")),
            "ffn", "ffn_output", "full_layer_layer_norm",
        ),
    ),
    "MPNetForSequenceClassification": Modules(
        _FOUR,
        (*_embeddings("mpnet", _WITHOUT_TYPES), "mpnet.encoder.relative_attention_bias", *_CLASSIFIER),
        "mpnet.encoder.layer.{}",
        (
            *(f"attention.attn.{name}" for name in "qkvo"),
            "attention.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
        ),
    ),
    "DebertaV2ForSequenceClassification": Modules(
        _FOUR,
        (*_embeddings("deberta", _WITHOUT_TYPES), "deberta.encoder.rel_embeddings", "pooler.dense", "classifier"),
        "deberta.encoder.layer.{}",
        (
            *(f"attention.self.{name}_proj" for name in ("query", "key", "value", "pos_key", "pos_query")),
            "attention.output.dense", "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
        ),
    ),
    "ModernBertForSequenceClassification": Modules(
        _FOUR,
        (*(f"model.embeddings.{name}" for name in ("tok_embeddings", "norm")), "model.final_norm", "head.dense", "head.norm",
         "classifier"),
        "model.layers.{}",
        ("attn_norm", "attn.Wqkv", "attn.Wo", "mlp_norm", "mlp.Wi", "mlp.Wo"),
        ("model.layers.0.attn_norm",),
    ),
    "GPT2ForSequenceClassification": Modules(
        {"n_layer": LAYERS},
        ("transformer.wte", "transformer.wpe", "transformer.ln_f", "score"),
        "transformer.h.{}",
        ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"),
    ),
    "GPTNeoForSequenceClassification": Modules(
        {"num_layers": LAYERS, "attention_types": [[["global", "local"], LAYERS // 2]]},
        ("transformer.wte", "transformer.wpe", "transformer.ln_f", "score"),
        "transformer.h.{}",
        (
            "ln_1", *(f"attn.attention.{name}_proj" for name in ("q", "k", "v", "out")),
            "ln_2", "mlp.c_fc", "mlp.c_proj",
        ),
    ),
    "LlamaForSequenceClassification": Modules(
        _FOUR, ("model.embed_tokens", "model.norm", "score"), "model.layers.{}", _LLAMA
    ),
    "Qwen2ForSequenceClassification": Modules(
        _FOUR, ("model.embed_tokens", "model.norm", "score"), "model.layers.{}", _LLAMA
    ),
    "OPTForSequenceClassification": Modules(
        _FOUR,
        (*(f"model.decoder.{name}" for name in ("embed_tokens", "embed_positions", "final_layer_norm")), "score"),
        "model.decoder.layers.{}",
        (
            "self_attn_layer_norm", *(f"self_attn.{name}_proj" for name in ("q", "k", "v", "out")),
            "final_layer_norm", "fc1", "fc2",
        ),
    ),
    "T5EncoderModel": Modules(
        {"num_layers": LAYERS},
        ("encoder.embed_tokens", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias", "encoder.final_layer_norm"),
        "encoder.block.{}",
        (
            "layer.0.layer_norm", *(f"layer.0.SelfAttention.{name}" for name in "qkvo"),
            "layer.1.layer_norm", "layer.1.DenseReluDense.wi", "layer.1.DenseReluDense.wo",
        ),
        file={"encoder.embed_tokens": "shared"},
    ),
}  # fmt: skip
"""By the name of the class. Every tensor of theirs whose name ends in `weight` is that of one of these modules."""

ONE_INSIDE = {
    "BertForSequenceClassification": "attention.output.dense",
    "RobertaForSequenceClassification": "attention.self.value",
    "DistilBertForSequenceClassification": "ffn.lin2",
    "ElectraForSequenceClassification": "output.dense",
    "AlbertForSequenceClassification": "attention.dense",
    "MPNetForSequenceClassification": "attention.attn.o",
    "DebertaV2ForSequenceClassification": "attention.self.value_proj",
    "ModernBertForSequenceClassification": "mlp.Wo",
    "GPT2ForSequenceClassification": "attn.c_proj",
    "GPTNeoForSequenceClassification": "mlp.c_fc",
    "LlamaForSequenceClassification": "mlp.down_proj",
    "Qwen2ForSequenceClassification": "self_attn.v_proj",
    "OPTForSequenceClassification": "fc2",
    "T5EncoderModel": "layer.1.DenseReluDense.wo",
}
"""One module in a layer of each of them, for tables that change no more than one."""
