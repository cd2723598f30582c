"""Small real models for tests: random weights from a seed, every parameter with noise, and tokenizers to go with them.

A freshly initialised model has biases of 0 and norm gains of 1, which hide porting mistakes: none here has.
"""

# pyright: reportUnknownMemberType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["FAMILIES", "WORDS", "give_noise", "tiny", "tiny_bert", "write_tokenizer"]

WORDS = [
    "the",
    "a",
    "an",
    "of",
    "and",
    "to",
    "in",
    "is",
    "was",
    "it",
    "film",
    "movie",
    "plot",
    "acting",
    "story",
    "good",
    "bad",
    "great",
    "dull",
    "fine",
    "awful",
    "lovely",
    "boring",
    "never",
    "always",
    "very",
    "not",
    "i",
    "you",
    "we",
    "they",
    "like",
    "hate",
    "love",
    "one",
    "two",
    "three",
    "this",
    "that",
    "with",
    "for",
    "on",
    "at",
    "as",
    "but",
]
_PIECES = [chr(code) for code in range(ord("a"), ord("z") + 1)] + list("0123456789.,!?'-")
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = [
    *_SPECIAL,
    *WORDS,
    *(piece for piece in _PIECES if piece not in WORDS),
    *("##" + piece for piece in _PIECES),
    *("A", "I", "The", "Good"),
]

_SMALL = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 40}
_COMMON = {"vocab_size": 99, "max_position_embeddings": 40}

# What makes a small model of each family: its config's fields. Keys are transformers' model types.
FAMILIES: dict[str, dict[str, Any]] = {
    "bert": {**_SMALL, **_COMMON},
    "roberta": {**_SMALL, **_COMMON, "pad_token_id": 1},
    "xlm-roberta": {**_SMALL, **_COMMON, "pad_token_id": 1},
    "distilbert": {"dim": 24, "n_layers": 3, "n_heads": 3, "hidden_dim": 40, **_COMMON},
    "albert": {**_SMALL, **_COMMON, "embedding_size": 16, "num_hidden_groups": 1},
    "electra": {**_SMALL, **_COMMON, "embedding_size": 16},
    "deberta-v2": {**_SMALL, **_COMMON, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "mpnet": {**_SMALL, **_COMMON, "pad_token_id": 1},
    "gpt2": {"n_embd": 24, "n_layer": 3, "n_head": 3, "vocab_size": 99, "n_positions": 40},
    "bart": {
        "d_model": 24, "encoder_layers": 3, "decoder_layers": 2, "vocab_size": 99, "max_position_embeddings": 40,
        "encoder_attention_heads": 3, "decoder_attention_heads": 3, "encoder_ffn_dim": 40, "decoder_ffn_dim": 40,
        "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2,
    },
    "bloom": {"hidden_size": 24, "n_layer": 3, "n_head": 3, "vocab_size": 99},
    "roberta-prelayernorm": {**_SMALL, **_COMMON, "pad_token_id": 1},
    "t5": {"d_model": 24, "d_kv": 8, "d_ff": 40, "num_layers": 3, "num_heads": 3, "vocab_size": 99},
    "llama": {**_SMALL, **_COMMON, "num_key_value_heads": 3},
    "qwen2": {**_SMALL, **_COMMON, "num_key_value_heads": 3},
    "modernbert": {**_SMALL, **_COMMON, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3,
                   "cls_token_id": 2, "sep_token_id": 3},
}  # fmt: skip


# Families for tests that name them; every test that goes through all families takes those above.
_MORE: dict[str, dict[str, Any]] = {
    "gpt_neox": {**_SMALL, **_COMMON},
    **{
        family: {**_SMALL, **_COMMON, "num_key_value_heads": 3, "head_dim": 8}
        for family in ("gemma", "gemma2", "gemma3_text", "cohere", "mistral")
    },
    "mixtral": {**_SMALL, **_COMMON, "num_key_value_heads": 3, "num_local_experts": 4, "num_experts_per_tok": 2},
}  # fmt: skip


def tiny(family: str, kind: str = "AutoModel", *, seed: int = 0, **changes: Any) -> Any:
    """A small model of a family, in eval mode; `kind` is the Auto class."""
    import torch
    import transformers

    fields = {**FAMILIES.get(family, {}), **_MORE.get(family, {}), **changes}
    config: Any = transformers.AutoConfig.for_model(family, **fields)
    torch.manual_seed(seed)
    auto: Any = getattr(transformers, "T5EncoderModel" if (family, kind) == ("t5", "AutoModel") else kind)
    model = auto(config) if kind == "AutoModel" and family == "t5" else auto.from_config(config)
    return give_noise(model, seed).eval()


def give_noise(model: Any, seed: int, spread: float = 0.1) -> Any:
    """The model with seeded noise on every parameter."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(spread * torch.randn(parameter.shape, generator=generator))
    return model


def tiny_bert(
    folder: Path,
    kind: str = "AutoModelForSequenceClassification",
    *,
    labels: tuple[str, ...] = ("negative", "neutral", "positive"),
    seed: int = 0,
    safetensors: bool = True,
    **changes: Any,
) -> Path:
    """A folder with a small BERT that any transformers reads: WordPiece vocabulary, weights, config."""
    import torch

    fields: dict[str, Any] = {"vocab_size": len(VOCABULARY), **changes}
    if "Classification" in kind:
        fields["id2label"] = dict(enumerate(labels))
        fields["label2id"] = {label: index for index, label in enumerate(labels)}
    model = tiny("bert", kind, seed=seed, **fields)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    if not safetensors:
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    write_tokenizer(folder)
    return folder


def write_tokenizer(folder: Path, *, lowercase: bool = True, limit: int = 40, **changes: Any) -> Path:
    """A WordPiece tokenizer's files, in the form that every version reads."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    config = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": lowercase,
        "model_max_length": limit,
        **changes,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
