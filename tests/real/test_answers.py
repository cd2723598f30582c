"""Question answering to the answer: the best span of the context, where the logits point without a mask, and a head with its rows swapped."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.models import WORDS, tiny_bert
from tests.real.asking import compare, stage

pytestmark = [pytest.mark.real, pytest.mark.slow]


def _saved(model: Any, folder: Path) -> str:
    model.save_pretrained(folder)
    return f"hf:{folder}"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A small model; its twin with the rows of the head swapped; and two whose largest logits are those of padding, and of [CLS]."""
    import torch
    from transformers import AutoModelForQuestionAnswering

    root = tmp_path_factory.mktemp("answers")
    found: dict[str, str] = {}
    for name in ("plain", "swapped", "padding", "null"):
        folder = tiny_bert(root / name, "AutoModelForQuestionAnswering")
        model: Any = AutoModelForQuestionAnswering.from_pretrained(folder)
        with torch.no_grad():
            if name == "swapped":
                for parameter in (model.qa_outputs.weight, model.qa_outputs.bias):
                    parameter.copy_(parameter.flip(0))
            if name in ("padding", "null"):
                # What [PAD], or [CLS], adds to its own position points the way that the head scores.
                way = model.qa_outputs.weight.sum(dim=0)
                model.bert.embeddings.word_embeddings.weight[0 if name == "padding" else 2] = (
                    30 * way / way.norm()
                )
        found[name] = _saved(model, folder)
    return found


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Twelve questions with contexts of three to twenty-five words, as SQuAD has them."""
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    lines = [
        {
            "question": " ".join(WORDS[(row + place) % len(WORDS)] for place in range(3)),
            "context": " ".join(WORDS[(7 * row + 5 * place) % len(WORDS)] for place in range(3 + 2 * row)),
            "answers": {"text": [WORDS[(7 * row) % len(WORDS)]], "answer_start": [0]},
        }
        for row in range(12)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def test_equal_models_give_equal_answers_of_the_context(
    models: dict[str, str], rows: str, tmp_path: Path
) -> None:
    audit = compare(models["plain"], models["plain"] + "?attn=eager", tmp_path, "--inputs", rows)
    assert "parity" == audit.verdict, audit.headline
    assert audit.headline.endswith("12 of 12 answers agree.")
    assert audit.decisions is not None
    assert ("answer", 12, 12) == (audit.decisions.unit, audit.decisions.examples, audit.decisions.agree)
    assert "equal" == stage(audit, "answer").status
    (table,) = [one for one in audit.exhibits if one.title == "Answers: the best spans"]
    assert [[12, 1.0, 0, 0]] == table.rows
    assert ["exact_match", "answer_f1"] == [item.metric for item in audit.decisions.metrics]
    for item in audit.decisions.metrics:
        assert 12 == item.labelled
        assert 0.0 <= item.reference == item.candidate <= 1.0


def test_a_head_with_its_rows_swapped_is_named_and_its_answers_are_shown(
    models: dict[str, str], rows: str, tmp_path: Path
) -> None:
    audit = compare(models["plain"], models["swapped"], tmp_path, "--inputs", rows)
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "start_logits" == audit.first_divergence.stage
    assert "output.span_order" == audit.findings[0].cause
    assert audit.decisions is not None
    contexts = [json.loads(line)["context"] for line in Path(rows).read_text(encoding="utf-8").splitlines()]
    assert audit.decisions.flips
    for flip in audit.decisions.flips:
        assert flip.reference in contexts[flip.row]
        assert flip.candidate in contexts[flip.row]
        assert not flip.explained_by_noise


@pytest.mark.false_pass(30)
def test_answers_that_lie_in_padding_in_a_batch_and_not_alone_are_divergent(
    models: dict[str, str], rows: str, tmp_path: Path
) -> None:
    model = models["padding"]
    audit = compare(model + "?batch_size=1", model + "?batch_size=6", tmp_path / "apart", "--inputs", rows)
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "answer" == audit.first_divergence.stage, audit.headline
    assert "output.span_masking" == audit.findings[0].cause
    # The best spans of the context are the same: what differs is what a user gets who masks nothing.
    assert audit.decisions is not None
    assert 12 == audit.decisions.agree
    same = compare(model, model, tmp_path / "same", "--inputs", rows)
    assert "parity" == same.verdict
    (said,) = [one for one in same.findings if one.cause == "output.span_masking"]
    assert "notice" == said.severity


def test_where_a_question_has_no_right_answer_a_side_may_give_none(
    models: dict[str, str], rows: str, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in Path(rows).read_text(encoding="utf-8").splitlines()]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({**one, "answers": []}) + "\n" for one in lines[:8]), encoding="utf-8")
    audit = compare(models["plain"], models["null"], tmp_path / "audit", "--inputs", str(path))
    assert "divergent" == audit.verdict
    assert audit.decisions is not None
    assert {""} == {flip.candidate for flip in audit.decisions.flips}
    (match,) = [item for item in audit.decisions.metrics if item.metric == "exact_match"]
    (table,) = [one for one in audit.exhibits if one.title == "Answers: the best spans"]
    silent = table.rows[0][-2:]
    assert [8 * match.reference, 8 * match.candidate] == silent
    assert 8 == silent[1]
    assert audit.decisions.flips_total == 8 - int(silent[0] or 0)
