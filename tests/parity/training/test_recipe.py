"""Recipes: followed as they say, identified by what matters, and refused in a sentence."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.recipe import build
from parity.errors import RecipeError
from parity.training.recipe import Recipe, read_recipe

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "fixtures" / "recipe"
SETTINGS: dict[str, dict[str, Any]] = {
    "model": {"base": str(DEMO / "encoder")},
    "data": {"train": "train.jsonl", "evaluation": "test.jsonl"},
    "training": {"epochs": 2},
}
ROWS: list[dict[str, Any]] = [{"text": f"row {n}", "label": "odd" if n % 2 else "even"} for n in range(8)]
Write = Callable[..., Path]


def toml(sections: dict[str, dict[str, Any]], top: str = "") -> str:
    """The sections as TOML; JSON's values are TOML's."""
    lines = [top]
    for name, values in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines)


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a recipe with these changes to its sections, and rows beside it unless they are there."""

    def written(top: str = "", **changes: dict[str, Any]) -> Path:
        for name in ("train", "test"):
            if not (tmp_path / f"{name}.jsonl").exists():
                write_rows(tmp_path / f"{name}.jsonl", ROWS)
        sections = {name: {**values, **changes.get(name, {})} for name, values in SETTINGS.items()}
        sections.update({name: values for name, values in changes.items() if name not in SETTINGS})
        path = tmp_path / "recipe.toml"
        path.write_text(toml(sections, top), "utf-8")
        return path

    return written


def refusal(path: Path) -> str:
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    return str(caught.value).replace(f"{path.parent}/", "")


def labels_and_texts(recipe: Recipe) -> list[tuple[str | None, str | None]]:
    return [(row.text, row.label) for row in recipe.train.read()]


def test_the_demo_recipe_is_read_with_its_rows_classes_and_slices() -> None:
    recipe = read_recipe(DEMO / "recipe.toml")
    assert (300, 300) == (recipe.train.count, recipe.evaluation.count)
    assert ("borrow", "fine", "hold", "renew", "return") == recipe.labels
    assert {"plain", "long", "vague"} == {row.slice for row in recipe.evaluation.read()}
    assert {None} == {row.slice for row in recipe.train.read()}


def test_the_demo_rows_are_those_its_script_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "HERE", tmp_path)
    build.write_rows()
    for name in ("train.jsonl", "evaluation.jsonl"):
        assert (DEMO / name).read_text("utf-8") == (tmp_path / name).read_text("utf-8")


def test_the_demo_is_small_enough_to_commit() -> None:
    assert sum(file.stat().st_size for file in DEMO.rglob("*.[!p]*") if file.is_file()) < 300_000


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"training": {"lerning_rate": 1e-3}},
            "recipe.toml has an unknown key under [training]: lerning_rate. Did you mean learning_rate?",
        ),
        ({"training": {"max_length": 32}}, "It belongs under [model]."),
        ({"training": {"batch_size": "many"}}, 'training.batch_size cannot be "many". Expected int, got str.'),
        ({"training": {"batch_size": 0}}, "training.batch_size cannot be 0. Expected int >= 1."),
        ({"training": {"learning_rate": -1.0}}, "training.learning_rate cannot be -1.0. Expected float > 0.0."),
        ({"training": {"weight_decay": True}}, "training.weight_decay cannot be true."),
        ({"training": {"steps": 4}}, "recipe.toml gives both epochs and steps under [training]."),
        ({"model": {"dtype": "int8"}}, 'model.dtype cannot be "int8". Give float32 or float64 or bfloat16.'),
        ({"model": {"frozen": [""]}}, 'model.frozen cannot be [""]. Expected str of length >= 1.'),
        ({"training": {"warmup": 2}}, "training.warmup = 2 leaves none of the 2 steps."),
        ({"training": {"warmup": 1e5}}, "training.warmup = 100000 leaves none of the 2 steps."),
        ({"model": {"frozen": ["a", 1]}}, "model.frozen cannot be"),
        ({"model": {"base": "./nowhere"}}, "model.base = './nowhere' is not an existing folder"),
        ({"model": {"base": "."}}, "model.base = '.' holds no config.json"),
        ({"data": {"train": "gone.jsonl"}}, "data.train = 'gone.jsonl' is not there"),
        ({"data": {"text": "txet"}}, "train.jsonl has no column 'txet'; it has 'text', 'label'. Give text = \"text\" under [data]."),
        ({"data": {"label": "lable"}}, "train.jsonl has no column 'lable'; it has 'text', 'label'. Give label = \"label\" under"),
        ({"data": {"id": "number"}}, "Name one of these under [data], as id = …"),
        ({"data": {"train": "recipe.toml"}}, "Use one of .txt, .jsonl, .ndjson, .csv, .tsv, .parquet, .conll, .iob, or a folder that `datasets` saved."),
        ({"data": {"slices": "topics"}}, "test.jsonl has no column 'topics' (data.slices); it has 'text', 'label'."),
        ({"data": {"train_rows": 9}}, "train.jsonl holds 8 rows, and data.train_rows = 9."),
    ],
)  # fmt: skip
def test_a_wrong_recipe_is_refused_in_a_sentence(write: Write, changes: dict[str, Any], said: str) -> None:
    assert said in refusal(write(**changes))


