"""Vectors of texts: a folder of sentence-transformers is run whole, and another pooling or a normalisation that is gone is named."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# torch and safetensors are typed in part only.

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from parity.records.audit import Audit
from tests.models import tiny_bert
from tests.real.asking import compare, parity, stage

pytestmark = pytest.mark.real

_SPLIT = "sentence_transformers.models."


def write(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny folder as sentence-transformers writes it: the mean, a dense layer, a normalisation."""
    import torch
    from safetensors.torch import save_file

    place = tmp_path_factory.mktemp("embedder") / "st"
    tiny_bert(place, "AutoModel")
    kinds = ("Transformer", "Pooling", "Dense", "Normalize")
    write(
        place / "modules.json",
        [
            {"idx": k, "name": str(k), "path": f"{k}_{kind}" if k else "", "type": _SPLIT + kind}
            for k, kind in enumerate(kinds)
        ],
    )
    write(
        place / "1_Pooling" / "config.json",
        {"pooling_mode_mean_tokens": True, "word_embedding_dimension": 24},
    )
    write(place / "2_Dense" / "config.json", {"in_features": 24, "out_features": 8, "bias": False})
    weight = torch.randn(8, 24, generator=torch.Generator().manual_seed(3))
    save_file({"linear.weight": weight}, place / "2_Dense" / "model.safetensors")
    write(place / "sentence_bert_config.json", {"max_seq_length": 16})
    return place


@pytest.fixture
def twin(folder: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return Path(shutil.copytree(folder, tmp_path / "twin"))


def causes(audit: Audit) -> list[str | None]:
    return [finding.cause for finding in audit.findings]


def test_a_folder_of_sentence_transformers_is_run_to_the_vector_and_is_parity_with_its_copy(
    folder: Path, twin: Path, tmp_path: Path
) -> None:
    audit = compare(f"hf:{folder}", f"hf:{twin}", tmp_path / "audit", "--limit", "12")
    assert "parity" == audit.verdict
    names = [record.stage for record in audit.stages if record.pass_ == "own"]
    assert ["pooling", "dense", "normalize", "embedding"] == names[-4:]
    assert audit.tasks is not None
    assert {"embeddings"} == {audit.tasks.reference, audit.tasks.candidate}
    assert 16 == audit.reference.tokenizer["limit"]
    assert audit.embeddings is not None
    assert audit.embeddings.neighbours is not None
    assert (1.0, 5, 12) == (
        audit.embeddings.neighbours.overlap,
        audit.embeddings.neighbours.at,
        audit.embeddings.neighbours.sample,
    )
    assert abs(audit.embeddings.cosine_min - 1.0) < 1e-9


@pytest.mark.false_pass(27)
def test_the_first_token_against_the_mean_is_divergent_at_the_pooling_and_says_so(
    folder: Path, tmp_path: Path
) -> None:
    audit = compare(f"hf:{folder}", f"hf:{folder}?pooling=cls", tmp_path / "audit", "--limit", "12")
    assert audit.first_divergence is not None
    assert ("divergent", "pooling") == (audit.verdict, audit.first_divergence.stage)
    assert "output.pooling" == causes(audit)[0]
    assert "pooling by mean in the reference, by cls in the candidate" in audit.findings[0].sentence
    shown = (tmp_path / "audit" / "summary.md").read_text(encoding="utf-8")
    assert "share of nearest neighbours kept" in shown


@pytest.mark.false_pass(27)
def test_a_normalisation_that_is_gone_is_said(folder: Path, twin: Path, tmp_path: Path) -> None:
    modules = json.loads((twin / "modules.json").read_text(encoding="utf-8"))
    write(twin / "modules.json", modules[:-1])
    audit = compare(f"hf:{folder}", f"hf:{twin}", tmp_path / "audit", "--limit", "12")
    assert audit.first_divergence is not None
    assert ("divergent", "embedding") == (audit.verdict, audit.first_divergence.stage)
    assert "output.pooling" == causes(audit)[0]
    assert "only the reference is normalised" in audit.findings[0].sentence


def test_another_dense_layer_is_divergent_from_it_on(folder: Path, twin: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"linear.weight": torch.ones(8, 24)}, twin / "2_Dense" / "model.safetensors")
    audit = compare(f"hf:{folder}", f"hf:{twin}", tmp_path / "audit", "--limit", "12")
    assert audit.first_divergence is not None
    assert ("divergent", "dense") == (audit.verdict, audit.first_divergence.stage)


