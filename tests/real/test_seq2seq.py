"""Encoder-decoders: both decoders are given one target, and the next token of it is compared position by position."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from parity.records.audit import Audit
from tests.models import VOCABULARY, give_noise, tiny, write_tokenizer
from tests.real.asking import compare, parity, stage

pytestmark = pytest.mark.real
ROWS = [
    {"text": "a good film", "summary": "good"},
    {"text": "it was dull and very boring", "summary": "a dull plot of the film"},
    {"text": "never", "summary": "never love it"},
    {"text": "i love the plot of the story", "summary": "they like this one"},
]
_SPECIAL = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "decoder_start_token_id": 3}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small encoder-decoders with one tokenizer, and inputs with and without targets."""
    folder = tmp_path_factory.mktemp("seq2seq")
    for family, more in (("bart", _SPECIAL), ("t5", {**_SPECIAL, "decoder_start_token_id": 0})):
        model = tiny(family, "AutoModelForSeq2SeqLM", **{"vocab_size": len(VOCABULARY), **more})
        _save(model, folder / family)
    _write(folder / "targets.jsonl", ROWS)
    _write(folder / "texts.jsonl", [{"text": row["text"]} for row in ROWS])
    return folder


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _save(model: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    return write_tokenizer(folder, pad_token="[PAD]", bos_token="[CLS]", eos_token="[SEP]")


def _changed(folder: Path, to: Path, *names: str) -> Path:
    """The same model with other numbers in the tensors whose names end so."""
    import torch
    import transformers

    model = cast("Any", transformers.AutoModelForSeq2SeqLM).from_pretrained(folder)
    found = [one for name, one in model.state_dict().items() if name.endswith(names)]
    assert found
    with torch.no_grad():
        for one in found:
            one.add_(torch.randn(one.shape, generator=torch.Generator().manual_seed(7)))
    return _save(model, to)


def _compared(folders: Path, one: str, other: Path, out: Path, inputs: str = "targets.jsonl") -> Audit:
    return compare(f"hf:{folders / one}", f"hf:{other}", out, "--inputs", str(folders / inputs))


def test_a_copy_is_parity_and_every_token_of_the_target_decides(folders: Path, tmp_path: Path) -> None:
    audit = _compared(folders, "t5", folders / "t5", tmp_path)
    assert "parity" == audit.verdict
    assert audit.tasks is not None
    assert ("seq2seq", "seq2seq") == (audit.tasks.reference, audit.tasks.candidate)
    names = [record.stage for record in audit.stages if record.pass_ == "own"]
    assert ["encoder.embeddings", "encoder.layer.0", "encoder.layer.1", "encoder.layer.2"] == [
        name for name in names if name.startswith("encoder.")
    ]
    assert ["decoder.embeddings", "decoder.layer.0", "decoder.layer.1", "decoder.layer.2"] == [
        name for name in names if name.startswith("decoder.")
    ]
    assert audit.targets is not None
    assert (len(ROWS), 0) == (audit.targets.given, audit.targets.written)
    words = sum(len(row["summary"].split()) for row in ROWS)
    assert audit.decisions is not None
    # Each target is [CLS] words [SEP]; every token of it is predicted.
    assert words + 2 * len(ROWS) == audit.decisions.examples == stage(audit, "logits").positions
    assert ("next_token", "next_token") == (audit.decisions.unit, audit.decisions.stage)


@pytest.mark.false_pass(26)
def test_another_bias_of_the_head_is_divergent_at_the_logits_alone(folders: Path, tmp_path: Path) -> None:
    other = _changed(folders / "bart", tmp_path / "other", "final_logits_bias")
    audit = _compared(folders, "bart", other, tmp_path / "out")
    assert "divergent" == audit.verdict
    assert {"logits", "next_token"} == {
        record.stage for record in audit.stages if record.status == "divergent"
    }


@pytest.mark.false_pass(26)
def test_another_decoder_is_divergent_from_its_layer_on_and_the_encoder_agrees(
    folders: Path, tmp_path: Path
) -> None:
    other = _changed(folders / "bart", tmp_path / "other", "decoder.layers.1.fc1.bias")
    audit = _compared(folders, "bart", other, tmp_path / "out", "texts.jsonl")
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert ("decoder.layer.1", "own", 1) == (
        audit.first_divergence.stage,
        audit.first_divergence.pass_,
        audit.first_divergence.layer,
    )
    assert "weights.changed" == audit.findings[0].cause
    assert "decoder.layer.1" == audit.findings[0].stage
    # Without targets in the inputs the reference writes them, and the report says so.
    assert audit.targets is not None
    assert (0, len(ROWS), False) == (audit.targets.given, audit.targets.written, audit.targets.as_text)
    assert audit.targets.least * len(ROWS) <= stage(audit, "decoder_input_ids").compared
    assert any("The inputs have no target" in one.sentence for one in audit.findings)


@pytest.mark.false_pass(26)
@pytest.mark.parametrize(
    ("tensor", "first"),
    [
        ("decoder.block.1.layer.2.DenseReluDense.wo.weight", "decoder.layer.1"),
        ("decoder.final_layer_norm.weight", "module.decoder.final_layer_norm"),
    ],
)
def test_a_t5_with_another_decoder_or_another_last_norm_is_divergent_there(
    tensor: str, first: str, folders: Path, tmp_path: Path
) -> None:
    audit = _compared(folders, "t5", _changed(folders / "t5", tmp_path / "other", tensor), tmp_path / "out")
    assert audit.first_divergence is not None
    assert ("divergent", first) == (audit.verdict, audit.first_divergence.stage)
    assert "equal" == stage(audit, "encoder.layer.2").status


def test_another_start_token_is_a_difference_of_the_targets_tokens(folders: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folders / "t5", tmp_path / "other")
    for name in ("config.json", "generation_config.json"):
        settings = json.loads((other / name).read_text(encoding="utf-8"))
        settings["decoder_start_token_id"] = 2
        (other / name).write_text(json.dumps(settings), encoding="utf-8")
    audit = _compared(folders, "t5", other, tmp_path / "out")
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "decoder_input_ids" == audit.first_divergence.stage
    assert "tokenizer.target" == audit.findings[0].cause
    assert "'[PAD]' in the reference and '[CLS]' in the candidate" in audit.findings[0].sentence
    assert "divergent" == stage(audit, "logits").status
    assert "equal" == stage(audit, "logits", "same_ids").status
    assert ["Tokens of the target that differ", "Predicted tokens"] == [one.title for one in audit.exhibits]


def test_a_target_that_is_split_otherwise_is_paired_by_its_characters(folders: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folders / "bart", tmp_path / "other")
    words = ["zzzz" if word == "dull" else word for word in VOCABULARY]
    (other / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    rows = [{"text": "a good film", "target": row["summary"]} for row in ROWS]
    _write(tmp_path / "rows.jsonl", rows)
    audit = compare(
        f"hf:{folders / 'bart'}", f"hf:{other}", tmp_path / "out", "--inputs", str(tmp_path / "rows.jsonl")
    )
    assert "divergent" == audit.verdict
    record = stage(audit, "decoder_input_ids")
    assert ("divergent", 1, [[1]]) == (record.status, record.rows_beyond, record.first_beyond)
    assert "equal" == stage(audit, "logits", "same_ids").status
    assert audit.targets is not None
    assert {"pieces": 1} == audit.targets.tokens.differences
    assert any("have no counterpart" in item.reason for item in audit.not_compared)


def test_two_encoders_that_are_an_encoder_decoder_are_compared_layer_by_layer(tmp_path: Path) -> None:
    import transformers

    small: dict[str, Any] = {
        "vocab_size": len(VOCABULARY),
        "hidden_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
    }
    small |= {"intermediate_size": 40, "max_position_embeddings": 40}
    configs = [transformers.BertConfig(**small), transformers.BertConfig(**small)]
    config: Any = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(*configs)
    for name, value in {**_SPECIAL, "decoder_start_token_id": 2}.items():
        setattr(config, name, value)
    _save(give_noise(transformers.EncoderDecoderModel(config), 3), tmp_path / "pair")
    _write(tmp_path / "rows.jsonl", ROWS)
    spec = f"hf:{tmp_path / 'pair'}"
    audit = compare(
        spec, f"{spec}?batch_size=1", tmp_path / "out", "--inputs", str(tmp_path / "rows.jsonl"), "--target-column", "summary"
    )  # fmt: skip
    assert "parity" == audit.verdict
    layers = [f"{stack}.layer.{k}" for stack in ("encoder", "decoder") for k in (0, 1)]
    assert layers == [
        record.stage for record in audit.stages if ".layer." in record.stage and record.pass_ == "own"
    ]


def test_a_decoder_is_not_recorded_and_a_missing_column_is_named(folders: Path, tmp_path: Path) -> None:
    run = parity("record", f"hf:{folders / 't5'}", "--out", str(tmp_path / "t"))
    assert run.code in (2, 3)
    assert "at the tokens of a target, which a trace does not keep" in run.complained
    spec, inputs = f"hf:{folders / 't5'}", str(folders / "targets.jsonl")
    run = parity("compare", spec, spec, "--inputs", inputs, "--target-column", "summery")
    assert 2 == run.code
    assert "--target-column summary" in run.complained
