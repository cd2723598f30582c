"""`pipeline:` of folders that do not hold every weight: what the library draws at random is said, and is never parity."""

from __future__ import annotations

from pathlib import Path

import pytest

from proof.audits import write_texts
from proof.tiny import build
from tests.real.asking import compare

pytestmark = [pytest.mark.real]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A masked language model, whose file has no pooler and no classifier, and texts."""
    folder = tmp_path_factory.mktemp("bare")
    return build("BertForMaskedLM", folder / "model"), write_texts(folder / "texts.jsonl")


def test_a_head_that_no_file_holds_is_named_and_is_no_parity(bare: tuple[Path, Path], tmp_path: Path) -> None:
    model, texts = bare
    subject = f"pipeline:{model}?task=text-classification"
    audit = compare(subject, subject, tmp_path / "audit", "--inputs", str(texts))
    assert audit.verdict in {"divergent", "not_comparable"}
    assert "classifier.weight" in audit.reference.newly_initialised
    lost = [one for one in audit.not_compared if one.stage == "logits" and one.counts]
    assert ["reference", "candidate"] == [one.side for one in lost]
    assert all("drawn at random at every load" in one.reason for one in lost)
    assert audit.findings[0].cause == "weights.missing"  # the classifier, and the pooler before it


def test_features_need_no_pooler(bare: tuple[Path, Path], tmp_path: Path) -> None:
    model, texts = bare
    subject = f"pipeline:{model}?task=feature-extraction"
    audit = compare(subject, subject, tmp_path / "audit", "--inputs", str(texts))
    assert "parity" == audit.verdict, audit.headline
    assert ["pooler.dense.bias", "pooler.dense.weight"] == sorted(audit.reference.newly_initialised)
