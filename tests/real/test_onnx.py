"""`onnx:` against the model that was exported: parity through every layer, and what a wrong export is called."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false
# torch, transformers and onnx are typed in part only.

from __future__ import annotations

import importlib
import shutil
import warnings
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
import transformers

from parity.session.conformance import check_adapter
from tests.real.asking import ROOT, compare, parity, stage

pytestmark = [pytest.mark.real]

PORT = ROOT / "fixtures" / "port"
INPUTS = ("--inputs", str(ROOT / "fixtures" / "reviews.jsonl"), "--limit", "16")
NAMES = ["input_ids", "attention_mask", "token_type_ids"]


class _Exported(torch.nn.Module):
    """The model as exporters trace it: tensors by position in, logits and hidden states out."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Any, mask: Any, types: Any) -> Any:
        found = self.model(ids, attention_mask=mask, token_type_ids=types, output_hidden_states=True)
        return (found.logits, *found.hidden_states)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fixture's port as a folder of an export."""
    folder = tmp_path_factory.mktemp("onnx") / "export"
    folder.mkdir()
    auto: Any = transformers.AutoModelForSequenceClassification
    model = auto.from_pretrained(PORT).eval()
    ids = torch.randint(5, 100, (2, 9))
    outputs = ["logits", *(f"hidden_states.{k}" for k in range(model.config.num_hidden_layers + 1))]
    lengths = {0: "batch", 1: "sequence"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Exported(model),
            (ids, torch.ones_like(ids), torch.zeros_like(ids)),
            str(folder / "model.onnx"),
            input_names=NAMES,
            output_names=outputs,
            dynamo=False,
            dynamic_axes={name: {0: "batch"} if name == "logits" else lengths for name in NAMES + outputs},
        )
    for file in ("config.json", "vocab.txt", "tokenizer_config.json", "tokenizer.json"):
        if (PORT / file).exists():
            shutil.copy(PORT / file, folder / file)
    return folder


def renamed(exported: Path, folder: Path, **names: str) -> Path:
    """The same export with other names of its inputs and outputs; an empty name takes an output away."""
    shutil.copytree(exported, folder)
    model = onnx.load(str(folder / "model.onnx"))
    for node in model.graph.node:
        node.input[:] = [names.get(name) or name for name in node.input]
        node.output[:] = [names.get(name) or name for name in node.output]
    for value in (*model.graph.input, *model.graph.output):
        value.name = names.get(value.name, value.name)
    for value in [one for one in model.graph.output if not one.name]:
        model.graph.output.remove(value)
    onnx.save(model, str(folder / "model.onnx"))
    return folder


def test_an_export_with_its_hidden_states_is_parity_through_every_layer(
    exported: Path, tmp_path: Path
) -> None:
    audit = compare(f"hf:{PORT}", f"onnx:{exported}", tmp_path / "audit", *INPUTS)
    assert "parity" == audit.verdict, audit.headline
    assert "not compared in float64, in which the candidate cannot be run" in audit.headline
    assert "the other side cannot be run in float64" in audit.noise.method
    for name in ("embeddings", "layer.0", "layer.1", "layer.2", "logits"):
        assert "within_noise" == stage(audit, name).status
    assert [("pooled", False)] == [(item.stage, item.counts) for item in audit.not_compared]
    assert "the sides differ" not in "".join(one.reason for one in audit.passes)


def test_exchanged_mask_and_segments_are_divergent_and_named(exported: Path, tmp_path: Path) -> None:
    wrong = renamed(
        exported, tmp_path / "wrong", attention_mask="token_type_ids", token_type_ids="attention_mask"
    )
    audit = compare(f"hf:{PORT}", f"onnx:{wrong}", tmp_path / "audit", *INPUTS)
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "embeddings" == audit.first_divergence.stage
    first = audit.findings[0]
    assert ("inputs.swapped", ["attention_mask", "token_type_ids"], "candidate") == (
        first.cause,
        first.evidence["inputs"],
        first.evidence["side"],
    )
    assert "takes its attention_mask where its token_type_ids is fed" in first.sentence


