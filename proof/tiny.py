"""A tiny folder of any architecture of Transformers, by the name of its class: every parameter with seeded noise.

    build("LlamaForSequenceClassification", folder, seed=3)
    build("T5ForConditionalGeneration", folder)
    build("BertForMaskedLM", folder, hidden_act="relu")

A freshly initialised model has biases of 0 and norm gains of 1, which hide mistakes of a port: none here has. The tokenizer is
the WordPiece one of the tests. What a configuration has under a name of its own is in `FIELDS`, by model type.
"""

# pyright: reportUnknownMemberType=false
# torch and transformers are typed in part only.

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.models import VOCABULARY, give_noise, write_tokenizer

__all__ = ["FIELDS", "LABELS", "POSITIONS", "build", "model_type"]

LABELS = ("negative", "neutral", "positive")
POSITIONS = 64
"""How many tokens a model has positions for; the tokenizer cuts there."""

_PAD, _BOS, _EOS, _MASK = 0, 2, 3, 4  # [PAD] [CLS] [SEP] [MASK] in the tests' vocabulary
_SPECIAL = {"pad_token_id": _PAD, "bos_token_id": _BOS, "eos_token_id": _EOS}
_SMALL = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 40}
_POSITIONS = {"max_position_embeddings": POSITIONS}
_BERT = {**_SMALL, **_POSITIONS}
_ROBERTA = {
    **_SMALL,
    "max_position_embeddings": POSITIONS + 2,
}  # positions are counted from the padding's id + 1
_HEADS = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 40}
_LLAMA = {**_HEADS, **_POSITIONS, "num_key_value_heads": 2}
_HEAD_DIM = {**_LLAMA, "head_dim": 8}
_GPT = {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": POSITIONS}
_SEQ2SEQ = {
    "d_model": 24, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 3, "decoder_attention_heads": 3,
    "encoder_ffn_dim": 40, "decoder_ffn_dim": 40, "max_position_embeddings": POSITIONS, "decoder_start_token_id": _EOS,
    "forced_eos_token_id": _EOS,
}  # fmt: skip
_T5 = {"d_model": 24, "d_kv": 8, "d_ff": 40, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 3,
       "decoder_start_token_id": _PAD}  # fmt: skip
_EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}

