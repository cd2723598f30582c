"""PEFT adapters as subjects: base and adapter against the merged model, and a head that was not saved."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false
# torch, transformers and peft are typed in part only.

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from tests.models import tiny_bert, write_tokenizer
from tests.real.asking import compare, parity, stage

peft: Any = pytest.importorskip("peft", reason="peft is not installed")
pytestmark = [pytest.mark.real]


def _save(folder: Path, name: str, task: str | None, classes: int) -> None:
    """An adapter `name` of `folder/base`, and its merged model `name-merged`."""
    auto: Any = transformers.AutoModelForSequenceClassification
    torch.manual_seed(1)
    settings = peft.LoraConfig(r=4, lora_alpha=8, target_modules=["query", "value"], task_type=task)
    model = peft.get_peft_model(auto.from_pretrained(folder / "base", num_labels=classes), settings)
    generator = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_" in key or "classifier" in key:
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.2)
    model.eval().save_pretrained(folder / name)
    model.merge_and_unload().save_pretrained(folder / f"{name}-merged")
    for one in (name, f"{name}-merged"):
        write_tokenizer(folder / one)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base without a head; an adapter `whole` with its head, and one, `headless`, whose head was not saved; both merged."""
    place = tmp_path_factory.mktemp("peft")
    tiny_bert(place / "base", "AutoModel")
    _save(place, "whole", "SEQ_CLS", 3)
    _save(place, "headless", None, 2)
    (place / "texts.txt").write_text(
        "the film was good\na dull plot, never fine\nwe love it\n", encoding="utf-8"
    )
    return place


def test_an_adapter_is_its_merged_model_at_every_stage_and_in_float64(folder: Path, tmp_path: Path) -> None:
    texts = str(folder / "texts.txt")
    audit = compare(f"hf:{folder}/whole", f"hf:{folder}/whole-merged", tmp_path / "audit", "--inputs", texts)
    assert ("parity", "equal") == (audit.verdict, stage(audit, "logits").status), audit.headline
    assert all(record.status in ("equal", "within_noise") for record in audit.stages)
    assert "float64" not in audit.headline
    assert any("LORA adapter of the base model" in note for note in audit.reference.notes)


def test_one_that_is_not_merged_differs_by_the_rounding_of_the_merge_which_does_not_decide(
    folder: Path, tmp_path: Path
) -> None:
    texts = str(folder / "texts.txt")
    audit = compare(
        f"hf:{folder}/whole?merge=false", f"hf:{folder}/whole-merged", tmp_path / "audit", "--inputs", texts
    )
    assert "parity" == audit.verdict, audit.headline
    assert "the rounding of a merge does not count" in audit.headline
    left = stage(audit, "logits", "same_ids").float64_relative_l2
    assert left is not None
    assert 1e-10 < left < 1e-6


def test_a_head_that_was_not_saved_is_named_at_the_logits(folder: Path, tmp_path: Path) -> None:
    texts = str(folder / "texts.txt")
    audit = compare(
        f"hf:{folder}/headless", f"hf:{folder}/headless-merged", tmp_path / "audit", "--inputs", texts
    )
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "logits" == audit.first_divergence.stage
    assert "weights.head_not_loaded" == audit.findings[0].cause
    assert ["classifier.bias", "classifier.weight"] == sorted(audit.reference.newly_initialised)


def test_a_base_that_is_not_there_is_named_with_the_option(folder: Path, tmp_path: Path) -> None:
    run = parity("inspect", f"hf:{folder}/whole?base=./nowhere")
    assert 2 == run.code
    assert "LORA adapter of the base model ./nowhere, which is not there" in run.complained
    assert "?base=" in run.complained
    run = parity("inspect", f"hf:{folder}/base?merge=true")
    assert (2, True) == (run.code, "merge= has no effect" in run.complained)
