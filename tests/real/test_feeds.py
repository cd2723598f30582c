"""What is fed to a model: padding, masks, tokenizers and the shapes of inputs, each named for what it is."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from parity.records.audit import Audit
from tests.models import VOCABULARY, WORDS, tiny, tiny_bert, write_tokenizer
from tests.real.asking import ROOT, compare, parity, stage
from tests.real.minilm import minilm_folder, questions, write_questions

pytestmark = [pytest.mark.real, pytest.mark.slow]

_SHAPE = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
_CASED = ROOT.parent / "shared" / "materials" / "vocabularies" / "bert-base-cased" / "vocab.txt"


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Forty texts of one to twenty words, in the words of the tiny vocabulary."""
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    lines = [
        " ".join(WORDS[(7 * row + 3 * place) % len(WORDS)] for place in range(1 + row % 20))
        for row in range(40)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("classifier"))


def _causes(audit: Audit) -> set[str | None]:
    return {finding.cause for finding in audit.findings if finding.severity == "divergent"}


def _passes(audit: Audit) -> None:
    assert "parity" == audit.verdict, audit.headline
    assert {"equal", "within_noise"} >= {record.status for record in audit.stages}
    assert [] == [item for item in audit.not_compared if item.counts]


def test_padding_on_the_left_is_named_where_the_model_minds(
    classifier: Path, texts: str, tmp_path: Path
) -> None:
    audit = compare(f"hf:{classifier}", f"hf:{classifier}?padding_side=left", tmp_path, "--inputs", texts)
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "attention_mask" == audit.first_divergence.stage, audit.headline
    assert "batch.padding_side" in _causes(audit)
    assert {"reference": "right", "candidate": "left"} == audit.tokens.padding_side
    assert audit.tokens.rows == audit.tokens.rows_equal
    assert stage(audit, "logits", "same_ids").status in {"equal", "within_noise"}


def test_padding_on_the_left_is_said_and_parity_where_the_model_does_not_mind(
    texts: str, tmp_path: Path
) -> None:
    folder = tmp_path / "llama"
    tiny("llama", vocab_size=len(VOCABULARY), pad_token_id=0, seed=5).save_pretrained(folder)
    write_tokenizer(folder)
    audit = compare(f"hf:{folder}", f"hf:{folder}?padding_side=left", tmp_path / "audit", "--inputs", texts)
    _passes(audit)
    said = [finding for finding in audit.findings if finding.cause == "batch.padding_side"]
    assert ["notice"] == [finding.severity for finding in said]
    assert {"reference": "right", "candidate": "left"} == audit.tokens.padding_side


def test_the_side_of_padding_does_not_matter_where_a_batch_has_one_row(
    classifier: Path, texts: str, tmp_path: Path
) -> None:
    audit = compare(
        f"hf:{classifier}?batch_size=1",
        f"hf:{classifier}?batch_size=1&padding_side=left",
        tmp_path,
        *("--inputs", texts),
    )
    _passes(audit)
    assert {"reference": "none", "candidate": "none"} == audit.tokens.padding_side


def test_a_batch_size_holds_for_its_own_side(classifier: Path, texts: str, tmp_path: Path) -> None:
    audit = compare(
        f"hf:{classifier}?batch_size=1",
        f"hf:{classifier}?batch_size=8",
        tmp_path,
        *("--inputs", texts),
    )
    _passes(audit)
    assert {"reference": "none", "candidate": "right"} == audit.tokens.padding_side
    assert audit.inputs.count == stage(audit, "logits", "same_ids").rows
    assert any("1 row at a time, the candidate 8 rows" in finding.sentence for finding in audit.findings)


