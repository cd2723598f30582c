"""Conversations: each side renders them by its own chat template; what differs in a template is a difference, and named."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# transformers is typed in part only.

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from parity.records.audit import Audit
from tests.models import VOCABULARY, tiny, write_tokenizer
from tests.real.asking import compare, parity, stage

pytestmark = pytest.mark.real

_PLAIN = (
    "{{ '[CLS]' }}{% for message in messages %}{{ message['role'] + ' ! ' + message['content'] + '[SEP]' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'assistant ! ' }}{% endif %}"
)
_OTHER = _PLAIN.replace("' ! '", "' - '")
_ROWS: list[list[dict[str, str]]] = [
    [{"role": "user", "content": "the film was good"}],
    [
        {"role": "system", "content": "a story"},
        {"role": "user", "content": "never dull"},
        {"role": "assistant", "content": "we love it"},
    ],
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small model with one template, with another, and with none."""
    folder = tmp_path_factory.mktemp("chat")
    model = tiny("gpt2", "AutoModelForCausalLM", vocab_size=len(VOCABULARY))
    settings_of: dict[str, dict[str, Any]] = {
        "plain": {"chat_template": _PLAIN},
        "other": {"chat_template": _OTHER},
        "none": {},
    }
    for name, settings in settings_of.items():
        model.save_pretrained(folder / name)
        write_tokenizer(folder / name, limit=60, **settings)
    lines = (json.dumps({"messages": one}) for one in _ROWS)
    (folder / "chats.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "texts.txt").write_text("the film was good\n", encoding="utf-8")
    return folder


def _compared(
    folders: Path, one: str, other: str, out: Path, inputs: str = "chats.jsonl", *more: str
) -> Audit:
    sides = (f"hf:{folders / one}", f"hf:{folders / other}")
    return compare(*sides, out, "--inputs", str(folders / inputs), *more)


def test_conversations_are_rendered_as_the_library_renders_them(folders: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    audit = _compared(folders, "plain", "plain", tmp_path, "chats.jsonl", "--generate", "4")
    assert ("parity", 2) == (audit.verdict, audit.inputs.messages)
    tokenizer = cast("Any", AutoTokenizer).from_pretrained(folders / "plain")
    expected = [
        tokenizer.apply_chat_template(
            one, add_generation_prompt=one[-1]["role"] != "assistant", return_dict=False
        )
        for one in _ROWS
    ]
    assert sum(map(len, expected)) == stage(audit, "input_ids").compared
    assert audit.generation is not None and 2 == audit.generation.equal


def test_another_template_is_divergent_at_the_text_and_named(folders: Path, tmp_path: Path) -> None:
    audit = _compared(folders, "plain", "other", tmp_path)
    assert audit.first_divergence is not None
    assert ("divergent", "text") == (audit.verdict, audit.first_divergence.stage)
    assert "tokenizer.chat_template" == audit.findings[0].cause
    assert "the two chat templates differ, first at" in audit.findings[0].sentence
    # The texts of both are seen where the tokens are shown.
    (example, *_) = audit.tokens.examples
    assert "!" in example.reference_pieces and "-" in example.candidate_pieces


def test_a_side_without_a_template_reads_the_texts_and_says_so(folders: Path, tmp_path: Path) -> None:
    audit = _compared(folders, "plain", "none", tmp_path)
    assert "divergent" == audit.verdict
    assert "tokenizer.chat_template" == audit.findings[0].cause
    assert "the reference renders them by its chat template, the candidate reads their texts" in (
        audit.findings[0].sentence
    )
    (warning,) = [one for one in audit.candidate.warnings if "chat template" in one]
    assert "has no chat template: conversations are read as their texts, a line each." in warning


def test_a_text_is_rendered_on_request_as_the_message_of_a_user(folders: Path, tmp_path: Path) -> None:
    on = "plain?apply_chat_template=true"
    audit = _compared(folders, on, "plain", tmp_path, "texts.txt")
    assert ("divergent", "tokenizer.chat_template") == (audit.verdict, audit.findings[0].cause)


def test_templates_that_these_inputs_do_not_use_are_reported_all_the_same(
    folders: Path, tmp_path: Path
) -> None:
    audit = _compared(folders, "plain", "other", tmp_path, "texts.txt")
    assert "parity" == audit.verdict
    assert "these inputs do not show it: tokenizer.chat_template" in audit.headline


def test_a_template_that_is_not_there_is_not_applied(folders: Path) -> None:
    run = parity("inspect", f"hf:{folders / 'none'}?apply_chat_template=true")
    assert 2 == run.code
    assert "its tokenizer has no chat template" in run.complained
