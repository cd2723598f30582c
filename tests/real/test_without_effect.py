"""An option that cannot have an effect is refused in a sentence, or reported in a note: never dropped without a word."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from parity.border.description import Description
from parity.errors import BadOptionValue, RecipeError
from parity.session.session import OpenRequest, open_session
from parity.subjects.subject import parse_subject
from parity.training.recipe import read_recipe
from tests.models import tiny_bert, write_tokenizer
from tests.real.asking import parity

pytestmark = [pytest.mark.real]

PORT = "fixtures/port"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small folders: a bare encoder, one with one output, one whose tokenizer has nothing to pad with."""
    folder = tmp_path_factory.mktemp("folders")
    tiny_bert(folder / "bare", "AutoModel")
    tiny_bert(folder / "one", labels=("only",))
    write_tokenizer(tiny_bert(folder / "alone"), pad_token=None)
    return folder


def described(spec: str) -> Description:
    """What a subject says of itself."""
    subject = parse_subject(spec)
    with open_session(OpenRequest(subject, threads=1, timeout=300)) as session:
        return session.described


def refusal(spec: str) -> str:
    """Why an option is refused."""
    with pytest.raises(BadOptionValue) as caught:
        described(spec)
    return caught.value.sentence


def test_a_revision_of_a_folder_is_refused_and_says_how_to_compare_two() -> None:
    with pytest.raises(BadOptionValue) as caught:
        described(f"hf:{PORT}?revision=main")
    assert "revision=main has no effect on fixtures/port: it is a local folder" in caught.value.sentence
    assert "check each commit out" in caught.value.next_step


@pytest.mark.parametrize(("name", "why"), [("bare", "it has no classes"), ("one", "it is a regression")])
def test_a_temperature_is_refused_where_nothing_has_classes(name: str, why: str, folders: Path) -> None:
    assert f"temperature=2 has no effect on hf:{folders / name}?temperature=2: {why}" in refusal(
        f"hf:{folders / name}?temperature=2"
    )


def test_a_temperature_of_one_changes_nothing_anywhere_and_is_let_pass(folders: Path) -> None:
    assert 1.0 == described(f"hf:{folders / 'bare'}?temperature=1").temperature


def test_a_temperature_of_a_file_of_one_column_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", logits=np.ones((3, 1)))
    assert "one column of logits makes no decision" in refusal(
        f"outputs:{tmp_path / 'one.npz'}?temperature=2"
    )
    spec = f"outputs:{tmp_path / 'one.npz'}?temperature=2&activation=sigmoid"
    assert 2.0 == described(spec).temperature


def test_temperatures_of_the_command_line_are_refused_likewise(folders: Path, tmp_path: Path) -> None:
    for name in ("bare", "one"):
        spec = f"hf:{folders / name}"
        run = parity("compare", spec, spec, "--temperature", "2", "--out", str(tmp_path / "audit"))
        assert 2 == run.code
        assert "--temperature 2 has no effect on this pair" in run.complained
    np.savez(tmp_path / "one.npz", logits=np.ones((3, 1)))
    spec = f"outputs:{tmp_path / 'one.npz'}"
    run = parity("compare", spec, spec, "--temperature", "2", "--out", str(tmp_path / "audit"))
    assert (2, True) == (run.code, "one column of logits makes no decision" in run.complained)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("max_length=8&truncation=false", "max_length=8 has no effect with truncation=false"),
        ("padding=max_length", "padding=max_length has no effect on"),
    ],
)
def test_a_length_that_nothing_is_cut_or_padded_to_is_refused(options: str, said: str, folders: Path) -> None:
    assert said in refusal(f"hf:{folders / 'alone'}?{options}")


def test_what_is_padded_to_needs_no_cutting() -> None:
    described(f"hf:{PORT}?max_length=16&truncation=false&padding=max_length")


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("alone", "padding_side=left", "padding_side=left has no effect: rows are run one at a time"),
        ("alone", "batch_size=4", "batch_size=4 has no effect: rows are run one at a time."),
        ("bare", "trust_remote_code=yes", "brings no code"),
    ],
)
def test_what_changes_nothing_on_this_model_is_a_note(
    name: str, options: str, said: str, folders: Path
) -> None:
    assert any(said in note for note in described(f"hf:{folders / name}?{options}").notes)
    assert not any(said in note for note in described(f"hf:{folders / name}").notes)


def test_what_has_an_effect_has_no_note() -> None:
    said = described(
        f"hf:{PORT}?padding_side=left&batch_size=4&attn=eager&truncation=true&temperature=2"
    ).notes
    assert not any("effect" in note or "was requested" in note for note in said)


def test_a_seed_beside_all_three_is_refused(tmp_path: Path) -> None:
    options = f"seed=1&init_seed=1&order_seed=1&dropout_seed=1&runs={tmp_path}"
    assert "seed=1 has no effect: init_seed, order_seed, dropout_seed are all given" in refusal(
        f"finetune:fixtures/recipe/recipe.toml?{options}"
    )


def test_a_revision_of_a_recipes_folder_is_refused(tmp_path: Path) -> None:
    shutil.copytree("fixtures/recipe", tmp_path / "recipe")
    path = tmp_path / "recipe" / "recipe.toml"
    text = path.read_text("utf-8")
    assert "[model]" in text
    path.write_text(text.replace("[model]", "[model]\nrevision = " + json.dumps("v2")), encoding="utf-8")
    with pytest.raises(RecipeError, match=r"model\.revision = 'v2' has no effect: model\.base is a folder"):
        read_recipe(str(path))


def test_a_way_of_making_words_is_refused_where_no_token_has_classes() -> None:
    why = "words=last has no effect: BertForSequenceClassification has no classes for each token"
    assert why in refusal(f"hf:{PORT}?words=last")
