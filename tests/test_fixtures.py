"""The fixtures: small, loadable, better than chance, and each wrong port wrong in its own way only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from fixtures.build import Score, rows_of, score
from fixtures.corpus import SIZES
from fixtures.port import (
    ARCHIVE,
    EMBEDDER,
    MISTAKES,
    Archive,
    Port,
    classes_reordered,
    read_archive,
    right_port,
    write_port,
)

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture(scope="module")
def archive() -> Archive:
    return read_archive()


@pytest.fixture(scope="module")
def right(archive: Archive) -> Port:
    return right_port(archive)


def changed(right: Port, other: Port) -> set[str]:
    """What of a port is not as in the right one: config keys, tokenizer keys, names of weights."""
    differing = {name for name in right.config if right.config[name] != other.config.get(name)}
    differing |= {name for name in right.tokenizer if right.tokenizer[name] != other.tokenizer.get(name)}
    differing |= {name for name in right.weights if not torch.equal(right.weights[name], other.weights[name])}
    assert right.weights.keys() == other.weights.keys()
    assert right.vocabulary == other.vocabulary
    return differing


def test_all_fixtures_together_are_under_two_megabytes() -> None:
    files = (path for path in FIXTURES.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert sum(path.stat().st_size for path in files) < 2_000_000


def test_the_encoder_is_committed_without_weights() -> None:
    assert {"config.json", "tokenizer_config.json", "vocab.txt"} == {
        path.name for path in (FIXTURES / "encoder").iterdir()
    }


def test_the_committed_port_is_the_right_one(right: Port, tmp_path: Path) -> None:
    write_port(right, tmp_path)
    for name in ("config.json", "tokenizer_config.json", "vocab.txt"):
        assert (tmp_path / name).read_text("utf-8") == (FIXTURES / "port" / name).read_text("utf-8")
    committed = torch.load(FIXTURES / "port" / "pytorch_model.bin", weights_only=True)
    assert committed.keys() == right.weights.keys()
    assert all(torch.equal(tensor, right.weights[name]) for name, tensor in committed.items())


def test_no_parameter_of_the_archive_is_constant(archive: Archive) -> None:
    learnt = {name: tensor for name, tensor in archive.weights.items() if not name.endswith("position_ids")}
    assert [] == [name for name, tensor in learnt.items() if tensor.min() == tensor.max()]


def test_the_unused_pooler_is_not_the_real_one(archive: Archive) -> None:
    unused = archive.weights[f"{EMBEDDER}pooler.dense.weight"]
    assert not torch.equal(unused, archive.weights["_seq2vec_encoder.pooler.dense.weight"])


def test_the_vocabulary_has_as_many_pieces_as_the_embedding_has_rows(right: Port) -> None:
    pieces = right.vocabulary.splitlines()
    assert len(pieces) == len(set(pieces)) == right.weights["bert.embeddings.word_embeddings.weight"].shape[0]


def test_the_corpus_has_no_text_twice() -> None:
    texts = [row["text"].casefold() for part in SIZES for row in rows_of(part)]
    assert len(texts) == len(set(texts)) == sum(SIZES.values())


def test_the_shown_reviews_are_held_out_rows_with_ids_and_labels() -> None:
    shown = [json.loads(line) for line in (FIXTURES / "reviews.jsonl").read_text("utf-8").splitlines()]
    held_out = {(row["text"], row["label"]) for row in rows_of("test")}
    assert 60 <= len(shown) <= 100
    assert len(shown) == len({row["id"] for row in shown})
    assert {(row["text"], row["label"]) for row in shown} <= held_out


@pytest.mark.parametrize(
    ("mistake", "expected"),
    [
        ("unused_pooler", {"bert.pooler.dense.weight", "bert.pooler.dense.bias"}),
        ("layer_norm_eps", {"layer_norm_eps"}),
        ("gelu_new", {"hidden_act"}),
        ("no_lowercase", {"do_lower_case"}),
        ("labels_swapped", {"id2label", "label2id"}),
        ("layer_nudged", {"bert.encoder.layer.1.output.dense.weight"}),
        ("max_length_cut", {"model_max_length"}),
    ],
)
def test_a_wrong_port_differs_in_its_mistake_and_in_nothing_else(
    mistake: str, expected: set[str], archive: Archive, right: Port
) -> None:
    assert expected == changed(right, MISTAKES[mistake](right, archive))


def test_every_mistake_has_its_line_above() -> None:
    assert 7 == len(MISTAKES)


def test_the_reordered_port_moves_names_and_rows_alike(archive: Archive, right: Port) -> None:
    moved = classes_reordered(right, archive)
    assert moved.labels == tuple(reversed(right.labels))
    for row, label in enumerate(moved.labels):
        original = right.weights["classifier.weight"][right.labels.index(label)]
        assert torch.equal(original, moved.weights["classifier.weight"][row])


def test_making_a_wrong_port_leaves_the_right_one_alone(archive: Archive, right: Port) -> None:
    before = {name: tensor.clone() for name, tensor in right.weights.items()}
    for mistake in MISTAKES.values():
        mistake(right, archive)
    assert all(torch.equal(tensor, right.weights[name]) for name, tensor in before.items())


def test_an_archive_that_is_no_classifier_is_refused_by_the_port(archive: Archive) -> None:
    foreign = Archive(archive.labels, {**archive.weights, "_encoder.weight": torch.zeros(1)})
    with pytest.raises(ValueError, match="_encoder.weight is not a weight of"):
        right_port(foreign)


@pytest.mark.real
def test_the_port_is_right_on_nine_held_out_reviews_in_ten() -> None:
    assert score(FIXTURES / "port", rows_of("test")) >= Score(accuracy=0.9, chance=0)


@pytest.mark.real
def test_the_gelu_of_others_moves_the_logits_by_less_than_a_millionth(
    archive: Archive, right: Port, tmp_path: Path
) -> None:
    difference = logits(write_port(right, tmp_path / "right")) - logits(
        write_port(MISTAKES["gelu_new"](right, archive), tmp_path / "wrong")
    )
    assert 0 < difference.abs().max() < 1e-6


def logits(folder: Path) -> torch.Tensor:
    """What a folder says of the shown reviews, `[rows, classes]`, by Transformers itself."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = cast("Any", AutoModelForSequenceClassification).from_pretrained(folder).eval()
    texts = [
        json.loads(line)["text"] for line in (FIXTURES / "reviews.jsonl").read_text("utf-8").splitlines()
    ]
    batch = cast("Any", AutoTokenizer).from_pretrained(folder)(
        texts, padding=True, truncation=True, return_tensors="pt"
    )
    with torch.no_grad():
        return cast("torch.Tensor", model(**batch).logits)


def test_the_archive_is_where_the_readme_says() -> None:
    assert ARCHIVE == FIXTURES / "reviews.tar.gz"
    assert ARCHIVE.is_file()