def test_a_graph_without_its_head_leaves_the_logits_not_compared(exported: Path, tmp_path: Path) -> None:
    bare = renamed(exported, tmp_path / "bare", logits="")
    audit = compare(f"hf:{PORT}", f"onnx:{bare}", tmp_path / "audit", *INPUTS)
    assert "not_comparable" == audit.verdict
    assert {"logits", "pooled"} <= {item.stage for item in audit.not_compared if item.counts}
    assert any("the graph has no output of it" in note for note in audit.candidate.notes)


def test_modules_beside_a_graph_are_parts_that_are_not_run(exported: Path, tmp_path: Path) -> None:
    """Two exports of one encoder whose pooling differs: the graphs agree, and what their users read does not."""
    from proof.tables.heads import change_module, sentence_transformers

    sentence_transformers(tmp_path / "modules", 0)
    for name in ("mean", "cls"):
        shutil.copytree(exported, tmp_path / name)
        for file in ("modules.json", "1_Pooling", "2_Dense"):
            source, to = tmp_path / "modules" / file, tmp_path / name / file
            _ = shutil.copytree(source, to) if source.is_dir() else shutil.copy(source, to)
    change_module(tmp_path / "cls", "pooling")
    audit = compare(f"onnx:{tmp_path / 'mean'}", f"onnx:{tmp_path / 'cls'}", tmp_path / "out", *INPUTS)
    assert "not_comparable" == audit.verdict
    assert "pooling_mode_cls_token (False against True)" in audit.headline


def test_the_adapter_keeps_its_promises(exported: Path) -> None:
    texts = ["A short one.", "A much longer text, so that the first is padded beside it.", "Three weeks!"]
    assert [] == check_adapter(f"onnx:{exported}", texts)


def test_a_graph_with_other_inputs_is_refused_with_their_names(exported: Path, tmp_path: Path) -> None:
    odd = renamed(exported, tmp_path / "odd", attention_mask="past_key_values.0.key")
    run = parity("inspect", f"onnx:{odd}")
    assert (2, True) == (run.code, "takes past_key_values.0.key: parity feeds input_ids" in run.complained)


def test_a_file_without_a_tokenizer_names_the_option_that_gives_one(exported: Path, tmp_path: Path) -> None:
    alone = tmp_path / "inner" / "model.onnx"
    alone.parent.mkdir()
    shutil.copy(exported / "model.onnx", alone)
    run = parity("inspect", f"onnx:{alone}")
    assert (2, True) == (run.code, "?tokenizer=PATH" in run.complained)
    run = parity("inspect", f"onnx:{alone}?tokenizer={PORT}")
    assert 0 == run.code, run.complained
    assert "embeddings → layer.0 → layer.1 → layer.2 → logits" in run.said


def test_a_quantised_graph_is_divergent_and_named_by_its_operators(exported: Path, tmp_path: Path) -> None:
    """A dynamic 8-bit quantisation of the export, as ONNX Runtime makes it."""
    quantize_dynamic: Any = importlib.import_module("onnxruntime.quantization").quantize_dynamic

    folder = tmp_path / "quantised"
    shutil.copytree(exported, folder)
    quantize_dynamic(exported / "model.onnx", folder / "model.onnx", extra_options={"MatMulConstBOnly": True})
    audit = compare(f"onnx:{exported}", f"onnx:{folder}", tmp_path / "audit", *INPUTS)
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    first = audit.findings[0]
    assert ("weights.quantised", "suspected") == (first.cause, first.standing)
    assert "operators DynamicQuantizeLinear" in audit.candidate.served["quantised"]
    assert "MatMulInteger" in first.sentence
    assert 0.3 < first.evidence["size_ratio"] < 0.9
    assert "neither side can be run in float64: single rows run again" in audit.noise.method
