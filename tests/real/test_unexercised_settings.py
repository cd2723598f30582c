"""Settings that the inputs do not exercise: an agreement on these inputs says nothing about them, and the report says so."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# transformers is typed in part only.

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.models import VOCABULARY, tiny, tiny_bert
from tests.real.asking import compare

pytestmark = [pytest.mark.real]


def _edit(path: Path, change: Callable[[Any], None]) -> None:
    read = json.loads(path.read_text("utf-8"))
    change(read)
    path.write_text(json.dumps(read), encoding="utf-8")


def _set_length(longest: int, config: Any) -> None:
    config["model_max_length"] = longest


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    path = tmp_path_factory.mktemp("inputs") / "texts.txt"
    path.write_text("the film was good\na dull plot, and bad acting\nlovely\n", encoding="utf-8")
    return "--inputs", str(path)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT whose tokenizer is read from its tokenizer.json as it stands."""
    from transformers import AutoTokenizer

    folder = tiny_bert(tmp_path_factory.mktemp("bert") / "model")
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _edit(
        folder / "tokenizer_config.json",
        lambda config: config.update(tokenizer_class="PreTrainedTokenizerFast", model_max_length=40),
    )
    return folder


def test_a_window_and_a_length_that_no_text_reaches_are_named_beside_a_parity(
    tmp_path: Path, bert: Path, inputs: tuple[str, str]
) -> None:
    model = tiny("mistral", vocab_size=len(VOCABULARY))
    for name, window, longest in (("wide", 4096, 40), ("narrow", 32, 24)):
        model.config.sliding_window = window
        model.save_pretrained(tmp_path / name)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(bert / file, tmp_path / name / file)
        _edit(tmp_path / name / "tokenizer_config.json", partial(_set_length, longest))
    audit = compare(f"hf:{tmp_path / 'wide'}", f"hf:{tmp_path / 'narrow'}", tmp_path / "audit", *inputs)
    assert "parity" == audit.verdict, audit.headline
    (finding,) = [item for item in audit.findings if "settings" in item.evidence]
    assert (
        "2 settings differ: sliding_window (4096 and 32), tokenizer.model_max_length (40 and 24)."
        == finding.sentence
    )
    assert (None, "notice", True, "observed") == (
        finding.cause,
        finding.severity,
        finding.could_hide,
        finding.standing,
    )
    assert audit.headline.endswith(
        "; 2 settings differ, and these inputs do not show it: sliding_window, tokenizer.model_max_length."
    )
    summary = (tmp_path / "audit" / "summary.md").read_text("utf-8")
    assert "Nothing to fix on these inputs" in summary


def test_what_the_tokenizer_is_made_of_is_compared_beyond_its_vocabulary(
    tmp_path: Path, bert: Path, inputs: tuple[str, str]
) -> None:
    def change(tokenizer: Any) -> None:
        tokenizer["model"]["max_input_chars_per_word"] = 12
        tokenizer["added_tokens"][4]["lstrip"] = True

    other = shutil.copytree(bert, tmp_path / "other")
    _edit(other / "tokenizer.json", change)
    audit = compare(f"hf:{bert}", f"hf:{other}", tmp_path / "audit", *inputs)
    assert "parity" == audit.verdict, audit.headline
    (finding,) = [item for item in audit.findings if "settings" in item.evidence]
    named = {"tokenizer.internals.added_tokens", "tokenizer.internals.model.max_input_chars_per_word"}
    assert named == set(finding.evidence["settings"])
    assert [100, 12] == finding.evidence["settings"]["tokenizer.internals.model.max_input_chars_per_word"]


def test_settings_without_a_part_in_a_forward_are_not_named(
    tmp_path: Path, bert: Path, inputs: tuple[str, str]
) -> None:
    other = shutil.copytree(bert, tmp_path / "other")
    _edit(other / "config.json", lambda config: config.update(hidden_dropout_prob=0.3, initializer_range=0.5))
    audit = compare(f"hf:{bert}", f"hf:{other}", tmp_path / "audit", *inputs)
    assert "parity" == audit.verdict, audit.headline
    assert [] == [item for item in audit.findings if "settings" in item.evidence]
    assert "settings" not in audit.headline


def test_a_setting_that_a_cause_names_is_not_named_again(
    tmp_path: Path, bert: Path, inputs: tuple[str, str]
) -> None:
    other = shutil.copytree(bert, tmp_path / "other")
    _edit(other / "config.json", lambda config: config.update(layer_norm_eps=1e-3))
    audit = compare(f"hf:{bert}", f"hf:{other}", tmp_path / "audit", *inputs)
    assert ("divergent", "config.layer_norm_eps") == (audit.verdict, audit.findings[0].cause)
    assert [] == [item for item in audit.findings if "settings" in item.evidence]
