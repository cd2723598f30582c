"""AllenNLP through a real runner: every peculiarity that is silent or confusing when missed."""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.errors import BadOptionValue, InputsDoNotFit, SubjectNotFound
from parity.stages import is_detail
from tests.real.allennlp_asking import MATERIALS, Answer, ask, asked, interpreter, train_archives

pytestmark = [pytest.mark.real]

SHORT = ["the year was good", "it was not what we said"]
LONG = "the year was it not what we like new people do"  # every word one piece
PAIRS = [("the people do work", "people work"), ("he said it", "she said so and so")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the archives were trained, once for all tests."""
    return train_archives(tmp_path_factory.mktemp("archives"))


@pytest.fixture
def spec(folder: Path) -> Callable[..., str]:
    """The subject of a trained archive, its transformer mapped."""

    def subject(name: str, more: str = "") -> str:
        return f"allennlp:{folder}/{name}/model.tar.gz?transformer={folder}/tiny/bert{more}"

    return subject


def weights(folder: Path, name: str) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    """The weights of an archive, read without AllenNLP."""
    import torch

    found: dict[str, Any] = torch.load(folder / name / "best.th", weights_only=True)
    return {key: value.numpy() for key, value in found.items()}


def pooled_by(weights_: dict[str, np.ndarray[Any, np.dtype[Any]]], prefix: str, first: Any) -> Any:
    """What a BERT pooler with those weights makes of `first` [rows, hidden]."""
    return np.tanh(first @ weights_[f"{prefix}.dense.weight"].T + weights_[f"{prefix}.dense.bias"])


def test_the_model_is_in_eval_mode_although_load_archive_leaves_it_training(spec: Callable[..., str]) -> None:
    first, second = ask(spec("plain"), SHORT), asked(spec("plain"), *SHORT)
    assert all(np.array_equal(first.stages[name], second.stages[name]) for name in first.stages)


def test_the_pooled_stage_is_the_pooler_that_was_trained_not_the_transformers_own(
    folder: Path, spec: Callable[..., str]
) -> None:
    said, held = ask(spec("plain"), SHORT), weights(folder, "plain")
    first = said.stages["layer.1"][:, 0]
    inside = "_text_field_embedder.token_embedder_tokens.transformer_model.pooler"
    np.testing.assert_allclose(
        said.stages["pooled"], pooled_by(held, "_seq2vec_encoder.pooler", first), rtol=0, atol=1e-6
    )
    assert np.abs(said.stages["pooled"] - pooled_by(held, inside, first)).max() > 1e-3
    assert [f"{inside}.dense.weight", f"{inside}.dense.bias"] == said.description.unused_weights


def test_the_stages_of_a_classifier_are_those_of_its_transformer_in_forward_order(
    spec: Callable[..., str],
) -> None:
    said = asked(spec("plain"), *SHORT)
    assert [
        *["input_ids", "real", "attention_mask", "position_ids"],
        *["embeddings", "layer.0", "layer.1", "pooled", "logits"],
    ] == list(said.stages)
    announced = [one.name for one in said.description.stages]
    assert ["layer.0.attention", "layer.0.mlp", "layer.0"] == announced[1:4]
    assert ["embeddings", "layer.0", "layer.1", "pooled", "logits"] == [
        name for name in announced if not is_detail(name)
    ]
    assert ("full", "sequence_classification", ["good", "bad"]) == (
        said.description.scope,
        said.description.task,
        said.description.labels,
    )


def test_the_parts_of_a_layer_are_written_where_they_are_asked_for_by_name(spec: Callable[..., str]) -> None:
    said = ask(spec("plain"), SHORT, stages=["layer.1.attention", "layer.1.mlp", "logits"])
    assert ["layer.1.attention", "layer.1.mlp", "logits"] == list(said.stages)[-3:]


def test_a_cls_pooler_takes_the_first_token_as_it_is(spec: Callable[..., str]) -> None:
    said = asked(spec("first"), *SHORT)
    assert "pooled" not in said.stages
    np.testing.assert_array_equal(said.stages["layer.1"][:, 0], said.stages["pooling"])


def test_type_ids_that_are_all_zero_are_not_fed_and_the_mask_is_told_as_zeros_and_ones(
    spec: Callable[..., str],
) -> None:
    said = asked(spec("plain"), *SHORT)
    assert ("token_type_ids" in said.stages, said.stages["attention_mask"].dtype) == (
        False,
        np.dtype("int64"),
    )
    assert said.stages["real"].tolist() == said.stages["attention_mask"].tolist()


def test_a_pair_is_fed_with_type_ids_and_its_pieces_know_their_text(spec: Callable[..., str]) -> None:
    said = asked(spec("pairs"), *PAIRS)
    tokens = said.encoding
    assert ("required", ["entailment", "contradiction", "neutral"]) == (
        said.description.can.pairs,
        said.description.labels,
    )
    assert (None, 0, 0, 0, 0, None, 1, 1, None) == tokens.segments
    assert [0, 0, 0, 0, 0, 0, 1, 1, 1] == said.stages["token_type_ids"][0, : len(tokens.input_ids)].tolist()
    assert ("people", "people work"[:6]) == (PAIRS[0][0][slice(*tokens.offsets[2] or ())], tokens.pieces[6])


def test_a_scalar_mix_is_of_the_layers_without_the_embeddings(folder: Path, spec: Callable[..., str]) -> None:
    said, held = ask(spec("mixes"), SHORT), weights(folder, "mixes")
    prefix = "_text_field_embedder.token_embedder_tokens._scalar_mix"
    shares = np.exp([float(held[f"{prefix}.scalar_parameters.{layer}"][0]) for layer in (0, 1)])
    mixed = sum(share * said.stages[f"layer.{layer}"] for layer, share in enumerate(shares / shares.sum()))
    np.testing.assert_allclose(
        said.stages["module.scalar_mix"], mixed * held[f"{prefix}.gamma"], rtol=0, atol=1e-6
    )
    assert any("mix of all layers" in note for note in said.description.notes)


def test_a_long_text_is_folded_into_segments_that_know_nothing_of_each_other(
    spec: Callable[..., str],
) -> None:
    said, alone = ask(spec("folds"), [LONG]), ask(spec("folds"), ["we like new people do"])
    assert [
        "[CLS]",
        "the",
        "year",
        "was",
        "it",
        "not",
        "what",
        "[SEP]",
        "[CLS]",
        "we",
        "like",
        "new",
    ] == list(said.encoding.pieces[:12])
    assert [*range(8), *range(7)] == said.stages["position_ids"][0].tolist()
    np.testing.assert_allclose(
        said.stages["layer.1"][0, 8:],
        alone.stages["layer.1"][0, : len(alone.encoding.pieces)],
        rtol=0,
        atol=1e-6,
    )
    assert not said.description.can.accepts_feed
    assert any("folded" in note for note in said.description.notes)


def test_a_folded_batch_of_unlike_lengths_keeps_each_row_its_own(spec: Callable[..., str]) -> None:
    both, short = ask(spec("folds"), [LONG, SHORT[0]]), ask(spec("folds"), [SHORT[0]])
    real = both.stages["real"][1].astype(bool)
    np.testing.assert_allclose(both.stages["layer.1"][1][real], short.stages["layer.1"][0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(both.stages["logits"][1], short.stages["logits"][0], rtol=0, atol=1e-6)


def test_the_embedding_matrix_is_as_long_as_the_tokenizer_whatever_the_config_says(
    folder: Path, tmp_path: Path
) -> None:
    bert = config_and_vocabulary(folder, tmp_path, vocab_size=300)
    said = ask(f"allennlp:{folder}/plain/model.tar.gz?transformer={bert}", SHORT)
    assert 250 == said.description.vocabulary_rows
    assert any("250 rows where the transformer's config says 300" in note for note in said.description.notes)


def config_and_vocabulary(folder: Path, place: Path, **changes: Any) -> Path:
    """A copy of the transformer's folder without its weights, its config changed."""
    config = json.loads((folder / "tiny" / "bert" / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**config, **changes}))
    shutil.copyfile(folder / "tiny" / "bert" / "vocab.txt", place / "vocab.txt")
    return place


