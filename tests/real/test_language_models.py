"""Language models: the logits of a vocabulary are compared position by position, and the next token decides."""

# pyright: reportUnknownMemberType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import importlib
import json
import math
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
    for family, changes in (("gpt2", {}), ("llama", {"tie_word_embeddings": True})):
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

    transformers: Any = importlib.import_module("transformers")
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


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_a_tied_and_an_untied_head_with_equal_numbers_are_parity_and_reported(
    family: str, folders: Path, tmp_path: Path
) -> None:
    audit = _compared(folders, family, _untied(folders / family, tmp_path / "untied"), tmp_path / "out")
    assert "parity" == audit.verdict
    assert "tie_word_embeddings" in audit.headline or any(
        "tie_word_embeddings" in one.sentence for one in audit.findings
    )


def test_the_texts_have_the_likelihood_that_the_library_gives_them(folders: Path, tmp_path: Path) -> None:
    transformers: Any = importlib.import_module("transformers")
    other = _untied(folders / "gpt2", tmp_path / "other", change=0.01)
    audit = _compared(folders, "gpt2", other, tmp_path / "out")
    assert audit.language is not None
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folders / "gpt2")
    expected: list[float] = []
    tokens = 0
    for folder in (folders / "gpt2", other):
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder).double()
        total, tokens = 0.0, 0
        for text in TEXTS:
            feed = tokenizer(text, return_tensors="pt")
            count = feed["input_ids"].shape[1] - 1
            total -= float(model(**feed, labels=feed["input_ids"]).loss.detach()) * count
            tokens += count
        expected.append(total)
    seen = audit.language
    assert ("next", len(TEXTS), tokens) == (seen.predicts, seen.texts, seen.tokens)
    assert pytest.approx(expected, rel=1e-5) == [
        seen.reference_log_likelihood,
        seen.candidate_log_likelihood,
    ]
    assert pytest.approx([math.exp(-one / tokens) for one in expected], rel=1e-5) == [
        seen.reference_perplexity,
        seen.candidate_perplexity,
    ]
    assert audit.decisions is not None
    assert ["perplexity"] == [one.metric for one in audit.decisions.metrics]
    assert audit.decisions.metrics[0].low is not None
    assert (seen.kl_max or 0.0) > (seen.kl_mean or 0.0) > 0
    assert seen.kl_at is not None
    assert all(item.least <= item.mean <= 1 for item in seen.overlaps)
    for name in ("report.html", "summary.md", "junit.xml"):
        assert "Predicted tokens" in (tmp_path / "out" / name).read_text(encoding="utf-8")


def test_a_constant_in_every_row_of_a_vocabulary_is_named_and_changes_no_token(
    folders: Path, tmp_path: Path
) -> None:
    transformers: Any = importlib.import_module("transformers")
    model: Any = transformers.AutoModelForMaskedLM.from_pretrained(folders / "bert")
    model.cls.predictions.bias.data += 2.5
    model.save_pretrained(tmp_path / "shifted")
    write_tokenizer(tmp_path / "shifted")
    audit = _compared(folders, "bert", tmp_path / "shifted", tmp_path / "out")
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "logits" == audit.first_divergence.stage
    assert "output.shift" in [one.cause for one in audit.findings]
    centred = stage(audit, "logits").centred_relative_l2
    assert centred is not None
    assert centred < 1e-5
    assert audit.decisions is not None
    assert audit.decisions.agree == audit.decisions.examples
    assert audit.language is not None
    assert (audit.language.kl_max or 0.0) < 1e-9


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_an_untied_head_with_other_numbers_is_divergent_at_the_logits(
    family: str, folders: Path, tmp_path: Path
) -> None:
    other = _untied(folders / family, tmp_path / "other", change=0.01)
    audit = _compared(folders, family, other, tmp_path / "out")
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "logits" == audit.first_divergence.stage
    assert any("lm_head.weight" in one.sentence for one in audit.findings)


