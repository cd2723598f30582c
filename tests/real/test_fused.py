"""Query, key and value in one matrix against three: Llama's weights as Phi-3 holds them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# torch and safetensors are typed in part only.

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import parity
from parity.records.audit import Audit
from proof.tiny import build
from tests.real.asking import compare
from tests.real.asking import parity as command

pytestmark = pytest.mark.real
TEXTS = ("a fine film it was", "dull", "the good film that i love and you hate")
LAYER = "model.layers.1."


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fused")
    (folder / "texts.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return build("LlamaForSequenceClassification", folder / "llama", seed=1)


def as_phi3(llama: Path, to: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> Path:
    """The same weights in a folder of Phi-3, changed where that is wanted."""
    import torch
    from safetensors.torch import load_file, save_file

    shutil.copytree(llama, to)
    held = load_file(to / "model.safetensors")
    for layer in range(3):
        for whole, parts in (
            ("self_attn.qkv_proj", [f"self_attn.{part}_proj" for part in "qkv"]),
            ("mlp.gate_up_proj", ["mlp.gate_proj", "mlp.up_proj"]),
        ):
            taken = [held.pop(f"model.layers.{layer}.{part}.weight") for part in parts]
            held[f"model.layers.{layer}.{whole}.weight"] = torch.cat(taken)
    change(held)
    save_file(
        {name: one.contiguous() for name, one in held.items()}, to / "model.safetensors", {"format": "pt"}
    )
    config = json.loads((to / "config.json").read_text("utf-8"))
    config.update(model_type="phi3", architectures=["Phi3ForSequenceClassification"], sliding_window=None)
    config.update(resid_pdrop=0.0, embd_pdrop=0.0, original_max_position_embeddings=64)
    (to / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return to


def audited(reference: str, candidate: str, llama: Path, out: Path, *more: str) -> Audit:
    return compare(reference, candidate, out, "--inputs", str(llama.parent / "texts.txt"), *more)


def phi3(folder: Path, llama: Path) -> str:
    return f"hf:{folder}?tokenizer={llama}"


@pytest.mark.parametrize("turned", [False, True], ids=["fused candidate", "fused reference"])
def test_one_matrix_of_several_is_paired_with_each_and_is_parity(
    llama: Path, tmp_path: Path, turned: bool
) -> None:
    sides = [f"hf:{llama}", phi3(as_phi3(llama, tmp_path / "phi3"), llama)]
    first, second = sides[::-1] if turned else sides
    audit = audited(first, second, llama, tmp_path / "out")
    assert "parity" == audit.verdict, audit.headline
    seen = audit.parameters
    assert seen is not None and ([], [], "") == (seen.only_reference, seen.only_candidate, seen.reason)
    assert (30, 15, {"fused:rows"}) == (seen.compared, seen.equal, {one.relation for one in seen.differing})
    key = next(one for one in seen.differing if "1.self_attn.k_proj" in one.reference + one.candidate)
    assert f"it is rows 32-47 of {LAYER}self_attn.qkv_proj.weight" == key.detail
    assert "fused:rows" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_a_changed_number_in_one_third_is_named_there_and_its_module_is_the_origin(
    llama: Path, tmp_path: Path
) -> None:
    def change(held: dict[str, Any]) -> None:
        held[LAYER + "self_attn.qkv_proj.weight"][33, 3] += 0.05

    other = as_phi3(llama, tmp_path / "faulty", change)
    audit = audited(f"hf:{llama}", phi3(other, llama), llama, tmp_path / "out")
    assert audit.first_divergence is not None and audit.parameters is not None
    assert ("divergent", "layer.1") == (audit.verdict, audit.first_divergence.stage)
    (changed,) = (one for one in audit.parameters.differing if one.relation != "fused:rows")
    assert ("changed", LAYER + "self_attn.k_proj.weight") == (changed.relation, changed.reference)
    assert "rows 32-47 of" in changed.detail and "1 of 16 rows" in changed.detail
    assert "at row 1, column 3" in changed.detail
    assert 0 < (changed.relative_l2 or 0) < 0.2
    (origin,) = audit.origins
    assert LAYER + "self_attn" == origin.module.candidate
    assert "only the candidate runs self_attn.qkv_proj in it" in origin.reason
    assert "weights.changed" in {one.cause for one in audit.findings}


def test_a_map_keeps_the_parts_and_can_move_them(llama: Path, tmp_path: Path) -> None:
    other = phi3(as_phi3(llama, tmp_path / "phi3"), llama)
    text = parity.pairing(f"hf:{llama}", other)
    assert 15 == text.count("places = ")
    place = tmp_path / "map.toml"
    place.write_text(text, encoding="utf-8")
    audit = audited(f"hf:{llama}", other, llama, tmp_path / "same", "--map", str(place))
    assert audit.parameters is not None
    assert (30, 15, {"the map": 30}) == (
        audit.parameters.compared,
        audit.parameters.equal,
        audit.parameters.paired_by,
    )
    rows = "rows 32-47 as rows"
    for moved, reason in (("rows 30-45 as rows", "changed"), ("rows 32-46 as rows", "15 places")):
        place.write_text(text.replace(rows, moved), encoding="utf-8")
        if reason == "changed":
            audit = audited(f"hf:{llama}", other, llama, tmp_path / "moved", "--map", str(place))
            assert audit.parameters is not None
            assert 3 == sum(one.relation == reason for one in audit.parameters.differing)
            continue
        run = command("compare", f"hf:{llama}", other, "--map", str(place), "--out", str(tmp_path / "no"))
        assert 2 == run.code and reason in run.complained