def test_a_recording_holds_the_embeddings(folder: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("one film\ntwo good movies\nthree\n", encoding="utf-8")
    trace = tmp_path / "golden.trace"
    assert 0 == parity("record", f"hf:{folder}", "--inputs", str(texts), "--out", str(trace)).code
    audit = compare(f"trace:{trace}", f"hf:{folder}", tmp_path / "audit")
    assert "parity" == audit.verdict
    assert stage(audit, "embedding").positions == 3


def test_bare_encoders_are_pooled_only_to_say_what_their_difference_comes_to(tmp_path: Path) -> None:
    plain = tiny_bert(tmp_path / "plain", "AutoModel")
    audit = compare(f"hf:{plain}", f"hf:{plain}?dtype=bfloat16", tmp_path / "audit", "--limit", "12")
    assert "divergent" == audit.verdict
    assert "embedding" not in {record.stage for record in audit.stages}
    assert audit.embeddings is not None
    assert "mean of the tokens" == audit.embeddings.pooled
    assert 0.99 < audit.embeddings.cosine_min < 1.0


def test_two_files_of_vectors_are_compared_as_such_and_a_missing_normalisation_is_named(
    tmp_path: Path,
) -> None:
    import numpy as np

    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"text {k}\n" for k in range(20)), encoding="utf-8")
    vectors = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for name, values in (("unit", unit), ("raw", vectors)):
        np.savez(tmp_path / f"{name}.npz", embeddings=values)
    sides = [f"outputs:{tmp_path / name}.npz" for name in ("unit", "raw")]
    assert "parity" == compare(sides[0], sides[0], tmp_path / "same", "--inputs", str(texts)).verdict
    audit = compare(sides[0], sides[1], tmp_path / "audit", "--inputs", str(texts))
    assert ("divergent", None) == (audit.verdict, audit.decisions)
    assert "output.pooling" == causes(audit)[0]
    assert "only the reference is normalised" in audit.findings[0].sentence
    refused = parity(
        *("compare", sides[0], f"{sides[1]}?activation=sigmoid"),
        *("--inputs", str(texts), "--out", str(tmp_path / "refused")),
    )
    assert 2 == refused.code
    assert "holds embeddings" in refused.complained


def test_the_library_itself_computes_the_same_vector(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    audit = compare(f"hf:{folder}", f"st:{folder}", tmp_path / "audit", "--limit", "12")
    assert "parity" == audit.verdict
    assert "sentence_transformers" in audit.candidate.versions
    assert {"pooling", "dense", "normalize", "embedding"} <= {record.stage for record in audit.stages}
    assert audit.noise.candidate_float64


def test_pairs_with_a_score_are_read_one_by_one_and_scored(folder: Path, tmp_path: Path) -> None:
    rows = (
        ("a good film", "a fine film", 4.5),
        ("it was dull", "never", 1.0),
        ("i love the plot", "i hate the plot", 2.0),
        ("a story of two", "the story of one", 3.5),
        ("boring acting", "an awful movie", 3.0),
    )
    keys = ("sentence1", "sentence2", "score")
    lines = (json.dumps(dict(zip(keys, row, strict=True))) for row in rows)
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = ("--inputs", str(tmp_path / "pairs.jsonl"))
    audit = compare(f"hf:{folder}", f"hf:{folder}?pooling=cls", tmp_path / "audit", *given)
    seen = audit.embeddings
    assert seen is not None
    assert (10, 5, 10, 0) == (seen.rows, seen.pairs, audit.inputs.count, audit.inputs.pairs)
    (metric,) = seen.metrics
    assert ("spearman", 5) == (metric.metric, metric.labelled)
    assert -1 <= metric.reference <= 1
    assert metric.reference + metric.difference == pytest.approx(metric.candidate)
    assert "Embeddings against the labels" in (tmp_path / "audit" / "summary.md").read_text(encoding="utf-8")


def test_texts_with_labels_are_held_against_their_neighbours(folder: Path, tmp_path: Path) -> None:
    texts = ("a good film", "a fine film", "a great film", "it was dull", "it was bad", "it was awful")
    lines = (json.dumps({"text": text, "label": "ab"[k // 3]}) for k, text in enumerate(texts))
    (tmp_path / "texts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    audit = compare(
        f"hf:{folder}", f"hf:{folder}", tmp_path / "audit", "--inputs", str(tmp_path / "texts.jsonl")
    )
    assert audit.embeddings is not None
    (metric,) = audit.embeddings.metrics
    assert ("recall_at_k", 6, 0.0) == (metric.metric, metric.labelled, metric.difference)
