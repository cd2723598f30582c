"""AllenNLP's own transformer against Transformers' BERT of the same weights: aligned without a map, though most of its modules have other names.

The model is `transformer_classification_tt` of allennlp_models, a registered class; no registered reader makes the tensors that it takes, so the archive's
reader is in a package of the user's (`?include=`).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from parity.records.audit import Audit, load_audit
from proof.vary import vary
from tests.real.allennlp_asking import MATERIALS, ask, train_archives
from tests.real.asking import parity, stage

pytestmark = [pytest.mark.real]

VOCABULARY = MATERIALS / "bert-xsmall-dummy" / "vocab.txt"
SENTENCES = ["She said the work was good", "New York was not there", "it was not what we said, they do"]
BEGINNINGS = {
    "embeddings.embeddings.": "bert.embeddings.",
    "embeddings.layer_norm": "bert.embeddings.LayerNorm",
    "transformer_stack.layers.": "bert.encoder.layer.",
    "pooler.": "bert.pooler.",
    "linear_layer.": "classifier.",
}
LAYERS = ("embeddings", "layer.0", "layer.1", "pooled", "logits")
SAME = ("equal", "within_noise")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archives, a Transformers folder of the weights of one, and inputs beside them."""
    import torch
    import transformers

    folder = train_archives(tmp_path_factory.mktemp("own"), "allennlp_heads.py")
    held: dict[str, Any] = torch.load(folder / "stack" / "best.th", weights_only=True)
    labels = {"id2label": {0: "good", 1: "bad"}, "label2id": {"good": 0, "bad": 1}}
    settings = transformers.AutoConfig.from_pretrained(folder / "tiny" / "bert", **labels)
    classes: Any = transformers.AutoModelForSequenceClassification
    model = classes.from_config(settings)
    state = {_in_transformers(name): value for name, value in held.items()}
    model.load_state_dict({name: state[name] for name in model.state_dict()})
    model.save_pretrained(folder / "port")
    shutil.copyfile(VOCABULARY, folder / "port" / "vocab.txt")
    tokenizer = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 64}
    (folder / "port" / "tokenizer_config.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    (folder / "texts.txt").write_text("\n".join(SENTENCES) + "\n", encoding="utf-8")
    return folder


def _in_transformers(name: str) -> str:
    begin = next(one for one in BEGINNINGS if name.startswith(one))
    return (BEGINNINGS[begin] + name[len(begin) :]).replace("layer_norm", "LayerNorm")


def archive(folder: Path) -> str:
    return f"allennlp:{folder}/stack/model.tar.gz?transformer={folder}/tiny/bert&include=tiny_readers"


def audited(reference: str, candidate: str, folder: Path, out: Path) -> Audit:
    """The record of a comparison, run where the archive's reader is found."""
    given = ("--inputs", str(folder / "texts.txt"), "--out", str(out))
    run = parity("compare", reference, candidate, *given, cwd=Path(__file__).parent)
    assert run.code in {0, 1}, run.complained
    return load_audit(out / "audit.json")


def test_its_layers_are_stages_and_given_ids_are_what_it_sees(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    own = ask(archive(folder), SENTENCES)
    assert ("full", True, True, True) == (
        own.description.scope,
        own.description.can.isolates,
        own.description.can.accepts_feed,
        own.description.can.float64,
    )
    assert set(LAYERS) <= {*own.stages}
    assert ["[CLS]", "she", "said"] == list(own.encoding.pieces[:3])
    assert (0, 3) == own.encoding.offsets[1]
    names = ("input_ids", "attention_mask", "token_type_ids", "real")
    again = ask(archive(folder), SENTENCES, inputs={name: own.stages[name].tolist() for name in names})
    assert list(own.stages) == list(again.stages)
    assert all((own.stages[name] == again.stages[name]).all() for name in own.stages)


def test_it_is_built_without_the_weights_of_the_folder_that_it_names(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    shutil.copytree(folder / "tiny" / "bert", tmp_path / "bert")
    (tmp_path / "bert" / "pytorch_model.bin").unlink()
    subject = f"allennlp:{folder}/stack/model.tar.gz?transformer={tmp_path}/bert&include=tiny_readers"
    assert "layer.1" in ask(subject, SENTENCES).stages


def test_the_same_weights_in_both_are_parity_in_every_layer_without_a_map(
    folder: Path, tmp_path: Path
) -> None:
    audit = audited(archive(folder), f"hf:{folder}/port", folder, tmp_path / "out")
    assert "parity" == audit.verdict, audit.headline
    assert set(SAME) >= {stage(audit, name).status for name in LAYERS}
    assert [] == [item.stage for item in audit.not_compared if item.counts]
    assert audit.parameters is not None and audit.pairing is not None
    assert (41, 41, [], []) == (
        audit.parameters.compared,
        audit.parameters.equal,
        audit.parameters.only_reference,
        audit.parameters.only_candidate,
    )
    assert {"digest"} == set(audit.parameters.paired_by)
    (layer,) = (one for one in audit.pairing.stages if one.reference == "layer.1")
    modules = "transformer_stack.layers.1 and bert.encoder.layer.1"
    assert f"name and axes; {modules}, whose parameters are one another's" == layer.by


FAULTS = {
    "bert.encoder.layer.1.attention.self.value.weight": "transformer_stack.layers.1.attention.self.value",
    "bert.encoder.layer.0.output.LayerNorm.weight": "transformer_stack.layers.0.output.layer_norm",
    "bert.encoder.layer.0.intermediate.dense.bias": "transformer_stack.layers.0.intermediate.dense",
    "bert.embeddings.LayerNorm.weight": "embeddings.layer_norm",
    "classifier.weight": "linear_layer",
}


CASES = [(name, False) for name in FAULTS] + [("bert.encoder.layer.0.output.LayerNorm.weight", True)]


@pytest.mark.parametrize(
    ("name", "turned"),
    [pytest.param(*case, marks=[] if "LayerNorm" in case[0] else pytest.mark.long) for case in CASES],
)
def test_a_slightly_changed_weight_is_the_error_of_its_module_and_of_no_other(
    folder: Path, tmp_path: Path, name: str, turned: bool
) -> None:
    vary(folder / "port", tmp_path / "faulty", [name], 1e-3)
    sides = [archive(folder), f"hf:{tmp_path / 'faulty'}"]
    first, second = sides[::-1] if turned else sides
    audit = audited(first, second, folder, tmp_path / "out")
    assert "divergent" == audit.verdict
    module = (FAULTS[name], name.rpartition(".")[0])
    assert [module[::-1] if turned else module] == [
        (one.module.reference, one.module.candidate) for one in audit.origins
    ]
