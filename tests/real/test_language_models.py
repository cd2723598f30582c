"""Language models: the logits of a vocabulary are compared position by position, and the next token decides."""

# pyright: reportUnknownMemberType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parity.records.audit import Audit
from parity_reports.compare.decision_words import decision_sentence
from tests.models import VOCABULARY, tiny, tiny_bert, write_tokenizer
from tests.real.asking import compare, parity, stage

pytestmark = pytest.mark.real
TEXTS = ("a good film", "it was dull and very boring", "never", "i love the plot of the story", "[MASK] film")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small causal and masked language models with one tokenizer, and inputs."""
    folder = tmp_path_factory.mktemp("language")
    for family, changes in (("gpt2", {}), ("llama", {"tie_word_embeddings": False})):
        _save(tiny(family, "AutoModelForCausalLM", vocab_size=len(VOCABULARY), **changes), folder / family)
    tiny_bert(folder / "bert", "AutoModelForMaskedLM")
    lines = (json.dumps({"text": text}) for text in TEXTS)
    (folder / "inputs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _save(model: Any, folder: Path) -> None:
    model.save_pretrained(folder)
    write_tokenizer(folder, pad_token="[PAD]")


def _untied(folder: Path, to: Path, *, change: float = 0.0) -> Path:
    """The same model with a head of its own, which holds the same numbers, or others."""
    import torch
    import transformers

    model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder)
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone() * (1 + change))
    _save(model, to)
    return to


def _compared(folders: Path, one: str, other: str | Path, out: Path) -> Audit:
    given = ("--inputs", str(folders / "inputs.jsonl"))
    second = f"hf:{other}" if isinstance(other, Path) else f"hf:{folders / other}"
    return compare(f"hf:{folders / one}", second, out, *given)


def test_the_same_causal_model_is_parity_and_every_position_decides(folders: Path, tmp_path: Path) -> None:
    audit = _compared(folders, "gpt2", "gpt2", tmp_path)
    assert "parity" == audit.verdict
    assert audit.tasks is not None
    assert ("causal_lm", "causal_lm") == (audit.tasks.reference, audit.tasks.candidate)
    assert audit.decisions is not None
    assert ("next_token", "next token", "next_token") == (
        audit.decisions.unit,
        audit.decisions.noun,
        audit.decisions.stage,
    )
    assert audit.decisions.examples == stage(audit, "logits").positions == stage(audit, "input_ids").compared
    assert stage(audit, "logits").compared == audit.decisions.examples * len(VOCABULARY)
    assert f"{audit.decisions.examples} of {audit.decisions.examples} next tokens agree" in audit.headline


def test_a_tied_and_an_untied_head_with_equal_numbers_are_parity_and_reported(
    folders: Path, tmp_path: Path
) -> None:
    audit = _compared(folders, "gpt2", _untied(folders / "gpt2", tmp_path / "untied"), tmp_path / "out")
    assert "parity" == audit.verdict
    assert "tie_word_embeddings" in audit.headline or any(
        "tie_word_embeddings" in one.sentence for one in audit.findings
    )


def test_an_untied_head_with_other_numbers_is_divergent_at_the_logits(folders: Path, tmp_path: Path) -> None:
    other = _untied(folders / "llama", tmp_path / "other", change=0.01)
    audit = _compared(folders, "llama", other, tmp_path / "out")
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "logits" == audit.first_divergence.stage
    assert any("lm_head.weight" in one.sentence for one in audit.findings)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_padding_on_the_other_side_is_paired_by_token(family: str, folders: Path, tmp_path: Path) -> None:
    given = ("--inputs", str(folders / "inputs.jsonl"))
    model = folders / family
    audit = compare(f"hf:{model}?padding_side=right", f"hf:{model}?padding_side=left", tmp_path, *given)
    if family == "llama":  # its positions are relative: padding changes nothing
        assert "parity" == audit.verdict
    else:  # its positions count the padding
        assert "divergent" == audit.verdict
        assert audit.first_divergence is not None
        assert "own" == audit.first_divergence.pass_
        assert stage(audit, "logits").rows_beyond < len(TEXTS)


def test_a_masked_model_decides_at_the_mask_where_there_is_one(folders: Path, tmp_path: Path) -> None:
    audit = _compared(folders, "bert", "bert", tmp_path)
    assert "parity" == audit.verdict
    assert audit.decisions is not None
    unmasked = stage(audit, "logits").positions - 4  # [CLS] [MASK] film [SEP]
    assert unmasked + 1 == audit.decisions.examples
    assert f"None of {audit.decisions.examples} predicted tokens differs" in decision_sentence(
        audit.decisions
    )


def test_a_masked_model_and_a_classifier_are_compared_in_their_layers_only(
    folders: Path, tmp_path: Path
) -> None:
    tiny_bert(tmp_path / "labels")
    audit = _compared(folders, "bert", tmp_path / "labels", tmp_path / "out")
    assert "parity" != audit.verdict
    if "not_comparable" == audit.verdict:
        assert "open both with ?task=encoder to compare their layers alone" in audit.headline
    alone = compare(
        f"hf:{folders / 'bert'}?task=encoder",
        f"hf:{folders / 'bert'}",
        tmp_path / "alone",
        "--inputs",
        str(folders / "inputs.jsonl"),
    )
    assert "parity" == alone.verdict or "pooler" in alone.headline


def test_a_vocabulary_is_not_recorded_and_no_population_of_it_is_measured(
    folders: Path, tmp_path: Path
) -> None:
    run = parity("record", f"hf:{folders / 'gpt2'}", "--out", str(tmp_path / "t"))
    assert 2 == run.code or 3 == run.code
    assert "over a whole vocabulary, which a trace does not keep" in run.complained