def test_a_transformers_config_and_vocabulary_are_enough(
    folder: Path, spec: Callable[..., str], tmp_path: Path
) -> None:
    bare = ask(
        f"allennlp:{folder}/plain/model.tar.gz?transformer={config_and_vocabulary(folder, tmp_path)}", SHORT
    )
    np.testing.assert_array_equal(asked(spec("plain"), *SHORT).stages["logits"], bare.stages["logits"])


def test_a_transformer_that_is_not_on_this_machine_is_named_with_the_remedy(folder: Path) -> None:
    with pytest.raises(
        SubjectNotFound, match=r"the transformer 'tiny/bert', which is not on this machine"
    ) as caught:
        ask(f"allennlp:{folder}/plain/model.tar.gz", SHORT)
    assert "?transformer=PATH" in caught.value.next_step


def test_a_transformer_that_lies_beside_the_archive_is_found_and_said(
    folder: Path, spec: Callable[..., str], tmp_path: Path
) -> None:
    beside = tmp_path / "bert"
    beside.mkdir()
    config_and_vocabulary(folder, beside)
    shutil.copyfile(folder / "plain" / "model.tar.gz", tmp_path / "model.tar.gz")
    found = ask(f"allennlp:{tmp_path}/model.tar.gz", SHORT)
    np.testing.assert_array_equal(asked(spec("plain"), *SHORT).stages["logits"], found.stages["logits"])
    assert f"The transformer 'tiny/bert' is read from {beside}." in found.description.notes


