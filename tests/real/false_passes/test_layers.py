"""Two models that differ in their layers, or in numbers that the last stage hides."""

from __future__ import annotations

from pathlib import Path

import pytest

from proof.tiny import build
from tests.models import VOCABULARY
from tests.real.asking import compare, stage
from tests.real.pairs import Weights, changed, first_stage, statuses

pytestmark = [pytest.mark.real]


@pytest.mark.false_pass(1)
def test_an_epsilon_that_the_logits_hide_is_divergent_from_the_embeddings_on(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """LayerNorm eps 1e-12 → 1e-5. Fools every check of logits at 1e-5, and tree walks that stop at an equal root."""
    candidate = changed(models / "right", tmp_path / "eps", layer_norm_eps=1e-5)
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert (stage(audit, "logits").max_abs.value or 0.0) < 1e-5
    assert ("divergent", "embeddings") == (audit.verdict, first_stage(audit))
    assert (stage(audit, "embeddings").times_floor or 0.0) > 100
    assert "config.layer_norm_eps" in {finding.cause for finding in audit.findings}


@pytest.mark.false_pass(2)
def test_another_gelu_is_divergent_from_the_first_layer_on(models: Path, texts: str, tmp_path: Path) -> None:
    """gelu → gelu_new. Fools checks of logits, and per-layer checks with tolerances made for half precision."""
    candidate = changed(models / "right", tmp_path / "gelu_new", hidden_act="gelu_new")
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert (stage(audit, "logits").max_abs.value or 0.0) < 1e-5
    assert ("divergent", "layer.0") == (audit.verdict, first_stage(audit))
    assert (stage(audit, "layer.0").times_floor or 0.0) > 10
    assert {"equal"} == statuses(audit, "embeddings")
    assert "config.activation" in {finding.cause for finding in audit.findings}


@pytest.mark.false_pass(3)
def test_eight_nudged_weights_are_divergent_at_their_layer(models: Path, texts: str, tmp_path: Path) -> None:
    """Eight weights of one dense layer + 0.05. Fools modes that compare means only."""
    dense = "bert.encoder.layer.2.output.dense.weight"
    candidate = changed(
        models / "right", tmp_path / "nudged", lambda weights: weights[dense][0, :8].add_(0.05)
    )
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert ("divergent", "layer.2") == (audit.verdict, first_stage(audit))
    assert {"equal"} == statuses(audit, "embeddings", "layer.0", "layer.1")
    (finding,) = [finding for finding in audit.findings if finding.cause == "weights.changed"]
    assert [dense] == finding.evidence["parameters"]


@pytest.mark.false_pass(16)
def test_rounding_on_outlier_dimensions_is_noise(models: Path, texts: str, tmp_path: Path) -> None:
    """Max-abs 4e-4 on a checkpoint with outlier dimensions. Alarms every fixed tolerance."""

    def outliers(weights: Weights) -> None:
        for name, value in weights.items():
            if name.endswith("LayerNorm.weight"):
                value[5] = 3000.0

    reference = changed(models / "right", tmp_path / "outliers", outliers)
    subjects = f"{reference}?attn=eager", f"{reference}?attn=sdpa"
    audit = compare(*subjects, tmp_path / "audit", "--inputs", texts)
    assert "parity" == audit.verdict, audit.headline
    layers = [stage(audit, f"layer.{layer}") for layer in range(3)]
    assert max(record.max_abs.value or 0.0 for record in layers) > 1e-4
    assert max(record.relative_l2 or 0.0 for record in layers) < 1e-6


@pytest.mark.false_pass(25)
def test_equal_logits_do_not_end_the_search(models: Path, texts: str, tmp_path: Path) -> None:
    """The first output equal at the root. Fools tree walks that stop there."""
    silent = changed(
        models / "right", tmp_path / "silent", lambda weights: weights["classifier.weight"].zero_()
    )
    other = changed(tmp_path / "silent", tmp_path / "other", layer_norm_eps=1e-5)
    audit = compare(silent, other, tmp_path / "audit", "--inputs", texts)
    assert {"equal"} == statuses(audit, "logits", "probabilities", "label")
    assert ("divergent", "embeddings") == (audit.verdict, first_stage(audit))


def test_one_bias_moved_below_the_rounding_of_float32_is_found_in_float64(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """A bias of 10 + 1e-6: in float32 that is one rounding of a logit, as any run shows."""
    high = changed(models / "right", tmp_path / "high", lambda weights: weights["classifier.bias"].add_(10))
    other = changed(
        tmp_path / "high", tmp_path / "other", lambda weights: weights["classifier.bias"][1:2].add_(1e-6)
    )
    audit = compare(high, other, tmp_path / "audit", "--inputs", texts)
    record = stage(audit, "logits")
    assert (record.relative_l2 or 1.0) <= (record.allowed or 0.0)
    assert ("divergent", "logits") == (audit.verdict, first_stage(audit))
    assert audit.first_divergence is not None and audit.first_divergence.float64_only


def test_one_changed_word_is_found_in_the_row_that_has_it(models: Path, texts: str, tmp_path: Path) -> None:
    """Two numbers in one row of the embedding matrix, which one input uses."""
    word, embedding = VOCABULARY.index("lovely"), "bert.embeddings.word_embeddings.weight"
    candidate = changed(
        models / "right", tmp_path / "word", lambda weights: weights[embedding][word][:2].add_(0.5)
    )
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    first = audit.first_divergence
    assert first is not None and ("embeddings", 2, 5) == (first.stage, first.example, first.token)


def test_a_changed_word_that_no_input_has_is_parity_and_said(
    models: Path, texts: str, tmp_path: Path
) -> None:
    """What was asked agrees to the bit; that the weights do not is said beside it."""
    word, embedding = VOCABULARY.index("three"), "bert.embeddings.word_embeddings.weight"
    candidate = changed(
        models / "right", tmp_path / "word", lambda weights: weights[embedding][word].add_(1.0)
    )
    audit = compare(f"hf:{models / 'right'}", candidate, tmp_path / "audit", "--inputs", texts)
    assert "parity" == audit.verdict
    assert audit.reference.weights_digest != audit.candidate.weights_digest
    (finding,) = [finding for finding in audit.findings if finding.cause == "weights.changed"]
    assert ("notice", [embedding]) == (finding.severity, finding.evidence["parameters"])


@pytest.mark.false_pass(33)
@pytest.mark.parametrize("architecture", ["LlamaForSequenceClassification", "T5ForSequenceClassification"])
def test_a_millionth_of_one_weight_is_found_where_the_model_itself_casts_down(
    architecture: str, texts: str, tmp_path: Path
) -> None:
    """Its norms (and a Llama's rotary table) cast to float32. Fools float64 runs that let them: what they show is rounding."""
    name = {
        "LlamaForSequenceClassification": "model.layers.1.mlp.down_proj.weight",
        "T5ForSequenceClassification": "transformer.encoder.block.1.layer.1.DenseReluDense.wo.weight",
    }[architecture]

    def move(weights: Weights) -> None:
        values = weights[name].view(-1)
        values[values.abs().argmin()] += 1e-6 * values.std()

    model = build(architecture, tmp_path / "model", seed=4)
    audit = compare(
        f"hf:{model}", changed(model, tmp_path / "moved", move), tmp_path / "audit", "--inputs", texts
    )
    first = audit.first_divergence
    assert first is not None, audit.headline
    assert ("divergent", "layer.1", True) == (audit.verdict, first.stage, first.float64_only)
    assert audit.noise.candidate_float64.startswith("kept: ")
    seen = stage(audit, "layer.1")
    assert 1e-13 < (seen.float64_relative_l2 or 0.0) < 2.0**-24
    assert (seen.relative_l2 or 1.0) <= (seen.allowed or 0.0)
