"""Small archives of models with heads of other kinds, untrained, every parameter noise; run inside the managed environment:
`python allennlp_heads.py VOCAB FOLDER`.

As in `allennlp_archives.py` a transformer of two layers is made first, `FOLDER/tiny/bert`, and each archive becomes
`FOLDER/<name>/model.tar.gz`; AllenNLP itself writes it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

BERT = "tiny/bert"
WIDTH = 20


def _reads(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more}


def _embedded(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"token_embedders": {name: {"type": kind, "model_name": BERT, **more}}}


def classifier(encoder: dict[str, Any]) -> dict[str, Any]:
    """A basic_classifier with this seq2vec encoder."""
    kind = "pretrained_transformer"
    return {
        "dataset_reader": _reads(
            "text_classification_json",
            tokenizer={"type": kind, "model_name": BERT},
            token_indexers={"tokens": {"type": kind, "model_name": BERT}},
        ),
        "model": {
            "type": "basic_classifier",
            "text_field_embedder": _embedded(kind, "tokens"),
            "seq2vec_encoder": encoder,
            "namespace": "tags",
        },
    }


def keeps_state() -> dict[str, Any]:
    """A basic_classifier whose encoder begins with the state that it ended with."""
    found = classifier({"type": "boe", "embedding_dim": 8, "averaged": True})
    encoder = {"type": "lstm", "input_size": WIDTH, "hidden_size": 8, "stateful": True}
    found["model"]["seq2seq_encoder"] = encoder
    return found


def tagger(mode: str) -> dict[str, Any]:
    """A simple_tagger that makes words of their pieces in this way."""
    kind = "pretrained_transformer_mismatched"
    return {
        "dataset_reader": _reads(
            "conll2003", token_indexers={"bert": {"type": kind, "model_name": BERT}}, tag_label="ner"
        ),
        "model": {
            "type": "simple_tagger",
            "text_field_embedder": _embedded(kind, "bert", sub_token_mode=mode),
            "encoder": {"type": "pass_through", "input_dim": WIDTH},
        },
    }


def configs() -> dict[str, dict[str, Any]]:
    """Every archive by its name."""
    pooled: dict[str, dict[str, Any]] = {
        "cls": {"type": "cls_pooler", "embedding_dim": WIDTH},
        "last": {"type": "cls_pooler", "embedding_dim": WIDTH, "cls_is_last_token": True},
        "mean": {"type": "boe", "embedding_dim": WIDTH, "averaged": True},
        "sum": {"type": "boe", "embedding_dim": WIDTH},
        "cnn": {"type": "cnn", "embedding_dim": WIDTH, "num_filters": 4, "ngram_filter_sizes": [2]},
        "lstm": {"type": "lstm", "input_size": WIDTH, "hidden_size": 8},
        "frozen": {"type": "bert_pooler", "pretrained_model": BERT, "requires_grad": False, "dropout": 0.5},
    }
    return {
        "answers": {
            "dataset_reader": _reads(
                "transformer_squad", transformer_model_name=BERT, length_limit=24, stride=4
            ),
            "model": {"type": "transformer_qa", "transformer_model_name": BERT},
        },
        "roles": {
            "dataset_reader": _reads("srl", bert_model_name=BERT),
            "model": {"type": "srl_bert", "bert_model": BERT, "srl_eval_path": None},
        },
        "tags-first": tagger("first"),
        "tags-avg": tagger("avg"),
        "tags-last": tagger("last"),
        **{f"pools-{name}": classifier(encoder) for name, encoder in pooled.items()},
        "keeps-state": keeps_state(),
        "stack": {
            "dataset_reader": _reads(
                "tiny_text", tokenizer={"type": "pretrained_transformer", "model_name": BERT}
            ),
            "model": {"type": "transformer_classification_tt", "transformer_model": BERT},
        },
        "sentences": {
            "dataset_reader": _reads(
                "text_classification_json",
                tokenizer={"type": "spacy"},
                token_indexers={"tokens": {"type": "single_id", "lowercase_tokens": True}},
                segment_sentences=True,
                max_instances=7,
            ),
            "model": {"type": "tiny_of_sentences", "width": 6},
        },
    }


def main(vocabulary: Path, folder: Path) -> None:
    """Make the transformer and every archive."""
    sys.path.insert(0, str(Path(__file__).parent))
    made: Any = importlib.import_module("allennlp_archives")
    made.install_stubs()
    os.chdir(folder)
    made.make_transformer(vocabulary, folder / "tiny" / "bert")
    torch: Any = importlib.import_module("torch")
    common: Any = importlib.import_module("allennlp.common")
    models: Any = importlib.import_module("allennlp.models")
    archival: Any = importlib.import_module("allennlp.models.archival")
    vocabularies: Any = importlib.import_module("allennlp.data").Vocabulary
    for name in ("classification", "rc", "structured_prediction", "tagging"):
        importlib.import_module("allennlp_models." + name)
    importlib.import_module("tiny_readers")
    for name, config in configs().items():
        labels = ["O", "B-PER", "I-PER", "B-LOC"] if name[:4] in ("role", "tags") else ["good", "bad"]
        vocab = vocabularies()
        vocab.add_tokens_to_namespace(labels, "labels")
        vocab.add_tokens_to_namespace(["it", "was", "not", "good"], "tokens")
        place = folder / name
        place.mkdir()
        (place / "config.json").write_text(json.dumps(config), encoding="utf-8")
        own = json.loads(json.dumps(config["model"]))  # AllenNLP empties what it reads
        model = models.Model.from_params(vocab=vocab, params=common.Params(own))
        torch.manual_seed(5)
        for parameter in model.parameters():
            parameter.data.add_(torch.randn_like(parameter) * 0.1)
        torch.save(model.state_dict(), str(place / "best.th"))
        vocab.save_to_files(str(place / "vocabulary"))
        archival.archive_model(str(place))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