@pytest.mark.false_pass(26)
@pytest.mark.parametrize("family", ["phi", "gptj"])
def test_a_head_whose_bias_was_dropped_is_divergent_at_the_logits_and_named(
    family: str, folders: Path, tmp_path: Path
) -> None:
    sizes = {"n_embd": 24, "n_layer": 2, "n_head": 3, "rotary_dim": 8, "n_positions": 40}
    small = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40}
    fields = sizes if family == "gptj" else {**small, "max_position_embeddings": 40}
    model = tiny(
        family, "AutoModelForCausalLM", vocab_size=len(VOCABULARY), tie_word_embeddings=False, **fields
    )
    _save(model, tmp_path / "whole")
    model.lm_head.bias.detach().zero_()
    _save(model, tmp_path / "dropped")
    audit = _compared(folders, str(tmp_path / "whole"), tmp_path / "dropped", tmp_path / "out")
    assert audit.first_divergence is not None
    assert ("divergent", "logits") == (audit.verdict, audit.first_divergence.stage)
    assert "lm_head.bias" in audit.findings[0].sentence


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


def test_a_masked_model_decides_at_the_mask_and_where_there_is_none_at_each_token_in_turn(
    folders: Path, tmp_path: Path
) -> None:
    import torch

    transformers: Any = importlib.import_module("transformers")
    audit = _compared(folders, "bert", "bert", tmp_path)
    assert "parity" == audit.verdict
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folders / "bert")
    model: Any = transformers.AutoModelForMaskedLM.from_pretrained(folders / "bert").double()
    expected, tokens = 0.0, 0
    for text in TEXTS[:-1]:
        feed = tokenizer(text, return_tensors="pt")
        ids = feed["input_ids"][0]
        for place in range(1, len(ids) - 1):
            masked = feed["input_ids"].clone()
            masked[0, place] = tokenizer.mask_token_id
            with torch.no_grad():
                logits = model(**{**feed, "input_ids": masked}).logits[0, place]
            expected += float(logits.log_softmax(-1)[ids[place]])
            tokens += 1
    seen = audit.language
    assert seen is not None
    assert ("masked", len(TEXTS) - 1, tokens) == (seen.predicts, seen.texts, seen.tokens)
    assert pytest.approx(expected, rel=1e-5) == seen.reference_log_likelihood
    assert f"each of {tokens} tokens masked in turn, in 4 of 5 texts, drawn with seed 0" == seen.sampled
    assert audit.decisions is not None
    assert tokens + 1 == audit.decisions.examples  # and the mask of the last text
    assert seen.sampled == audit.decisions.decided_by
    assert tokens == stage(audit, "masked_logits").positions
    assert f"None of {tokens + 1} predicted tokens differs" in decision_sentence(audit.decisions)


def test_each_flip_of_a_predicted_token_has_its_margins_and_whether_rounding_explains_it(
    folders: Path, tmp_path: Path
) -> None:
    transformers: Any = importlib.import_module("transformers")
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(folders / "llama")
    model.lm_head.weight.data[7:90] *= 1.2
    _save(model, tmp_path / "other")
    audit = _compared(folders, "llama", tmp_path / "other", tmp_path / "out")
    decisions = audit.decisions
    assert decisions is not None
    assert decisions.flips
    for flip in decisions.flips:
        assert flip.token is not None
        assert flip.reference != flip.candidate
        assert "token " in flip.reference
        assert (flip.reference_margin or 0.0) > 0
        assert (flip.max_abs_logit or 0.0) > (audit.stages[-2].max_abs_floor or 0.0)
        assert not flip.explained_by_noise


