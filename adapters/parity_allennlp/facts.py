"""An archive described as plain data: versions, labels, tokenizer, config, and sentences on its peculiarities.

Runs inside the foreign interpreter: standard library, and AllenNLP's objects, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import importlib
import json
import platform
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parity._in_process.host import Host

    from .encoding import Indexing

_SEEDS = (("random_seed", 13370), ("numpy_seed", 1337), ("pytorch_seed", 133))


def versions() -> dict[str, str]:
    """The versions that may matter, of what is installed."""
    metadata: Any = importlib.import_module("importlib.metadata")
    found = {"python": platform.python_version()}
    for name in ("torch", "transformers", "tokenizers", "numpy", "allennlp", "allennlp-models", "spacy"):
        try:
            found[name] = str(metadata.version(name))
        except metadata.PackageNotFoundError:
            continue
    return found


def labels(model: Any, classes: int | None) -> list[str] | None:
    """The class names by index, from the namespace that the model itself uses; None where they do not fit its logits."""
    namespace = (
        getattr(model, "_label_namespace", None) or getattr(model, "label_namespace", None) or "labels"
    )
    known = model.vocab.get_index_to_token_vocabulary(namespace)
    names = [str(known[index]) for index in sorted(known)]
    return names if names and len(names) == classes else None


def tokenizer(how: Indexing, reader: Any, model: Any, host: Host) -> dict[str, Any]:
    """How this archive splits text: the wrapped Transformers tokenizer, or AllenNLP's own and its vocabulary."""
    indexer, own = how.indexer, getattr(reader, "_tokenizer", None)
    found: dict[str, Any] = {"reader_tokenizer": type(own).__name__, "indexer": type(indexer).__name__}
    if how.kind in ("matched", "mismatched"):
        wrapped = indexer._tokenizer
        found.update(
            {
                "class": type(wrapped).__name__,
                "name_or_path": str(wrapped.name_or_path),
                "is_fast": bool(wrapped.is_fast),
                "model_max_length": host.tokenizer_facts.length_limit(wrapped),
                "limit": getattr(own, "_max_length", None),
                "truncation_side": str(getattr(wrapped, "truncation_side", "right")),
                "padding_side": "right",
                "pad_token_id": wrapped.pad_token_id,
                "special_tokens": {key: str(value) for key, value in wrapped.special_tokens_map.items()},
                "vocabulary_size": len(wrapped),
                "vocabulary_digest": host.tokenizer_facts.vocabulary_digest(wrapped.get_vocab()),
            }
        )
        if wrapped.is_fast:
            found["algorithm"] = type(wrapped.backend_tokenizer.model).__name__
        found.update(host.tokenizer_facts.normalizer_settings(wrapped))
        return found
    namespace = getattr(indexer, "namespace", None) or getattr(indexer, "_namespace", None)
    found.update({"class": type(own).__name__, "namespace": namespace, "padding_side": "right"})
    found["do_lower_case"] = bool(getattr(indexer, "lowercase_tokens", False))
    if namespace:
        words: dict[str, int] = model.vocab.get_token_to_index_vocabulary(namespace)
        found["vocabulary_digest"] = host.tokenizer_facts.vocabulary_digest(words)
    return found


def tokenizer_settings(config: dict[str, Any]) -> dict[str, str]:
    """The `tokenizer_kwargs` of tokenizer, indexer and embedder, wherever they are, as text by their place."""
    found: dict[str, str] = {}

    def walk(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            return
        transformer = "model_name" in value and str(value.get("type", "")).startswith(
            "pretrained_transformer"
        )
        if transformer:
            found[path] = json.dumps(value.get("tokenizer_kwargs") or {}, sort_keys=True)
        for key, item in value.items():
            walk(item, path + "." + key if path else key)

    walk(config, "")
    return found


def notes(config: dict[str, Any], seen: Any, trained_with: str, unused: list[str]) -> list[str]:
    """The peculiarities of this archive that are easily missed; `seen` is its transformer (stages.Inner) or None."""
    sentences: list[str] = []
    if trained_with:
        sentences.append(f"Trained with AllenNLP {trained_with}.")
    seeds = ", ".join(f"{name} {config.get(name, usual)}" for name, usual in _SEEDS)
    sentences.append(f"Seeds of its training: {seeds}.")
    settings = tokenizer_settings(config)
    if len(set(settings.values())) > 1:
        differing = "; ".join(f"{path} {value}" for path, value in settings.items())
        sentences.append(
            f"Its tokenizer, indexer and embedder are given different tokenizer_kwargs: {differing}."
        )
    if seen is None:
        return sentences
    if unused:
        sentences.append(
            "The transformer's own pooler exists and is unused: pooling, if any, is AllenNLP's _seq2vec_encoder."
        )
    if seen.mixes:
        sentences.append(
            "Its head gets a trained mix of all layers (last_layer_only is false), not the last layer."
        )
    if seen.folds_at is not None:
        sentences.append(
            f"Texts beyond {seen.folds_at} tokens are folded: split into segments, each with special tokens and positions "
            "from 0, and each attending only to itself. Transformers would truncate or fail, which is another model. "
            "The stages inside the transformer list the tokens of all segments one after the other, as its ids do."
        )
    if seen.head.note:
        sentences.append(seen.head.note)
    if seen.word_level:
        sentences.append(
            "Each word is split into pieces by itself, and there is one vector of logits per word."
        )
    return sentences


def unused_weights(seen: Any) -> list[str]:
    """The transformer's own pooler, which AllenNLP keeps, saves and never uses."""
    if seen is None:
        return []
    unused: list[str] = seen.unused
    return unused


def vocabulary_rows(seen: Any) -> int | None:
    """The rows of the transformer's embedding matrix."""
    if seen is None or hasattr(seen, "rows"):
        return None if seen is None else int(seen.rows)
    return int(seen.transformer.get_input_embeddings().num_embeddings)


def transformer_config(seen: Any, folders: list[str]) -> dict[str, Any]:
    """What its transformer was made of; AllenNLP's own keeps no config, and is made of that of the first of these folders."""
    config = getattr(seen.transformer, "config", None)
    if config is None and folders:
        auto: Any = importlib.import_module("transformers").AutoConfig
        config = auto.from_pretrained(folders[0])
    found: dict[str, Any] = {} if config is None else config.to_dict()
    return found


def resized(seen: Any, folders: list[str]) -> list[str]:
    """A sentence where AllenNLP made the embedding matrix as long as the tokenizer, unlike the transformer's config."""
    auto: Any = importlib.import_module("transformers").AutoConfig
    rows = vocabulary_rows(seen)
    for name in folders:
        try:
            configured = int(auto.from_pretrained(name).vocab_size)
        except (OSError, ValueError, AttributeError):
            continue
        sentence = (
            f"The embedding matrix has {rows} rows where the transformer's config says {configured}: AllenNLP makes it as "
            "long as the tokenizer."
        )
        return [] if rows == configured else [sentence]
    return []
