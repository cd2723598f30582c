"""Token classification of lists of words: how words become tokens, how pieces become words, and tags that are scored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.models import tiny_bert
from tests.real.asking import compare, parity, stage

pytestmark = pytest.mark.real

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
# "unaffable" and "plotless" are split to pieces; the vocabulary of the tiny tokenizer decides.
ROWS = [
    (["a", "good", "film", "."], ["O", "O", "B-PER", "O"]),
    (["it", "was", "filmgood", "dullfilm"], ["B-PER", "I-PER", "O", 3]),
    (["never", "plotgood", "!"], ["O", "B-LOC", "O"]),
    (["i", "love", "the", "plot"], ["O", "B-LOC", "I-LOC", "B-ODD"]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tagger, and words with tags in three forms."""
    folder = tmp_path_factory.mktemp("words")
    tiny_bert(folder / "m", "AutoModelForTokenClassification", labels=TAGS)
    lines = [json.dumps({"tokens": words, "ner_tags": tags}) for words, tags in ROWS]
    (folder / "words.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    beside = [json.dumps({"text": "".join(words), "tokens": words, "ner_tags": tags}) for words, tags in ROWS]
    (folder / "beside.jsonl").write_text("\n".join(beside) + "\n", encoding="utf-8")
    return folder


def test_words_are_decided_and_scored_by_their_tags(folder: Path, tmp_path: Path) -> None:
    audit = compare(
        f"hf:{folder / 'm'}", f"hf:{folder / 'm'}", tmp_path, "--inputs", str(folder / "words.jsonl")
    )
    assert ("parity", "word", 15, 15) == (
        audit.verdict,
        audit.decisions.unit if audit.decisions else None,
        audit.decisions.agree if audit.decisions else None,
        audit.decisions.examples if audit.decisions else None,
    )
    assert audit.decisions is not None
    (scored,) = audit.decisions.metrics
    assert ("entity_f1", 15, 0.0) == (scored.metric, scored.labelled, scored.difference)
    assert (4, 4, True) == (audit.inputs.words, audit.inputs.tagged, audit.inputs.split)
    assert 1 == audit.decisions.unknown_labels
    assert "equal" == stage(audit, "words").status
    assert "equal" == stage(audit, "logits").status


def test_pieces_made_to_words_in_another_way_are_named(folder: Path, tmp_path: Path) -> None:
    given = ("--inputs", str(folder / "words.jsonl"))
    audit = compare(f"hf:{folder / 'm'}?words=average", f"hf:{folder / 'm'}", tmp_path, *given)
    assert audit.first_divergence is not None
    assert ("divergent", "words") == (audit.verdict, audit.first_divergence.stage)
    assert "equal" == stage(audit, "logits").status
    finding = next(one for one in audit.findings if one.cause)
    assert "output.words" == finding.cause
    assert "words of several pieces differ, and none of 12 words of one piece" in finding.sentence
    assert finding.evidence["single"] > 0 and finding.evidence["single_differing"] == 0


def test_words_tokenized_each_by_itself_against_their_text(folder: Path, tmp_path: Path) -> None:
    given = ("--inputs", str(folder / "beside.jsonl"))
    split = f"hf:{folder / 'm'}?is_split_into_words=true"
    audit = compare(f"hf:{folder / 'm'}", split, tmp_path, *given)
    assert audit.first_divergence is not None
    assert ("divergent", "tokens") == (audit.verdict, audit.first_divergence.stage)
    finding = next(one for one in audit.findings if one.cause)
    assert "tokenizer.words" == finding.cause
    assert "the candidate tokenizes each word by itself" in finding.sentence


def test_a_trace_of_words_replays_them(folder: Path, tmp_path: Path) -> None:
    trace = str(tmp_path / "words.trace")
    done = parity("record", f"hf:{folder / 'm'}", "--inputs", str(folder / "words.jsonl"), "--out", trace)
    assert 0 == done.code, done.complained
    audit = compare(f"trace:{trace}", f"hf:{folder / 'm'}", tmp_path / "audit")
    assert audit.decisions is not None
    assert ("parity", "word") == (audit.verdict, audit.decisions.unit)
    assert "entity_f1" == audit.decisions.metrics[0].metric


def test_an_option_about_words_is_refused_for_texts(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a good film\n", encoding="utf-8")
    subject = f"hf:{folder / 'm'}?is_split_into_words=true"
    done = parity(
        "compare", subject, subject, "--inputs", str(tmp_path / "a.txt"), "--out", str(tmp_path / "o")
    )
    assert 2 == done.code
    assert "is about rows that are lists of words" in done.complained