def test_a_key_that_belongs_to_no_section_is_refused(write: Write) -> None:
    assert "has an unknown key: taks. Did you mean task?" in refusal(write('taks = "x"'))


def test_another_task_is_refused(write: Write) -> None:
    assert 'task cannot be "translation". Give sequence_classification or token_classification.' in refusal(
        write('task = "translation"')
    )


@pytest.mark.parametrize("value", ["inf", "nan"])
def test_a_number_without_end_is_refused(write: Write, value: str) -> None:
    path = write()
    path.write_text(path.read_text("utf-8") + f"\nlearning_rate = {value}\n", "utf-8")
    assert f"training.learning_rate is {value}." in refusal(path)


def test_what_is_needed_and_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("[model]\n", "utf-8")
    assert "recipe.toml has no base under [model]. Add it." == refusal(path)
    path.write_text(toml({"model": SETTINGS["model"], "data": SETTINGS["data"], "training": {}}), "utf-8")
    assert "recipe.toml gives neither epochs nor steps under [training]. Give one of the two." == refusal(
        path
    )


def test_what_is_no_toml_and_what_is_not_there_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    assert "The recipe recipe.toml cannot be read: there is no such file." in refusal(path)
    path.write_text("epochs: 3", "utf-8")
    assert "recipe.toml is not TOML:" in refusal(path)


def test_a_base_without_weights_is_refused(write: Write, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "config.json").write_text("{}", "utf-8")
    assert "model.base = 'bare' holds no weights." in refusal(write(model={"base": "bare"}))


def test_one_class_is_nothing_to_learn(write: Write, tmp_path: Path) -> None:
    write_rows(tmp_path / "train.jsonl", [{"text": "a", "label": "same"}, {"text": "b", "label": "same"}])
    assert "every training row has the label 'same'; there is nothing to learn from one class" in refusal(
        write()
    )


def test_training_rows_without_labels_are_counted(write: Write, tmp_path: Path) -> None:
    write_rows(tmp_path / "train.jsonl", [*ROWS, {"text": "c", "label": None}])
    assert "1 of 9 training rows have no label." in refusal(write())
    write_rows(tmp_path / "train.jsonl", [{"text": "a"}, {"text": "b"}])
    assert "2 of 2 training rows have no label." in refusal(write())


def test_an_evaluation_label_that_was_never_trained_is_refused(write: Write, tmp_path: Path) -> None:
    write_rows(tmp_path / "test.jsonl", [*ROWS, {"text": "c", "label": "new"}])
    assert "test.jsonl: 1 rows have the label 'new', which no training row has." in refusal(write())


def test_evaluation_rows_may_have_no_labels(write: Write, tmp_path: Path) -> None:
    write_rows(tmp_path / "test.jsonl", [{"text": "a"}, {"text": "b"}])
    assert 0 == read_recipe(write()).evaluation.labelled