# The fields that make a model of each type small. A type that is not here gets those of BERT and of Llama, which fit most.
FIELDS: dict[str, dict[str, Any]] = {
    "albert": {**_BERT, "embedding_size": 16, "num_hidden_groups": 1},
    "bert": _BERT,
    "big_bird": {**_BERT, "attention_type": "original_full"},
    "camembert": _ROBERTA,
    "convbert": {**_HEADS, **_POSITIONS, "embedding_size": 16, "head_ratio": 2, "conv_kernel_size": 3},
    "deberta": {**_BERT, "relative_attention": True, "pos_att_type": ["c2p", "p2c"], "max_relative_positions": 32},
    "deberta-v2": {**_BERT, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "distilbert": {"dim": 24, "n_layers": 3, "n_heads": 3, "hidden_dim": 40, **_POSITIONS},
    "electra": {**_BERT, "embedding_size": 16},
    "ernie": _BERT,
    "esm": {**_ROBERTA, "mask_token_id": _MASK, "position_embedding_type": "absolute"},
    "fnet": {**_BERT},
    "funnel": {"d_model": 24, "n_head": 3, "d_head": 8, "d_inner": 40, "block_sizes": [1, 1, 1], "num_decoder_layers": 1},
    "ibert": _ROBERTA,
    "layoutlm": _BERT,
    "longformer": {**_ROBERTA, "attention_window": 8},
    "megatron-bert": _BERT,
    "mobilebert": {**_HEADS, **_POSITIONS, "embedding_size": 16, "intra_bottleneck_size": 16, "num_feedforward_networks": 2},
    "modernbert": {**_BERT, "cls_token_id": _BOS, "sep_token_id": _EOS, "local_attention": 8},
    "mpnet": _ROBERTA,
    "nystromformer": {**_BERT, "num_landmarks": POSITIONS, "segment_means_seq_len": POSITIONS},
    "rembert": {**_BERT, "input_embedding_size": 16, "output_embedding_size": 16},
    "roberta": _ROBERTA,
    "roformer": {**_HEADS, **_POSITIONS, "embedding_size": 16},
    "squeezebert": {**_HEADS, **_POSITIONS, "embedding_size": 32},
    "xlm": {"emb_dim": 32, "n_layers": 3, "n_heads": 4, **_POSITIONS, "n_langs": 1, "mask_token_id": _MASK,
            "pad_index": _PAD, "bos_index": _BOS, "eos_index": _EOS, "unk_index": 1, "mask_index": _MASK},
    "xlm-roberta": _ROBERTA,
    "xlnet": {"d_model": 32, "n_layer": 3, "n_head": 4, "d_inner": 40},
    "yoso": {**_BERT, "use_expectation": True},
    "biogpt": _BERT,
    "bloom": {"hidden_size": 32, "n_layer": 3, "n_head": 4},
    "cohere": _LLAMA,
    "falcon": {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "ffn_hidden_size": 40},
    "gemma": _HEAD_DIM,
    "gemma2": {**_HEAD_DIM, "sliding_window": 8, "query_pre_attn_scalar": 8},
    "gemma3_text": {**_HEAD_DIM, "sliding_window": 8, "query_pre_attn_scalar": 8},
    "gpt2": _GPT,
    "gpt_neo": {"hidden_size": 32, "num_layers": 2, "num_heads": 4, "intermediate_size": 40, **_POSITIONS,
                "attention_types": [[["global", "local"], 1]], "window_size": 8},
    "gpt_neox": {**_HEADS, **_POSITIONS},
    "gpt_oss": {**_HEAD_DIM, **_EXPERTS, "sliding_window": 8},
    "gptj": {**_GPT, "rotary_dim": 4, "n_inner": 40},
    "llama": _LLAMA,
    "mistral": {**_LLAMA, "sliding_window": 8},
    "mixtral": {**_LLAMA, **_EXPERTS},
    "olmo": _LLAMA,
    "opt": {"hidden_size": 24, "word_embed_proj_dim": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "ffn_dim": 40,
            **_POSITIONS},
    "phi": {**_HEADS, **_POSITIONS, "partial_rotary_factor": 0.5},
    "phi3": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": _HEAD_DIM,
    "qwen3_moe": {**_HEAD_DIM, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16},
    "stablelm": _LLAMA,
    "starcoder2": _LLAMA,
    "xglm": {"d_model": 24, "num_layers": 3, "attention_heads": 3, "ffn_dim": 40, **_POSITIONS},
    "bart": _SEQ2SEQ,
    "blenderbot": _SEQ2SEQ,
    "led": {**{name: value for name, value in _SEQ2SEQ.items() if name != "max_position_embeddings"},
            "max_encoder_position_embeddings": POSITIONS, "max_decoder_position_embeddings": POSITIONS, "attention_window": 8},
    "marian": {**_SEQ2SEQ, "decoder_start_token_id": _PAD},
    "mbart": _SEQ2SEQ,
    "mt5": _T5,
    "pegasus": {**_SEQ2SEQ, "decoder_start_token_id": _PAD},
    "t5": _T5,
}  # fmt: skip

# Types whose tokenizers are found by the type and do not read a vocabulary of WordPiece: they get the same one as a tokenizer.json.
# (Transformers 5 reads it with Qwen2's own class all the same, letter by letter; both sides of a row do.)
_TOKENIZER_JSON = {"mistral", "mixtral", "modernbert", "nystromformer", "phi3", "qwen2", "stablelm"}


def model_type(architecture: str) -> str:
    """The model type of an architecture's configuration: `bert` of `BertForMaskedLM`."""
    return str(_class(architecture).config_class.model_type)


def build(architecture: str, folder: Path, *, seed: int = 0, **changes: Any) -> Path:
    """Write a tiny model of this class with its tokenizer; `changes` are fields of its configuration."""
    import torch

    kind = _class(architecture)
    common: dict[str, Any] = {"vocab_size": len(VOCABULARY), **_SPECIAL}
    fields: dict[str, Any] = {**common, **FIELDS.get(kind.config_class.model_type, {**_BERT, **_LLAMA})}
    if "Classification" in architecture:
        fields["id2label"] = dict(enumerate(LABELS))
        fields["label2id"] = {label: index for index, label in enumerate(LABELS)}
    _transformers().utils.logging.disable_progress_bar()
    torch.manual_seed(seed)
    model = kind(kind.config_class(**{**fields, **changes}))
    folder.mkdir(parents=True, exist_ok=True)
    give_noise(model, seed).eval().save_pretrained(folder)
    write_tokenizer(folder, limit=POSITIONS)
    if kind.config_class.model_type in _TOKENIZER_JSON:
        _write_tokenizer_json(folder)
    return folder


def _write_tokenizer_json(folder: Path) -> None:
    transformers = _transformers()
    known = transformers.BertTokenizerFast.from_pretrained(folder)
    (folder / "vocab.txt").unlink()
    special = {
        name: getattr(known, name)
        for name in ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    }
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=known.backend_tokenizer,
        model_max_length=POSITIONS,
        model_input_names=["input_ids", "attention_mask"],
        **special,
    ).save_pretrained(folder)


def _class(architecture: str) -> Any:
    transformers = _transformers()
    found = getattr(transformers, architecture, None)
    if found is None or not hasattr(found, "config_class"):
        raise ValueError(f"transformers {transformers.__version__} has no model class {architecture}.")
    return found


def _transformers() -> Any:
    """The module, which is typed in part only."""
    import transformers

    return transformers
