"""Small seeded models for the cases, with the fixtures' vocabulary: one for each task, and twins with one thing changed.

Every parameter has noise: a freshly initialised model has biases of 0 and norm gains of 1, which hide mistakes.
"""

# pyright: reportUnknownMemberType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
import transformers

__all__ = ["Recipe", "build_models"]

SMALL = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40}
POSITIONS = 64
COMMON_WORD = 322  # "at" in the fixtures' vocabulary: in 7 of the first 24 reviews
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SIDES = "negative", "neutral", "positive"
TAGS = "O", "B", "I"
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Recipe(NamedTuple):
    """One folder: the class, fields of its configuration, of its tokenizer's, and what is done to its weights afterwards."""

    architecture: str
    fields: Mapping[str, Any] = NOTHING
    tokenizer: Mapping[str, Any] = NOTHING
    change: Callable[[dict[str, torch.Tensor]], None] | None = None
    seed: int = 0


def _scaled_head(weights: dict[str, torch.Tensor]) -> None:
    """The last layer 2 % too large."""
    name = next(
        name for name in ("classifier.weight", "qa_outputs.weight", "score.weight") if name in weights
    )
    weights[name].mul_(1.02)


def _moved_bias(weights: dict[str, torch.Tensor]) -> None:
    """The last bias of the head 0.4 too large: decisions flip."""
    weights["classifier.bias"][-1].add_(0.4)


def _not_a_number(weights: dict[str, torch.Tensor]) -> None:
    """One NaN in the embedding of a common word, so that some rows are not finite and others are."""
    weights["bert.embeddings.word_embeddings.weight"][COMMON_WORD, 3] = float("nan")


def _labels(names: tuple[str, ...]) -> dict[str, Any]:
    return {"id2label": dict(enumerate(names)), "label2id": {name: row for row, name in enumerate(names)}}


def _recipes() -> dict[str, Recipe]:
    classes, tags = _labels(SIDES), _labels(TAGS)
    one = {"num_labels": 1, "problem_type": "regression"}
    several = {**classes, "problem_type": "multi_label_classification"}
    decoder = {**classes, "num_key_value_heads": 3, "pad_token_id": 0}
    absolute = {**classes, "n_positions": POSITIONS, "pad_token_id": 0}
    sequence, decoding = "BertForSequenceClassification", "LlamaForSequenceClassification"
    no_types = {"model_input_names": ["input_ids", "attention_mask"]}
    return {
        "uncased": Recipe(sequence, classes),
        "cased": Recipe(sequence, classes, {"do_lower_case": False}),
        "not-finite": Recipe(sequence, classes, change=_not_a_number),
        "no-types": Recipe(sequence, classes, no_types),
        "tags": Recipe("BertForTokenClassification", tags, seed=1),
        "tags-moved": Recipe("BertForTokenClassification", tags, change=_moved_bias, seed=1),
        "number": Recipe(sequence, one, seed=2),
        "number-scaled": Recipe(sequence, one, change=_scaled_head, seed=2),
        "several": Recipe(sequence, several, seed=3),
        "several-moved": Recipe(sequence, several, change=_moved_bias, seed=3),
        "padded-left": Recipe("GPT2ForSequenceClassification", absolute, {"padding_side": "left"}, seed=4),
        "padded-right": Recipe("GPT2ForSequenceClassification", absolute, {"padding_side": "right"}, seed=4),
        "decoder": Recipe(decoding, decoder, seed=4),
        "decoder-theta": Recipe(decoding, {**decoder, "rope_theta": 500000.0}, seed=4),
        "masked": Recipe("BertForMaskedLM", seed=5),
        "encoder": Recipe("BertModel"),
        "encoder-eps": Recipe("BertModel", {"layer_norm_eps": 1e-5}),
        "answers": Recipe("BertForQuestionAnswering", seed=6),
        "answers-scaled": Recipe("BertForQuestionAnswering", change=_scaled_head, seed=6),
    }


def build_models(folder: Path, encoder: Path) -> None:
    """Write every model under `folder`; `encoder` is the fixtures' folder with the vocabulary."""
    logging: Any = transformers.utils.logging
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    # Capitals are added, so that a cased tokenizer finds other pieces and not only [UNK].
    vocabulary = (*(encoder / "vocab.txt").read_text("utf-8").splitlines(), *CAPITALS)
    for name, recipe in _recipes().items():
        _build(folder / name, recipe, vocabulary)


def _build(folder: Path, recipe: Recipe, vocabulary: tuple[str, ...]) -> None:
    kind: Any = getattr(transformers, recipe.architecture)
    common: dict[str, Any] = {**SMALL, "vocab_size": len(vocabulary), "max_position_embeddings": POSITIONS}
    torch.manual_seed(recipe.seed)
    model: Any = kind(kind.config_class(**{**common, **recipe.fields})).eval()
    generator = torch.Generator().manual_seed(recipe.seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
        if recipe.change is not None:
            recipe.change(dict(model.named_parameters()))
    model.save_pretrained(folder)
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary), "utf-8")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": POSITIONS}
    text = json.dumps({**settings, **recipe.tokenizer}, indent=1)
    (folder / "tokenizer_config.json").write_text(text, "utf-8")
