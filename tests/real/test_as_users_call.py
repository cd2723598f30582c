"""What a user's own call sets otherwise: the tokenizer's settings, the positions, and no mask."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.models import VOCABULARY, tiny, tiny_bert, write_tokenizer
from tests.real.asking import compare, parity

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("bert") / "model")


@pytest.fixture(scope="module")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small GPT-2 with a padding token, which counts positions itself where none are given."""
    folder = tmp_path_factory.mktemp("gpt") / "gpt"
    model = tiny("gpt2", "AutoModelForCausalLM", vocab_size=len(VOCABULARY))
    model.config.pad_token_id = 0
    model.save_pretrained(folder)
    return write_tokenizer(folder)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    path.write_text("the film was good\na dull plot, and bad acting in the story\nlovely\n", encoding="utf-8")
    return path


def test_a_setting_of_the_tokenizer_makes_it_another(bert: Path, texts: Path, tmp_path: Path) -> None:
    given = "?tokenizer.model_max_length=8"
    audit = compare(f"hf:{bert}", f"hf:{bert}{given}", tmp_path, "--inputs", str(texts))
    assert 8 == audit.candidate.tokenizer["limit"]
    assert audit.first_divergence is not None and "input_ids" == audit.first_divergence.stage
    assert "tokenizer.truncation" == audit.findings[0].cause


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("tokenizer.do_lower_cas=false", "Did you mean do_lower_case"),
        ("tokenizer.do_lower_case=perhaps", "Write true or false"),
        ("tokenizer.vocab_file=/tmp/vocab.txt", "Use ?tokenizer=PATH"),
        ("tokenizer.use_fast=false", "Use ?use_fast="),
        ("position_ids=from_mask&attention_mask=off", "Omit one of the two"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(bert: Path, option: str, said: str) -> None:
    run = parity("inspect", f"hf:{bert}?{option}")
    assert (2, True) == (run.code, said in run.complained), run.complained


def test_a_setting_without_effect_is_said(bert: Path) -> None:
    run = parity("inspect", f"hf:{bert}?tokenizer.padding_side=right&use_fast=true", "--json")
    notes = json.loads(run.said)["notes"] if run.said.startswith("{") else [run.said]
    assert any("tokenizer.padding_side=right has no effect" in note for note in notes), run.said


def test_no_mask_is_named(bert: Path, texts: Path, tmp_path: Path) -> None:
    audit = compare(f"hf:{bert}", f"hf:{bert}?attention_mask=off", tmp_path, "--inputs", str(texts))
    assert audit.first_divergence is not None and "attention_mask" == audit.first_divergence.stage
    assert "batch.attention_mask" == audit.findings[0].cause


def test_positions_from_the_mask_undo_what_padding_on_the_left_moves(
    gpt: Path, texts: Path, tmp_path: Path
) -> None:
    left = f"hf:{gpt}?padding_side=left"
    apart = compare(f"hf:{gpt}", left, tmp_path / "apart", "--inputs", str(texts))
    assert "divergent" == apart.verdict
    alike = compare(f"hf:{gpt}", f"{left}&position_ids=from_mask", tmp_path / "alike", "--inputs", str(texts))
    assert alike.first_divergence is None, alike.headline
    shutil.rmtree(tmp_path / "alike")


def test_an_override_that_makes_both_sides_equal_is_reported(bert: Path, texts: Path, tmp_path: Path) -> None:
    other = tiny_bert(tmp_path / "other", layer_norm_eps=1e-3)
    out = tmp_path / "out"
    audit = compare(f"hf:{bert}", f"hf:{other}?config.layer_norm_eps=1e-12", out, "--inputs", str(texts))
    assert "parity" == audit.verdict, audit.headline
    (changed,) = audit.candidate.overridden
    assert ("config.layer_norm_eps", "0.001", "1e-12") == (changed.setting, changed.before, changed.value)
    assert any(
        "The candidate was run with settings overridden: config.layer_norm_eps (1e-12 in place of 0.001)"
        in finding.sentence
        for finding in audit.findings
    )


def test_commits_and_digests_are_recorded_and_a_tokenizer_of_another_commit_is_named(
    bert: Path, texts: Path, tmp_path: Path
) -> None:
    first, second = (tmp_path / "models--o--m" / "snapshots" / (letter * 40) for letter in "ab")
    for folder in (first, second):
        shutil.copytree(bert, folder)
    mixed = f"hf:{first}?tokenizer={second}"
    audit = compare(f"hf:{first}", mixed, tmp_path / "out", "--inputs", str(texts))
    sides = audit.reference, audit.candidate
    assert ["a" * 40, "a" * 40] == [side.commit for side in sides]
    assert ["a" * 40, "b" * 40] == [side.tokenizer_commit for side in sides]
    assert sides[0].tokenizer_digest and sides[0].tokenizer_digest == sides[1].tokenizer_digest
    (finding,) = (one for one in audit.findings if one.cause == "tokenizer.commit")
    assert (
        "The candidate's tokenizer is of commit bbbbbbbbbbbb, its model of commit aaaaaaaaaaaa."
        == finding.sentence
    )
    plain = compare(f"hf:{bert}", f"hf:{bert}", tmp_path / "plain", "--inputs", str(texts))
    assert [None, None] == [plain.reference.commit, plain.reference.tokenizer_commit]
    assert "parity" == plain.verdict and plain.reference.tokenizer_digest