@pytest.mark.false_pass(29)
def test_positions_that_do_not_follow_the_mask_are_named_in_a_batch_against_rows_alone(
    classifier: Path, texts: str, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    single = f"hf:{classifier}?batch_size=1"
    batched = f"hf:{classifier}?batch_size=8&padding_side=left"
    parity("record", batched, "--inputs", texts, "--out", str(trace))
    for number, candidate in enumerate((batched, f"trace:{trace}")):
        audit = compare(single, candidate, tmp_path / f"audit-{number}", "--inputs", texts)
        assert "divergent" == audit.verdict
        assert "batch.position_ids" == audit.findings[0].cause
        assert "pad on the right" in audit.findings[0].remedy
        assert {"reference": "none", "candidate": "left"} == audit.tokens.padding_side
        assert 0 < stage(audit, "embeddings", "own").rows_beyond < audit.inputs.count
    # Of the same rows run together a trace holds the very same values.
    audit = compare(batched, f"trace:{trace}", tmp_path / "audit-same", "--inputs", texts)
    _passes(audit)


def test_a_missing_mask_is_named(classifier: Path, texts: str, tmp_path: Path) -> None:
    folder = shutil.copytree(classifier, tmp_path / "model")
    write_tokenizer(folder, model_input_names=["input_ids", "token_type_ids"])
    audit = compare(f"hf:{classifier}", f"hf:{folder}", tmp_path / "audit", "--inputs", texts)
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "attention_mask" == audit.first_divergence.stage, audit.headline
    assert "batch.attention_mask" in _causes(audit)
    assert stage(audit, "logits", "same_ids").status in {"equal", "within_noise"}


def test_a_tokenizer_of_another_model_is_named(tmp_path: Path) -> None:
    if not _CASED.is_file():
        pytest.skip(f"{_CASED} is absent")
    tokenizer = tmp_path / "cased"
    tokenizer.mkdir()
    shutil.copy(_CASED, tokenizer)
    said = {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "model_max_length": 512}
    (tokenizer / "tokenizer_config.json").write_text(json.dumps(said), encoding="utf-8")
    inputs = write_questions(tmp_path / "texts.csv", questions("test")[::30])
    folder = minilm_folder()
    audit = compare(
        f"hf:{folder}", f"hf:{folder}?tokenizer={tokenizer}", tmp_path / "audit", "--inputs", str(inputs)
    )
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "text" == audit.first_divergence.stage, audit.headline
    assert {"text.lowercase", "tokenizer.vocabulary"} <= _causes(audit)
    assert 0 == audit.tokens.rows_equal
    assert "equal" == stage(audit, "pooled", "same_ids").status


def test_token_classification_is_decided_token_by_token(texts: str, tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "model", "AutoModelForTokenClassification", labels=("O", "B", "I"))
    audit = compare(f"hf:{folder}", f"hf:{folder}?attn=eager", tmp_path / "audit", "--inputs", texts)
    _passes(audit)
    assert audit.decisions is not None
    decisions = audit.decisions
    assert ("token", audit.inputs.count, 0) == (decisions.unit, decisions.rows, decisions.rows_flipped)
    assert decisions.examples == decisions.agree > audit.inputs.count
    # [CLS] and [SEP] of each row decide nothing.
    assert stage(audit, "logits").positions == decisions.examples + 2 * audit.inputs.count


def test_pairs_of_texts_go_in_as_pairs(classifier: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    rows = [
        {"premise": " ".join(WORDS[row : row + 6]), "hypothesis": WORDS[row], "label": "neutral"}
        for row in range(24)
    ]
    pairs.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    audit = compare(
        f"hf:{classifier}", f"hf:{classifier}?attn=eager", tmp_path / "audit", "--inputs", str(pairs)
    )
    _passes(audit)
    assert audit.inputs.pairs
    assert "equal" == stage(audit, "token_type_ids").status
    assert stage(audit, "embeddings").positions == 24 * (3 + 6 + 1)


def test_many_labels_at_once_are_decided_by_a_sigmoid_each(texts: str, tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "model", problem_type="multi_label_classification")
    audit = compare(f"hf:{folder}", f"hf:{folder}?temperature=1.7", tmp_path / "audit", "--inputs", texts)
    assert audit.decisions is not None
    assert audit.decisions.multi_label
    assert audit.decisions.implied_temperature.value == pytest.approx(1.70, abs=0.01)
    assert audit.first_divergence is not None
    assert "probabilities" == audit.first_divergence.stage
    assert audit.decisions.examples == audit.decisions.agree


def test_a_bare_encoder_is_compared_without_decisions(texts: str, tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "model", "AutoModel")
    audit = compare(f"hf:{folder}", f"hf:{folder}?attn=eager", tmp_path / "audit", "--inputs", texts)
    _passes(audit)
    assert audit.decisions is None
    assert {"embeddings", "layer.0", "layer.1", "layer.2", "pooled"} <= {
        record.stage for record in audit.stages
    }


@pytest.fixture(scope="module")
def roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RoBERTa, whose first token reads the second row of its table of positions (the padding's id is 0)."""
    folder = tmp_path_factory.mktemp("roberta") / "model"
    tiny("roberta", vocab_size=len(VOCABULARY), pad_token_id=0).save_pretrained(folder)
    return write_tokenizer(folder, limit=39)


def _ported(roberta: Path, folder: Path, cut: int) -> Path:
    """The same encoder as a BERT, whose first token reads the first row: `cut` rows were taken off the table's top."""
    transformers: Any = importlib.import_module("transformers")
    theirs: Any = transformers.AutoModel.from_pretrained(roberta)
    weights = {name: value for name, value in theirs.state_dict().items() if "_ids" not in name}
    table = "embeddings.position_embeddings.weight"
    weights[table] = weights[table][cut:]
    fields = theirs.config.to_dict()
    fields = {name: fields[name] for name in (*_SHAPE, "layer_norm_eps", "type_vocab_size", "pad_token_id")}
    config = transformers.BertConfig(**fields, max_position_embeddings=len(weights[table]))
    model = transformers.BertModel(config)
    model.load_state_dict(weights, strict=False)
    model.save_pretrained(folder)
    return write_tokenizer(folder, limit=39)


def test_positions_of_a_table_that_begins_elsewhere_are_said_and_parity(
    roberta: Path, texts: str, tmp_path: Path
) -> None:
    long = (
        tmp_path / "long.txt"
    )  # as long as the table: to force the reference's positions would reach beyond its end
    long.write_text(Path(texts).read_text(encoding="utf-8") + " ".join(WORDS) + "\n", encoding="utf-8")
    port = _ported(roberta, tmp_path / "port", 1)
    for name, inputs in (("short", texts), ("long", str(long))):
        audit = compare(f"hf:{roberta}", f"hf:{port}", tmp_path / name, "--inputs", inputs)
        _passes(audit)
        assert {"equal"} == {record.status for record in audit.stages if record.stage.startswith("layer")}
        said = "other positions: the reference's are 1 more throughout; the model's output does not change"
        assert said == stage(audit, "position_ids").reason
        assert [f"In {audit.inputs.count} of {audit.inputs.count} rows the same tokens have {said}."] == [
            finding.sentence for finding in audit.findings if finding.stage == "position_ids"
        ]


def test_positions_that_are_counted_from_another_row_of_the_same_table_are_named(
    roberta: Path, texts: str, tmp_path: Path
) -> None:
    port = _ported(roberta, tmp_path / "port", 0)
    audit = compare(f"hf:{roberta}", f"hf:{port}", tmp_path / "audit", "--inputs", texts)
    assert audit.first_divergence is not None
    assert ("divergent", "position_ids") == (audit.verdict, audit.first_divergence.stage), audit.headline
    assert "batch.position_ids" in _causes(audit)
    assert stage(audit, "pooled", "same_ids").status in {"equal", "within_noise"}
    assert (stage(audit, "pooled", "same_ids").float64_relative_l2 or 0.0) < 1e-12


def test_a_nudge_behind_a_table_that_begins_elsewhere_is_found_at_its_layer(
    roberta: Path, texts: str, tmp_path: Path
) -> None:
    safetensors: Any = importlib.import_module("safetensors.torch")
    port = _ported(roberta, tmp_path / "port", 1)
    weights = safetensors.load_file(port / "model.safetensors")
    weights["encoder.layer.1.output.dense.weight"][0, :8].add_(0.05)
    safetensors.save_file(weights, port / "model.safetensors", metadata={"format": "pt"})
    audit = compare(f"hf:{roberta}", f"hf:{port}", tmp_path / "audit", "--inputs", texts)
    assert audit.first_divergence is not None
    assert ("divergent", "layer.1") == (audit.verdict, audit.first_divergence.stage), audit.headline
    assert "equal" == stage(audit, "embeddings", "same_ids").status
    assert "output does not change" not in stage(audit, "position_ids").reason
