"""Each layer on the reference's input: faults in two layers are both named by their modules, and nothing that only inherits them."""

from __future__ import annotations

import fnmatch
import importlib
from pathlib import Path
from typing import Any

import pytest

from parity.records.audit import Audit
from proof.tiny import build
from proof.vary import copy, tensor_names, vary
from tests.real.asking import compare

pytestmark = pytest.mark.real
TEXTS = ("a fine film it was", "dull", "the good film that i love and you hate", "bad story one two three")
FAULTS: dict[str, tuple[dict[str, object], str, str]] = {
    # how it is made small, the module of layer k, and a weight inside it
    "Bert": ({"num_hidden_layers": 4}, "bert.encoder.layer.{}", "attention.self.value.weight"),
    "Roberta": ({"num_hidden_layers": 4}, "roberta.encoder.layer.{}", "output.dense.weight"),
    "DistilBert": ({"n_layers": 4}, "distilbert.transformer.layer.{}", "ffn.lin1.weight"),
    "Electra": ({"num_hidden_layers": 4}, "electra.encoder.layer.{}", "output.LayerNorm.weight"),
    "GPT2": ({"n_layer": 4}, "transformer.h.{}", "attn.c_proj.weight"),
    "Llama": ({"num_hidden_layers": 4}, "model.layers.{}", "mlp.up_proj.weight"),
}
_SHARED = "albert.encoder.albert_layer_groups.0"


def _inputs(folder: Path) -> tuple[str, str]:
    path = folder / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return "--inputs", str(path)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(
        "BertForSequenceClassification", tmp_path_factory.mktemp("bert") / "m", seed=1, num_hidden_layers=4
    )


def _audit(reference: Path, candidate: Path, folder: Path) -> Audit:
    return compare(f"hf:{reference}", f"hf:{candidate}", folder / "out", *_inputs(folder))


def _own(audit: Audit) -> list[str]:
    return [layer.stage for layer in audit.layers if layer.own]


@pytest.mark.parametrize("name", FAULTS)
def test_two_faults_are_both_named_and_only_they(name: str, tmp_path: Path) -> None:
    fields, module, weight = FAULTS[name]
    model = build(f"{name}ForSequenceClassification", tmp_path / "model", seed=1, **fields)
    faulty = [module.format(layer) for layer in (1, 3)]
    vary(model, tmp_path / "faulty", [f"{path}.{weight}" for path in faulty], 1e-3)
    audit = _audit(model, tmp_path / "faulty", tmp_path)
    assert ["layer.1", "layer.3"] == _own(audit)
    named = [(one.module.reference, one.module.candidate, one.stages) for one in audit.origins]
    inside = [f"{path}.{weight.rpartition('.')[0]}" for path in faulty]
    assert [(path, path, [f"layer.{layer}"]) for path, layer in zip(inside, (1, 3), strict=True)] == named
    assert [True, True] == [(one.times_floor or 0.0) > 1e6 for one in audit.origins]
    layers = {layer.stage: layer for layer in audit.layers}
    # What lies between only inherits: nothing of its own, and as much in total as before.
    assert (layers["layer.2"].isolated_relative_l2 or 0.0) <= (layers["layer.2"].allowed or 0.0)
    assert (layers["layer.2"].total_relative_l2 or 0.0) > 1e6 * (layers["layer.2"].allowed or 1.0)
    assert [] == [layer.stage for layer in audit.layers if layer.isolated_relative_l2 is None or layer.reason]


def test_a_shared_layer_is_one_module_with_all_its_stages(tmp_path: Path) -> None:
    model = build("AlbertForSequenceClassification", tmp_path / "model", seed=1, num_hidden_layers=4)
    (weight,) = fnmatch.filter(tensor_names(model), f"{_SHARED}.*ffn_output.weight")
    vary(model, tmp_path / "faulty", [weight], 1e-3)
    audit = _audit(model, tmp_path / "faulty", tmp_path)
    stages = [f"layer.{layer}" for layer in range(4)]
    assert stages == _own(audit)
    inside = f"{_SHARED}.albert_layers.0.ffn_output"
    assert [(inside, stages)] == [(one.module.candidate, one.stages) for one in audit.origins]