def test_what_only_a_mask_shows_is_seen_where_no_text_has_one(folders: Path, tmp_path: Path) -> None:
    transformers: Any = importlib.import_module("transformers")
    tiny_bert(tmp_path / "one", "AutoModelForMaskedLM", tie_word_embeddings=False)
    model: Any = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path / "one")
    model.bert.embeddings.word_embeddings.weight.data[VOCABULARY.index("[MASK]")] *= 1.5
    model.save_pretrained(tmp_path / "other")
    write_tokenizer(tmp_path / "other")
    lines = "\n".join(TEXTS[:-1])
    (tmp_path / "texts.txt").write_text(lines + "\n", encoding="utf-8")
    given = ("--inputs", str(tmp_path / "texts.txt"))
    audit = compare(f"hf:{tmp_path / 'one'}", f"hf:{tmp_path / 'other'}", tmp_path / "out", *given)
    assert "equal" == stage(audit, "logits").status
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "masked_logits" == audit.first_divergence.stage


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


@pytest.fixture(scope="module")
def traces(folders: Path) -> Path:
    """A trace of each of two language models."""
    for family in ("gpt2", "bert"):
        given = ("--inputs", str(folders / "inputs.jsonl"), "--out", str(folders / f"{family}.trace"))
        run = parity("record", f"hf:{folders / family}", *given)
        assert 0 == run.code, run.complained
    return folders


@pytest.mark.parametrize("family", ["gpt2", "bert"])
def test_a_trace_of_a_language_model_is_parity_with_it_and_says_what_it_does_not_keep(
    family: str, traces: Path, tmp_path: Path
) -> None:
    audit = compare(f"trace:{traces / f'{family}.trace'}", f"hf:{traces / family}", tmp_path)
    assert "parity" == audit.verdict
    assert "of logits the largest and sums of all were compared, as a trace keeps them" in audit.headline
    assert ("equal", "equal") == (stage(audit, "logits").status, stage(audit, "logit_sums").status)
    assert any("64 largest logits" in one.reason and not one.counts for one in audit.not_compared)
    assert audit.decisions is not None
    assert audit.decisions.examples == audit.decisions.agree > 0
    assert audit.language is not None
    assert "kept" == audit.language.kl_of
    if family == "gpt2":
        direct = _compared(traces, "gpt2", "gpt2", tmp_path / "direct")
        assert direct.language is not None
        assert pytest.approx(direct.language.reference_log_likelihood) == (
            audit.language.candidate_log_likelihood
        )
    again = compare(
        f"trace:{traces / f'{family}.trace'}", f"trace:{traces / f'{family}.trace'}", tmp_path / "again"
    )
    assert "parity" == again.verdict


def test_a_change_among_the_logits_that_a_trace_does_not_keep_is_divergent(
    traces: Path, tmp_path: Path
) -> None:
    import torch

    transformers: Any = importlib.import_module("transformers")
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(traces / "gpt2")
    model.config.tie_word_embeddings = False
    head = model.lm_head.weight.detach().clone()
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(traces / "gpt2")
    with torch.no_grad():
        ranks = torch.cat(
            [
                model(**tokenizer(text, return_tensors="pt")).logits[0].argsort(descending=True).argsort()
                for text in TEXTS
            ]
        )
    rarest = int(ranks.float().mean(0).argmax())
    head[rarest] *= 1.05
    model.lm_head.weight = torch.nn.Parameter(head)
    _save(model, tmp_path / "other")
    audit = compare(f"trace:{traces / 'gpt2.trace'}", f"hf:{tmp_path / 'other'}", tmp_path / "out")
    assert "divergent" == audit.verdict
    assert "divergent" == stage(audit, "logit_sums").status
    assert any("lm_head.weight" in one.sentence for one in audit.findings)


def test_a_temperature_beside_a_trace_of_a_vocabulary_is_refused(traces: Path, tmp_path: Path) -> None:
    run = parity(
        "compare",
        f"trace:{traces / 'gpt2.trace'}",
        f"hf:{traces / 'gpt2'}",
        "--temperature",
        "2",
        "--out",
        str(tmp_path / "out"),
    )
    assert 2 == run.code
    assert "a trace keeps a part of the logits" in run.complained