def test_a_transformer_may_be_given_by_the_name_it_has_in_the_archive(
    folder: Path, spec: Callable[..., str]
) -> None:
    named = f"allennlp:{folder}/plain/model.tar.gz?transformer=tiny/bert%3D{folder}/tiny/bert"
    np.testing.assert_array_equal(
        asked(spec("plain"), *SHORT).stages["logits"], ask(named, SHORT).stages["logits"]
    )
    with pytest.raises(BadOptionValue, match=r"the archive does not name 'other', but tiny/bert"):
        ask(f"allennlp:{folder}/plain/model.tar.gz?transformer=other%3D{folder}/tiny/bert", SHORT)


def test_different_tokenizer_settings_in_the_three_places_are_said(spec: Callable[..., str]) -> None:
    said = ask(spec("cased"), ["The year"])
    assert ("The", False) == (said.encoding.pieces[1], said.description.tokenizer["do_lower_case"])
    assert any("are given different tokenizer_kwargs" in note for note in said.description.notes)


def test_the_pieces_are_readable_although_the_archive_holds_no_wordpiece_vocabulary(
    folder: Path, spec: Callable[..., str]
) -> None:
    with tarfile.open(folder / "plain" / "model.tar.gz") as tar:
        assert not any(name.endswith("tags.txt") for name in tar.getnames())
    assert ("[CLS]", "the", "year", "was", "g", "##o", "##o", "##d", "[SEP]") == ask(
        spec("plain"), SHORT
    ).encoding.pieces


def test_what_a_limit_cuts_off_is_counted(spec: Callable[..., str]) -> None:
    tokens = ask(spec("plain"), [LONG + " and so did we"]).encoding
    assert (12, 17) == (len(tokens.input_ids), tokens.untruncated)


def test_a_tagger_splits_each_word_alone_and_answers_by_word(spec: Callable[..., str]) -> None:
    said = ask(spec("words"), ["She said good, work.", "no"])
    tokens = said.encoding
    assert ("word_mask" in said.stages, (2, 6, 4)) == (True, said.stages["words"].shape)
    assert ("own", "average") == (said.description.can.words, said.description.tokenizer["words"])
    assert (None, 0, 1, 2, 2, 2, 2, 3, 4, 5, None) == tokens.words
    assert [[1] * 6, [1] + [0] * 5] == said.stages["word_mask"].tolist()
    assert ["good"[place : place + 1] for place in range(4)] == [
        "She said good, work."[slice(*span)] for span in tokens.offsets[3:7] if span is not None
    ]
    assert ["row", "word", "class"] == said.description.stages[-1].axes
    assert (
        "text_field_embedder.token_embedder_bert._matched_embedder.transformer_model.encoder.layer.0"
        == next(one.module for one in said.description.stages if one.name == "layer.0")
    )