@pytest.mark.parametrize(
    ("weight", "module", "stage"),
    [
        (
            "bert.embeddings.token_type_embeddings.weight",
            "bert.embeddings.token_type_embeddings",
            "embeddings",
        ),
        ("bert.pooler.dense.bias", "bert.pooler.dense", "pooled"),
        ("classifier.weight", "classifier", "logits"),
    ],
)
def test_a_fault_beside_the_layers_is_none_of_theirs(
    weight: str, module: str, stage: str, bert: Path, tmp_path: Path
) -> None:
    vary(bert, tmp_path / "faulty", [weight], 1e-3)
    audit = _audit(bert, tmp_path / "faulty", tmp_path)
    assert [stage] == _own(audit)
    assert [(module, [stage], list(range(len(TEXTS))))] == [
        (one.module.candidate, one.stages, one.rows) for one in audit.origins
    ]


def test_one_unit_in_the_last_place_of_a_weight_is_an_error_of_its_layer(bert: Path, tmp_path: Path) -> None:
    import torch

    safetensors: Any = importlib.import_module("safetensors.torch")
    name = "bert.encoder.layer.2.intermediate.dense.weight"
    path = copy(bert, tmp_path / "faulty") / "model.safetensors"
    tensors = safetensors.load_file(path)
    flat = tensors[name].view(-1)
    flat[7] = torch.nextafter(flat[7], torch.tensor(torch.inf))
    safetensors.save_file(tensors, path, metadata={"format": "pt"})
    audit = _audit(bert, tmp_path / "faulty", tmp_path)
    assert audit.first_divergence is not None and audit.first_divergence.float64_only
    assert ["bert.encoder.layer.2.intermediate.dense"] == [one.module.candidate for one in audit.origins]
    assert {"float64"} == {layer.precision for layer in audit.layers}


def test_with_depth_layer_the_layers_are_named(bert: Path, tmp_path: Path) -> None:
    vary(bert, tmp_path / "faulty", ["*layer.0.attention.output.dense.weight"], 1e-3)
    given = (*_inputs(tmp_path), "--depth", "layer")
    audit = compare(f"hf:{bert}", f"hf:{tmp_path / 'faulty'}", tmp_path / "out", *given)
    assert [("bert.encoder.layer.0", "")] == [(one.module.candidate, one.paired_by) for one in audit.origins]
    (record,) = [one for one in audit.passes if one.name == "inside"]
    assert (0, "only layers were requested (depth: layer)") == (record.rows, record.reason)


def test_the_twin_has_no_error_and_pays_nothing(bert: Path, tmp_path: Path) -> None:
    audit = _audit(bert, copy(bert, tmp_path / "twin"), tmp_path)
    assert ("parity", [], []) == (audit.verdict, audit.layers, audit.origins)
    records = [(one.name, one.rows, one.reason) for one in audit.passes if one.name in ("isolated", "inside")]
    assert [
        ("isolated", 0, "no stage differs on the same inputs"),
        ("inside", 0, "no layer has an error of its own"),
    ] == records


def test_another_precision_is_an_error_of_every_layer_measured_in_it(bert: Path, tmp_path: Path) -> None:
    audit = compare(
        f"hf:{bert}", f"hf:{bert}?attn=eager&dtype=bfloat16", tmp_path / "out", *_inputs(tmp_path)
    )
    assert {f"layer.{layer}" for layer in range(4)} <= set(_own(audit))
    # sdpa gives its layers a mask of another form than eager: that is said, and each keeps its own.
    assert {"layer.0", "layer.3"} >= {layer.stage for layer in audit.layers if layer.reason} - {
        "layer.1",
        "layer.2",
    }


def test_a_side_that_replays_cannot_be_isolated_and_every_stage_says_so(bert: Path, tmp_path: Path) -> None:
    from tests.real.asking import parity

    given = _inputs(tmp_path)
    parity("record", f"hf:{bert}", *given, "--out", str(tmp_path / "golden.trace"))
    vary(bert, tmp_path / "faulty", ["*layer.1.output.dense.weight"], 1e-3)
    audit = compare(f"trace:{tmp_path / 'golden.trace'}", f"hf:{tmp_path / 'faulty'}", tmp_path / "out")
    assert [] == audit.origins
    assert {"the reference replays what was recorded"} == {layer.reason for layer in audit.layers}
    assert {None} == {layer.isolated_relative_l2 for layer in audit.layers}
    assert "layer.1" in {layer.stage for layer in audit.layers if (layer.total_relative_l2 or 0.0) > 1e-6}
