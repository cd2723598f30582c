"""The task that a folder is opened as: by what config.json names, or by ?task=, which excludes the head and says so."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# transformers is typed in part only.

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.models import tiny_bert
from tests.real.asking import compare, parity, stage

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One encoder under two heads, and another encoder; with inputs."""
    folder = tmp_path_factory.mktemp("chosen")
    import transformers

    tiny_bert(folder / "labels")
    tiny_bert(folder / "other", seed=5)
    whole = transformers.AutoModelForSequenceClassification.from_pretrained(folder / "labels")
    lines = (
        json.dumps({"text": text}) for text in ("a good film", "it was dull", "never", "i love the plot")
    )
    (folder / "inputs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in ("vocab.txt", "tokenizer_config.json"):
        for kind in ("answers", "bare"):
            (folder / kind).mkdir(exist_ok=True)
            (folder / kind / name).write_text(
                (folder / "labels" / name).read_text(encoding="utf-8"), encoding="utf-8"
            )
    two = transformers.BertConfig.from_pretrained(folder / "labels", num_labels=2)
    answers = transformers.BertForQuestionAnswering(two)
    answers.bert.load_state_dict(whole.bert.state_dict(), strict=False)
    answers.save_pretrained(folder / "answers")
    whole.bert.save_pretrained(folder / "bare")
    return folder


def test_two_heads_are_not_comparable_and_the_headline_says_how_to_compare_the_layers(
    folders: Path, tmp_path: Path
) -> None:
    given = ("--inputs", str(folders / "inputs.jsonl"))
    audit = compare(f"hf:{folders / 'answers'}", f"hf:{folders / 'labels'}", tmp_path, *given)
    assert "not_comparable" == audit.verdict
    assert audit.headline.endswith(
        "the reference answers questions and the candidate decides between classes: open both with ?task=encoder to "
        "compare their layers alone."
    )
    assert audit.tasks is not None
    assert ("question_answering", "sequence_classification", "config.json") == (
        audit.tasks.reference,
        audit.tasks.candidate,
        audit.tasks.chosen_by,
    )
    assert {"start_logits", "end_logits", "logits"} <= {one.stage for one in audit.not_compared if one.counts}


def test_two_heads_opened_without_them_are_parity_of_their_layers(folders: Path, tmp_path: Path) -> None:
    given = ("--inputs", str(folders / "inputs.jsonl"))
    one, other = (f"hf:{folders / name}?task=encoder" for name in ("bare", "labels"))
    audit = compare(one, other, tmp_path, *given)
    assert "parity" == audit.verdict
    assert (
        "opened, as ?task= requests, the reference as encoder and the candidate as encoder" in audit.headline
    )
    head = next(one for one in audit.not_compared if one.stage == "head")
    assert not head.counts
    assert "it was not requested (?task=)" in head.reason
    assert "logits" not in {one.stage for one in audit.stages}


def test_a_side_opened_without_its_head_is_not_asked_for_its_logits(folders: Path, tmp_path: Path) -> None:
    given = ("--inputs", str(folders / "inputs.jsonl"))
    audit = compare(f"hf:{folders / 'labels'}?task=encoder", f"hf:{folders / 'labels'}", tmp_path, *given)
    assert "parity" == audit.verdict
    logits = next(one for one in audit.not_compared if one.stage == "logits")
    assert ("candidate", False) == (logits.side, logits.counts)
    assert logits.reason.endswith("as ?task= requests")
    assert audit.tasks is not None
    assert "?task= (reference), config.json (candidate)" == audit.tasks.chosen_by


def test_another_encoder_is_found_whatever_its_head(folders: Path, tmp_path: Path) -> None:
    given = ("--inputs", str(folders / "inputs.jsonl"))
    audit = compare(
        f"hf:{folders / 'labels'}?task=encoder", f"hf:{folders / 'other'}?task=encoder", tmp_path, *given
    )
    assert "divergent" == audit.verdict
    assert "divergent" == stage(audit, "embeddings").status


def test_a_head_that_no_file_holds_is_not_parity_where_the_user_asks_for_it(
    folders: Path, tmp_path: Path
) -> None:
    given = ("--inputs", str(folders / "inputs.jsonl"))
    one = f"hf:{folders / 'bare'}?task=sequence_classification"
    audit = compare(one, one, tmp_path, *given)
    assert "parity" != audit.verdict


def test_a_task_that_the_model_cannot_have_is_refused_with_those_that_it_can(folders: Path) -> None:
    run = parity("inspect", f"hf:{folders / 'labels'}?task=summaries")
    assert 2 == run.code
    assert "task=summaries" in run.complained
    assert (
        "It can be opened as: sequence_classification, token_classification, question_answering"
        in run.complained
    )
    assert "encoder" in run.complained