def test_allennlps_own_transformer_is_seen_layer_by_layer_and_its_pooler_is_used(
    folder: Path, spec: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    said = ask(spec("own", "&include=tiny_readers"), ["she said so"])
    assert ("full", None, True, []) == (
        said.description.scope,
        said.description.max_rows,
        said.description.can.tokens,
        said.description.unused_weights,
    )
    expected = ["position_ids", "embeddings", "layer.0", "layer.1", "pooled", "logits"]
    assert expected == [name for name in said.stages if name in expected]
    assert "transformer_stack.layers.1" == next(
        one.module for one in said.description.stages if one.name == "layer.1"
    )


def test_the_ids_of_the_own_pass_give_the_own_pass_again(spec: Callable[..., str]) -> None:
    own = asked(spec("pairs"), *PAIRS)
    fed = {
        name: own.stages[name].tolist() for name in ("input_ids", "attention_mask", "token_type_ids", "real")
    }
    again = ask(spec("pairs"), PAIRS, inputs={**fed, "position_ids": None})
    assert list(own.stages) == list(again.stages)
    assert all(np.array_equal(own.stages[name], again.stages[name]) for name in own.stages)


def test_given_positions_are_what_the_model_sees(spec: Callable[..., str]) -> None:
    ids = [[2, 97, 208, 3]]
    fed = {"input_ids": ids, "attention_mask": None, "token_type_ids": None, "real": [[1, 1, 1, 1]]}
    usual = ask(spec("plain"), SHORT, inputs={**fed, "position_ids": None})
    same = ask(spec("plain"), SHORT, inputs={**fed, "position_ids": [[0, 1, 2, 3]]})
    other = ask(spec("plain"), SHORT, inputs={**fed, "position_ids": [[5, 6, 7, 8]]})
    np.testing.assert_array_equal(usual.stages["logits"], same.stages["logits"])
    assert [[5, 6, 7, 8]] == other.stages["position_ids"].tolist()
    assert np.abs(usual.stages["embeddings"] - other.stages["embeddings"]).max() > 1e-3


def test_in_float64_every_stage_is_float64_and_near(spec: Callable[..., str]) -> None:
    single, double = ask(spec("plain"), SHORT), ask(spec("plain"), SHORT, precision="float64")
    assert {"float64"} == {values.dtype.name for name, values in double.stages.items() if name in FLOATS}
    for name in FLOATS:
        np.testing.assert_allclose(single.stages[name], double.stages[name], rtol=0, atol=5e-6)


FLOATS = ("embeddings", "layer.0", "layer.1", "pooled", "logits")


def test_a_serialization_directory_says_the_same_as_its_archive(
    folder: Path, spec: Callable[..., str]
) -> None:
    before = sorted(path.name for path in (folder / "plain").rglob("*"))
    run = ask(f"allennlp:{folder}/plain?transformer={folder}/tiny/bert", SHORT)
    np.testing.assert_array_equal(asked(spec("plain"), *SHORT).stages["logits"], run.stages["logits"])
    assert before == sorted(path.name for path in (folder / "plain").rglob("*"))


def test_a_pair_model_asked_with_single_texts_says_what_it_reads(spec: Callable[..., str]) -> None:
    with pytest.raises(InputsDoNotFit, match=r"Row 0 has one text; .* reads pairs"):
        ask(spec("pairs"), SHORT)


def test_a_text_model_asked_with_pairs_says_what_it_reads(spec: Callable[..., str]) -> None:
    with pytest.raises(InputsDoNotFit, match=r"Row 0 has a text and a pair; text_classifier reads one text"):
        asked(spec("plain"), *PAIRS)


def test_the_seeds_and_the_version_of_the_training_are_told(spec: Callable[..., str]) -> None:
    said = asked(spec("plain"), *SHORT).description
    assert "Trained with AllenNLP 2.10.1." in said.notes
    assert "Seeds of its training: random_seed 7, numpy_seed 7, pytorch_seed 7." in said.notes
    assert (7, "2.10.1", 2) == (
        said.config["random_seed"],
        said.versions["allennlp"],
        said.config["transformer.num_hidden_layers"],
    )


UPSTREAM = sorted((MATERIALS / "archives").glob("*.tar.gz")) if MATERIALS.is_dir() else []


@pytest.mark.skipif(not UPSTREAM, reason="the upstream archives are not here")
@pytest.mark.parametrize("path", UPSTREAM, ids=lambda path: path.name.split("__")[-1])
def test_an_upstream_archive_is_run_and_says_the_same_twice(path: Path) -> None:
    reads_pairs = any(kind in path.name for kind in ("esim", "bidaf"))
    texts: list[Any] = PAIRS if reads_pairs else ["The movie was great .", "a film"]
    first, second = ask(f"allennlp:{path}", texts), ask(f"allennlp:{path}", texts)
    assert "outputs" == first.description.scope
    assert same(first, second)
    assert any(name == "logits" or name.startswith("output.") for name in first.batches[0])
    assert all(
        span is not None or special for span, special in zip(first.encoding.offsets, first.encoding.special)
    )


def same(first: Answer, second: Answer) -> bool:
    """Whether two answers are equal, bit by bit."""
    return all(
        list(here) == list(there) and all(np.array_equal(here[name], there[name]) for name in here)
        for here, there in zip(first.batches, second.batches, strict=True)
    )


def test_a_runner_file_parses_as_python_3_8() -> None:
    import ast

    for path in (Path(__file__).resolve().parents[2] / "adapters" / "parity_allennlp").glob("[!_]*.py"):
        ast.parse(path.read_text("utf-8"), feature_version=(3, 8))


def test_the_interpreter_is_not_the_one_that_runs_the_tests() -> None:
    assert Path(sys.executable) != interpreter()
