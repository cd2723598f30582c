"""Variants of a real model: what is rounding is parity, and what is not is named for what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parity.records.audit import Audit, load_audit
from tests.real.asking import compare, stage
from tests.real.minilm import (
    intents,
    minilm_folder,
    questions,
    write_classifier,
    write_encoder,
    write_questions,
)

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.long]

TEMPERATURES = (0.5, 1.0, 1.7, 5.0)


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> str:
    """MiniLM with a head for twelve of Banking77's intents."""
    return f"hf:{write_classifier(tmp_path_factory.mktemp('classifier'))}"


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The 480 held-out texts of those intents with their labels, intent by turns."""
    names = intents()
    chosen = [question for question in questions("test") if question.intent in names]
    chosen = [question for start in range(40) for question in chosen[start::40]]
    return str(write_questions(tmp_path_factory.mktemp("known") / "known.csv", chosen))


def _causes(audit: Audit) -> set[str | None]:
    return {finding.cause for finding in audit.findings}


def test_two_implementations_of_attention_are_parity_over_a_thousand_texts(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "encoder")
    texts = write_questions(tmp_path / "texts.csv", questions("test")[::3][:1000])
    audit = compare(
        f"hf:{folder}?attn=sdpa",
        f"hf:{folder}?attn=eager",
        tmp_path / "audit",
        "--inputs",
        str(texts),
    )
    assert "parity" == audit.verdict, audit.headline
    assert 1000 == audit.inputs.count
    assert {"equal", "within_noise"} >= {record.status for record in audit.stages}
    assert [0] == sorted({record.rows_beyond for record in audit.stages})
    assert [0] == sorted({record.positions_beyond for record in audit.stages})
    assert "within_noise" == stage(audit, "layer.5").status
    notices = [finding for finding in audit.findings if finding.cause == "runtime.attention"]
    assert ["notice"] == [finding.severity for finding in notices]


def test_a_folder_of_sentence_transformers_is_parity_to_the_vector_under_another_attention(
    tmp_path: Path,
) -> None:
    folder = minilm_folder()
    audit = compare(f"hf:{folder}?attn=sdpa", f"hf:{folder}?attn=eager", tmp_path / "audit", "--limit", "8")
    assert "parity" == audit.verdict
    assert {"pooling", "normalize", "embedding"} <= {record.stage for record in audit.stages}
    assert audit.embeddings is not None
    assert audit.embeddings.neighbours is not None
    assert 1.0 == audit.embeddings.neighbours.overlap


def test_bfloat16_is_divergent_from_the_first_stage_on_and_its_decisions_are_said(
    classifier: str, known: str, tmp_path: Path
) -> None:
    audit = compare(classifier, f"{classifier}?dtype=bfloat16", tmp_path, "--inputs", known)
    assert "divergent" == audit.verdict
    assert audit.first_divergence is not None
    assert "embeddings" == audit.first_divergence.stage
    assert "runtime.dtype" in _causes(audit)
    for name in ("text", "tokens", "input_ids"):
        assert "equal" == stage(audit, name).status
    for name in (*(f"layer.{k}" for k in range(6)), "logits", "probabilities"):
        assert "divergent" == stage(audit, name).status
    decisions = audit.decisions
    assert decisions is not None
    assert 480 == decisions.examples
    assert decisions.examples - decisions.agree == decisions.flips_total <= 10
    assert decisions.flip_rate.low <= decisions.flip_rate.value <= decisions.flip_rate.high
    assert all(flip.text and flip.label for flip in decisions.flips)
    accuracy = next(metric for metric in decisions.metrics if metric.metric == "accuracy")
    assert accuracy.reference > 0.85
    assert accuracy.low is not None
    assert accuracy.high is not None
    assert accuracy.low <= accuracy.difference <= accuracy.high


def test_bfloat16_under_the_policy_of_decisions_is_judged_by_flips_and_probabilities(
    classifier: str, known: str, tmp_path: Path
) -> None:
    policy = tmp_path / "release.toml"
    policy.write_text('base = "decisions"\nname = "release"\nflip_rate = 0.03\n', encoding="utf-8")
    audit = compare(
        classifier,
        f"{classifier}?dtype=bfloat16",
        tmp_path / "audit",
        *("--inputs", known, "--limit", "240", "--policy", str(policy)),
    )
    assert "equivalent" == audit.verdict, audit.headline
    assert 0 == audit.exit_code
    assert audit.first_divergence is not None
    assert "embeddings" == audit.first_divergence.stage


def _tempered(classifier: str, known: str, out: Path) -> Audit:
    return compare(
        classifier,
        f"{classifier}?temperature=1.7",
        out,
        *("--inputs", known, "--limit", "200"),
        *(word for value in TEMPERATURES for word in ("--temperature", str(value))),
    )


@pytest.fixture(scope="module")
def tempered(classifier: str, known: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a comparison with itself at another temperature."""
    folder = tmp_path_factory.mktemp("tempered")
    _tempered(classifier, known, folder)
    return folder


def test_a_temperature_leaves_the_logits_and_the_labels_and_is_read_off_the_logits(tempered: Path) -> None:
    audit = load_audit(tempered / "audit.json")
    assert "divergent" == audit.verdict
    assert "equal" == stage(audit, "logits").status
    assert "divergent" == stage(audit, "probabilities").status
    assert audit.first_divergence is not None
    assert "probabilities" == audit.first_divergence.stage
    assert "output.temperature" in _causes(audit)
    decisions = audit.decisions
    assert decisions is not None
    assert decisions.implied_temperature.value == pytest.approx(1.70, abs=0.01)
    assert list(TEMPERATURES) == [item.temperature for item in decisions.temperatures]
    assert [200] * len(TEMPERATURES) == [item.agree for item in decisions.temperatures]
    assert all(item.tv_mean > 0.001 for item in decisions.temperatures)
    assert "equal" == stage(audit, "label").status


def test_the_same_command_twice_writes_the_same_record_but_for_its_times(
    tempered: Path, classifier: str, known: str, tmp_path: Path
) -> None:
    _tempered(classifier, known, tmp_path)
    records: list[dict[str, Any]] = []
    for folder in (tempered, tmp_path):
        record = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
        record.pop("provenance")
        record["command"] = record["command"].replace(str(folder), "OUT")
        records.append(record)
    assert records[0] == records[1]