def test_a_row_that_is_no_row_is_refused_with_its_number(write: Write, tmp_path: Path) -> None:
    write_rows(tmp_path / "train.jsonl", [*ROWS, {"text": 5, "label": "odd"}])
    assert "train.jsonl, row 9: 'text' is not a text." in refusal(write())
    (tmp_path / "train.jsonl").write_text('{"text": "a", "label": "x"}\n{"text"\n', "utf-8")
    assert "train.jsonl, line 2: not JSON" in refusal(write())


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "folder"])
def test_the_same_rows_in_any_format_are_the_same_recipe(write: Write, tmp_path: Path, ending: str) -> None:
    expected = read_recipe(write())
    name = f"rows.{ending}"
    arrow: Any = importlib.import_module("pyarrow")
    if ending == "parquet":
        importlib.import_module("pyarrow.parquet").write_table(arrow.Table.from_pylist(ROWS), tmp_path / name)
    elif ending == "folder":
        save_dataset(tmp_path / name, arrow)
    else:
        cut = "," if ending == "csv" else "\t"
        lines = [f"{row['text']}{cut}{row['label']}\n" for row in ROWS]
        (tmp_path / name).write_text(f"text{cut}label\n{''.join(lines)}", "utf-8")
    found = read_recipe(write(data={"train": name}))
    assert labels_and_texts(expected) == labels_and_texts(found)
    assert expected.training_digest == found.training_digest


def save_dataset(folder: Path, arrow: Any) -> None:
    """What `Dataset.save_to_disk` writes: an Arrow stream, its state, and the names of its classes."""
    folder.mkdir()
    names = ["odd", "even"]
    table = arrow.Table.from_pylist([{**row, "label": names.index(row["label"])} for row in ROWS])
    with arrow.ipc.new_stream(str(folder / "data-00000-of-00001.arrow"), table.schema) as stream:
        stream.write_table(table)
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_indices_files": None}
    (folder / "state.json").write_text(json.dumps(state), "utf-8")
    info = {"features": {"label": {"names": names, "_type": "ClassLabel"}, "text": {"dtype": "string"}}}
    (folder / "dataset_info.json").write_text(json.dumps(info), "utf-8")


def test_comments_and_places_do_not_count_and_what_matters_does(write: Write, tmp_path: Path) -> None:
    first = read_recipe(write())
    assert first.digest == read_recipe(write("# a comment\n")).digest
    assert first.digest == read_recipe(write(training={"batch_size": 16})).digest  # what it is anyway
    assert first.training_digest != read_recipe(write(training={"learning_rate": 1e-4})).training_digest
    write_rows(tmp_path / "test.jsonl", ROWS[:4])
    other_rows = read_recipe(write())
    assert first.training_digest == other_rows.training_digest
    assert first.digest != other_rows.digest


def test_rows_in_another_order_are_another_recipe(write: Write, tmp_path: Path) -> None:
    first = read_recipe(write())
    write_rows(tmp_path / "train.jsonl", ROWS[::-1])
    assert first.training_digest != read_recipe(write()).training_digest


def test_numbers_as_labels_are_ordered_by_number(write: Write, tmp_path: Path) -> None:
    write_rows(tmp_path / "train.jsonl", [{"text": "a", "label": n} for n in (10, 9, 0)])
    write_rows(tmp_path / "test.jsonl", [{"text": "a", "label": 9.0}])
    assert ("0", "9", "10") == read_recipe(write()).labels


def test_a_hub_id_is_not_looked_for_on_disk(write: Write) -> None:
    recipe = read_recipe(write(model={"base": "google-bert/bert-base-uncased"}))
    assert ("google-bert/bert-base-uncased", None) == (recipe.base, recipe.base_digest)


WORDS: list[dict[str, Any]] = [
    {"tokens": ["the", f"thing{n}"], "ner_tags": ["O", "B-THING"], "topic": "a" if n % 2 else "b"}
    for n in range(6)
]
TAGGER = 'task = "token_classification"'


