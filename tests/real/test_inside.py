"""Inside the layers: every module that was changed is named, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.records.audit import Audit
from proof.tiny import build
from proof.vary import copy, vary
from tests.real.asking import compare

pytestmark = pytest.mark.real
TEXTS = ("a fine film it was", "dull", "the good film that i love and you hate", "bad story one two three")
CHANGED: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    # how it is made small, and the modules of which the weights are changed, in forward order
    "Bert": (
        {"num_hidden_layers": 2},
        (
            "bert.embeddings.LayerNorm",
            "bert.encoder.layer.0.attention.self.key",
            "bert.encoder.layer.0.attention.output.LayerNorm",
            "bert.encoder.layer.1.attention.output.dense",
            "bert.encoder.layer.1.intermediate.dense",
        ),
    ),
    "GPT2": (
        {"n_layer": 2},
        ("transformer.h.0.attn.c_attn", "transformer.h.0.ln_2", "transformer.h.1.mlp.c_fc", "score"),
    ),
    "Llama": (
        {"num_hidden_layers": 2},
        (
            "model.layers.0.input_layernorm",
            "model.layers.0.self_attn.k_proj",
            "model.layers.1.self_attn.o_proj",
            "model.layers.1.mlp.gate_proj",
        ),
    ),
}


def _audit(reference: Path, candidate: Path, folder: Path) -> Audit:
    path = folder / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return compare(f"hf:{reference}", f"hf:{candidate}", folder / "out", "--inputs", str(path))


def _named(audit: Audit) -> list[str]:
    return [one.module.candidate for one in audit.origins]


@pytest.mark.parametrize("name", CHANGED)
def test_the_modules_whose_weights_were_changed_are_named_and_no_other(name: str, tmp_path: Path) -> None:
    fields, modules = CHANGED[name]
    model = build(f"{name}ForSequenceClassification", tmp_path / "model", seed=1, **fields)
    vary(model, tmp_path / "faulty", [f"{module}.weight" for module in modules], 1e-3)
    audit = _audit(model, tmp_path / "faulty", tmp_path)
    assert [*modules] == _named(audit)
    inside = [one for one in audit.origins if one.paired_by]
    assert {"path, class and shapes"} == {one.paired_by for one in inside}
    assert all((one.times_floor or 0.0) > 1e6 for one in inside)
    assert [len(TEXTS)] * len(inside) == [len(one.rows) for one in inside]


def test_another_scale_is_the_error_of_the_attention_that_applies_it(tmp_path: Path) -> None:
    model = build("GPT2ForSequenceClassification", tmp_path / "model", seed=1, n_layer=3)
    # Of the first layer the scale is that of the others without the setting.
    other = copy(model, tmp_path / "other", scale_attn_by_inverse_layer_idx=True)
    assert ["transformer.h.1.attn", "transformer.h.2.attn"] == _named(_audit(model, other, tmp_path))


def test_another_activation_and_another_epsilon_are_those_of_their_modules(tmp_path: Path) -> None:
    model = build("BertForSequenceClassification", tmp_path / "model", seed=1, num_hidden_layers=1)
    other = copy(model, tmp_path / "other", hidden_act="relu", layer_norm_eps=1e-6)
    audit = _audit(model, other, tmp_path)
    layer = "bert.encoder.layer.0"
    assert [
        "bert.embeddings.LayerNorm",
        f"{layer}.attention.output.LayerNorm",
        f"{layer}.intermediate.intermediate_act_fn",
        f"{layer}.output.LayerNorm",
    ] == _named(audit)
    assert "path; GELUActivation against ReLU" in {one.paired_by for one in audit.origins}
