"""Small archives made by a real `allennlp train`; run inside the managed environment: `python allennlp_archives.py VOCAB FOLDER`.

`VOCAB` is a vocab.txt of BERT's kind. A transformer of two layers is made first, `FOLDER/tiny/bert`; each archive becomes
`FOLDER/<name>/model.tar.gz` and names it `tiny/bert`. The corpora are a few made-up lines: what matters is the format,
and weights that have moved away from where they began.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

ADAPTER = Path(__file__).resolve().parents[2] / "adapters" / "parity_allennlp"

REVIEWS = [
    {"text": text, "label": label}
    for text, label in [
        ("the year was good and new", "good"),
        ("it was not what we said", "bad"),
        ("She said the work was good", "good"),
        ("no one like him, but him", "bad"),
        ("you will see new people now", "good"),
        ("they did not do what I said", "bad"),
    ]
] * 4
PAIRS = [
    {"sentence1": "the people do work", "sentence2": "people work", "gold_label": "entailment"},
    {"sentence1": "the people do work", "sentence2": "no one will work", "gold_label": "contradiction"},
    {"sentence1": "he said it was new", "sentence2": "she said so", "gold_label": "neutral"},
] * 4
TAGS = (
    "-DOCSTART- -X- -X- O\n\nShe PRP I-NP I-PER\nsaid VBD I-VP O\nAmerican JJ I-NP I-ORG\nwork NN I-NP O\n. . O O\n\n"
    "New NNP I-NP I-LOC\nYork NNP I-NP I-LOC\nwas VBD I-VP O\nnot RB I-VP O\nthere RB I-ADVP O\n\n"
)


def _transformer(kind: str, bert: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "model_name": bert, **more}


def classifier(
    bert: str, tokenizer: dict[str, Any], indexer: dict[str, Any], embedder: dict[str, Any]
) -> dict[str, Any]:
    """A basic_classifier over a transformer, with the pooler trained apart."""
    kind = "pretrained_transformer"
    return {
        "dataset_reader": {
            "type": "text_classification_json",
            "tokenizer": _transformer(kind, bert, **tokenizer),
            "token_indexers": {"tokens": _transformer(kind, bert, **indexer)},
        },
        "model": {
            "type": "basic_classifier",
            "text_field_embedder": {"token_embedders": {"tokens": _transformer(kind, bert, **embedder)}},
            "seq2vec_encoder": {"type": "bert_pooler", "pretrained_model": bert, "dropout": 0.3},
            "dropout": 0.3,
            "namespace": "tags",
        },
    }


def tagger(bert: str) -> dict[str, Any]:
    """A simple_tagger that splits each word into pieces alone."""
    kind = "pretrained_transformer_mismatched"
    return {
        "dataset_reader": {
            "type": "conll2003",
            "tag_label": "ner",
            "token_indexers": {"bert": _transformer(kind, bert)},
        },
        "model": {
            "type": "simple_tagger",
            "text_field_embedder": {"token_embedders": {"bert": _transformer(kind, bert)}},
            "encoder": {"type": "pass_through", "input_dim": 20},
        },
    }


def pairs(bert: str) -> dict[str, Any]:
    """A basic_classifier over premise and hypothesis in one field."""
    found = classifier(bert, {}, {}, {})
    found["dataset_reader"]["type"] = "snli"
    found["dataset_reader"]["tokenizer"]["add_special_tokens"] = False
    return found


def own_transformer(bert: str) -> dict[str, Any]:
    """AllenNLP's own implementation of a transformer, with other names for the same modules; read by a user's package."""
    found = classifier(bert, {}, {}, {})
    found["dataset_reader"]["type"] = "tiny_text"
    found["model"] = {"type": "transformer_classification_tt", "transformer_model": bert}
    return found


def configs(bert: str) -> dict[str, dict[str, Any]]:
    """Every archive by its name: its config without the parts that say how to train."""
    plain = classifier(bert, {"max_length": 12}, {}, {})
    return {
        "plain": plain,
        "folds": classifier(bert, {}, {"max_length": 8}, {"max_length": 8}),
        "mixes": classifier(bert, {}, {}, {"last_layer_only": False, "train_parameters": False}),
        "first": {
            **plain,
            "model": {**plain["model"], "seq2vec_encoder": {"type": "cls_pooler", "embedding_dim": 20}},
        },
        "cased": classifier(
            bert,
            {"tokenizer_kwargs": {"do_lower_case": False}},
            {"tokenizer_kwargs": {"do_lower_case": False}},
            {},
        ),
        "pairs": pairs(bert),
        "words": tagger(bert),
        "own": own_transformer(bert),
    }


def make_transformer(vocabulary: Path, folder: Path) -> None:
    """A BERT of two layers, every parameter of it noise (a fresh one's biases are 0, which hides mistakes)."""
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    torch.manual_seed(11)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary.read_text(encoding="utf-8").splitlines()),
        hidden_size=20,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=40,
        max_position_embeddings=64,
    )
    model = transformers.BertModel(config)
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.05)
    weights = {name: value for name, value in model.state_dict().items() if "position_ids" not in name}
    model.save_pretrained(
        str(folder), state_dict=weights
    )  # AllenNLP's own implementation refuses that buffer
    shutil.copyfile(str(vocabulary), str(folder / "vocab.txt"))


def install_stubs() -> None:
    """Let AllenNLP be imported in the small environment, as the adapter does."""
    spec = importlib.util.spec_from_file_location("import_stubs", ADAPTER / "import_stubs.py")
    assert spec is not None and spec.loader is not None
    stubs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stubs)
    stubs.install()


def main(vocabulary: Path, folder: Path) -> None:
    """Make the transformer and train every archive, one after another in this process."""
    install_stubs()
    os.chdir(folder)
    make_transformer(vocabulary, folder / "tiny" / "bert")
    data = {
        "text_classification_json": "\n".join(map(json.dumps, REVIEWS)),
        "snli": "\n".join(map(json.dumps, PAIRS)),
        "conll2003": TAGS * 4,
    }
    for name, text in data.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
    train: Any = importlib.import_module("allennlp.commands.train").train_model
    params: Any = importlib.import_module("allennlp.common").Params
    for name in ("pair_classification", "tagging", "classification"):
        importlib.import_module("allennlp_models." + name)
    sys.path.insert(0, str(Path(__file__).parent))
    importlib.import_module("tiny_readers")
    found: dict[str, dict[str, Any]] = json.loads(
        json.dumps(configs("tiny/bert"))
    )  # AllenNLP empties what it reads
    for name, config in found.items():
        path = config["dataset_reader"]["type"].replace("tiny_text", "text_classification_json")
        config.update(
            random_seed=7,
            numpy_seed=7,
            pytorch_seed=7,
            train_data_path=path,
            validation_data_path=path,
            data_loader={"batch_size": 4, "shuffle": True},
            trainer={
                "num_epochs": 2,
                "cuda_device": -1,
                "optimizer": {"type": "huggingface_adamw", "lr": 0.01},
            },
        )
        train(params(config), str(folder / name))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