def tagged(write: Write, rows: list[dict[str, Any]], **changes: dict[str, Any]) -> Path:
    """A recipe of a tagger, with these rows in both parts."""
    path = write(TAGGER, **changes)
    for name in ("train", "test"):
        write_rows(path.parent / f"{name}.jsonl", rows)
    return path


def test_a_tagger_is_trained_on_rows_of_words(write: Write) -> None:
    recipe = read_recipe(tagged(write, WORDS, data={"slices": "topic"}))
    assert ("B-THING", "O") == recipe.labels
    assert (6, 6, {"O": 6, "B-THING": 6}) == (recipe.train.count, recipe.train.labelled, recipe.train.labels)
    line = next(iter(recipe.evaluation.read())).line()
    assert b'{"slice":"b","words":["the","thing0"],"tags":["O","B-THING"]}\n' == line
    assert "token_classification" == recipe.settled()["task"]


def test_the_columns_of_words_and_tags_may_have_any_name(write: Write) -> None:
    rows = [{"w": row["tokens"], "t": row["ner_tags"]} for row in WORDS]
    assert 6 == read_recipe(tagged(write, rows, data={"words": "w", "tags": "t"})).train.labelled
    said = refusal(tagged(write, rows, data={"words": "w", "tags": "tt"}))
    assert "train.jsonl has no column 'tt' (data.tags); it has 'w', 't'. Did you mean 't'?" in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"tokens": ["a", "b"], "ner_tags": ["O"]}, "'ner_tags' holds 1 tags for 2 words"),
        ({"tokens": ["a", 3], "ner_tags": ["O", "O"]}, "'tokens' holds something other than words"),
        ({"tokens": [], "ner_tags": []}, "'tokens' holds no word"),
        ({"tokens": ["a"], "ner_tags": [1.5]}, "'ner_tags' holds a tag that is neither a text nor a whole number"),
        ({"tokens": "a b", "ner_tags": ["O"]}, "'tokens' is not a list"),
        ({"tokens": ["a"], "ner_tags": None}, "1 of 7 training rows have no tags"),
    ],
)  # fmt: skip
def test_a_row_of_words_that_cannot_be_trained_on_is_refused(
    write: Write, row: dict[str, Any], said: str
) -> None:
    assert said in refusal(tagged(write, [*WORDS, row]))


def test_texts_are_no_rows_of_words(write: Write) -> None:
    assert "train.jsonl has no column of words; it has 'text', 'label'." in refusal(write(TAGGER))


def test_a_tag_that_no_training_word_has_is_refused(write: Write) -> None:
    path = tagged(write, WORDS)
    write_rows(path.parent / "test.jsonl", [{"tokens": ["a"], "ner_tags": ["B-OTHER"]}])
    assert "1 words have the tag 'B-OTHER', which no training word has." in refusal(path)


def test_an_adapter_is_part_of_what_determines_the_weights(write: Write) -> None:
    plain = read_recipe(write())
    settled = [read_recipe(write(lora=lora)) for lora in ({"r": 4}, {"r": 8, "target_modules": ["query"]})]
    assert 3 == len({plain.training_digest, *(recipe.training_digest for recipe in settled)})
    assert plain.settled()["lora"] is None
    assert ["query"] == list(settled[1].settled()["lora"]["target_modules"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lora": {"rank": 4}}, "unknown key under [lora]: rank. The keys are: r, alpha, dropout,"),
        ({"lora": {"r": 0}}, "lora.r cannot be 0. Expected int >= 1."),
        ({"lora": {"dropout": 1.0}}, "lora.dropout cannot be 1.0. Expected float < 1.0."),
        ({"lora": {"r": 2}, "model": {"frozen": ["embeddings"]}}, "model.frozen has no effect beside [lora]"),
    ],
)
def test_a_wrong_adapter_is_refused_in_a_sentence(
    write: Write, changes: dict[str, dict[str, Any]], said: str
) -> None:
    assert said in refusal(write(**changes))
