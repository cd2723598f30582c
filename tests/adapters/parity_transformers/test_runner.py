"""The `hf:` runner, asked through a real process: what it says is what Transformers says when called by hand."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
import torch
import transformers

from parity.border.runner import Batch, Runner
from parity.errors import (
    BadOptionValue,
    InputsDoNotFit,
    ParityError,
    SubjectError,
    SubjectNotFound,
    UnsafeArtifact,
)
from parity.inputs.example import Encoding, Example
from parity.stages import is_detail
from parity.subjects.subject import parse_subject
from parity_transformers import adapter
from tests.models import VOCABULARY, tiny, tiny_bert, write_tokenizer

pytestmark = pytest.mark.real

EXAMPLES = [
    Example(0, "The film was good, never boring!"),
    Example(1, "a dull plot"),
    Example(2, "I love it Héllo", "you hate this"),
]
GPT2 = Path(__file__).parents[4] / "shared/materials/vocabularies/gpt2"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small models: `classes`, `tokens`, `encoder`."""
    place = tmp_path_factory.mktemp("models")
    tiny_bert(place / "classes")
    tiny_bert(place / "tokens", "AutoModelForTokenClassification", labels=("O", "B", "I"), safetensors=False)
    tiny_bert(place / "encoder", "AutoModel")
    return place


@pytest.fixture(scope="module")
def classes(folders: Path) -> Iterator[Runner]:
    with start(folders / "classes") as runner:
        yield runner


def start(folder: Path | str, options: str = "") -> Runner:
    return Runner.start(parse_subject(f"hf:{folder}{options}"), adapter, timeout=300)


def edit(folder: Path, file: str, **changes: Any) -> Path:
    """Change fields of a JSON file; None takes one away."""
    content = json.loads((folder / file).read_text(encoding="utf-8")) | changes
    kept = {name: value for name, value in content.items() if value is not None}
    (folder / file).write_text(json.dumps(kept), encoding="utf-8")
    return folder


def copy(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def encodings(runner: Runner, examples: list[Example] = EXAMPLES) -> list[Encoding]:
    found = [encoding for encoding in runner.tokenize(examples).wait() if encoding is not None]
    assert len(examples) == len(found)
    return found


def values(batch: Batch) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    return {name: stage.values.copy() for name, stage in batch.stages.items()}


def refusal(folder: Path | str, options: str = "") -> ParityError:
    with pytest.raises(ParityError) as caught, start(folder, options) as runner:
        runner.describe()
    assert not caught.value.detail
    return caught.value


def test_a_classifier_describes_itself(classes: Runner) -> None:
    said = classes.describe()
    assert ("transformers", "BertForSequenceClassification", "sequence_classification") == (
        said.framework,
        said.model_class,
        said.task,
    )
    assert ["negative", "neutral", "positive"] == said.labels
    assert ["embeddings", "layer.0", "layer.1", "layer.2", "pooled", "logits"] == [
        stage.name for stage in said.stages if not is_detail(stage.name)
    ]
    assert ["layer.2.attention", "layer.2.mlp", "layer.2"] == [stage.name for stage in said.stages][-5:-2]
    assert ("float32", "full", 40, len(VOCABULARY)) == (
        said.dtype,
        said.scope,
        said.max_tokens,
        said.vocabulary_rows,
    )
    assert ([], [], []) == (said.newly_initialised, said.unused_weights, said.notes)
    assert said.tokenizer["do_lower_case"] is True


def test_logits_and_layers_are_those_of_a_call_by_hand(folders: Path, classes: Runner) -> None:
    window = classes.tokenize(EXAMPLES).window
    seen = values(classes.forward([0, 1], window=window).wait())
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders / "classes")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folders / "classes").eval()
    feeds = tokenizer([example.text for example in EXAMPLES[:2]], padding=True, return_tensors="pt")
    with torch.no_grad():
        outputs = model(**feeds, output_hidden_states=True)
    np.testing.assert_array_equal(feeds["input_ids"].numpy(), seen["input_ids"])
    np.testing.assert_array_equal(feeds["attention_mask"].numpy(), seen["attention_mask"])
    np.testing.assert_allclose(seen["logits"], outputs.logits.numpy(), atol=1e-6)
    for k in range(3):
        np.testing.assert_allclose(seen[f"layer.{k}"], outputs.hidden_states[k + 1].numpy(), atol=2e-6)


def test_stages_come_in_the_order_of_computing(classes: Runner) -> None:
    window = classes.tokenize(EXAMPLES).window
    inputs = ["input_ids", "real", "attention_mask", "token_type_ids", "position_ids"]
    layers = ["embeddings", "layer.0", "layer.1", "layer.2", "pooled", "logits"]
    assert inputs + layers == list(classes.forward([0], window=window).wait().stages)


def test_an_encoding_tells_pieces_offsets_and_segments(classes: Runner) -> None:
    encoding = encodings(classes)[2]
    assert ("[CLS]", "i", "love", "it", "h", "##e", "##l", "##l", "##o", "[SEP]") == encoding.pieces[:10]
    assert (None, *[0] * 8, None, 1, 1, 1, None) == encoding.segments
    assert ((10, 11), (14, 15)) == (encoding.offsets[4], encoding.offsets[8])  # the H and the last o of Héllo
    assert (0, 3) == encoding.offsets[10]
    assert ("i love it hello", "you hate this") == (encoding.normalized, encoding.normalized_pair)
    assert [True, False] == [encoding.special[0], encoding.special[1]]


def test_the_same_ids_give_the_same_bits(classes: Runner) -> None:
    window = classes.tokenize(EXAMPLES).window
    own = values(classes.forward([0, 1, 2], window=window).wait())
    names = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "real")
    given = values(classes.forward(inputs={name: own[name] for name in names}).wait())
    for stage in own:
        np.testing.assert_array_equal(own[stage], given[stage])


def test_float64_is_pure_and_leaves_float32_as_it_was(classes: Runner) -> None:
    window = classes.tokenize(EXAMPLES).window
    before = values(classes.forward([0, 1], window=window).wait())
    batch = classes.forward([0, 1], window=window, precision="float64").wait()
    double = values(batch)
    after = values(classes.forward([0, 1], window=window).wait())
    assert "pure" == batch.float64
    assert np.float64 == double["logits"].dtype
    np.testing.assert_array_equal(before["logits"], after["logits"])
    np.testing.assert_allclose(before["logits"], double["logits"], atol=1e-5)


def test_details_are_shown_when_asked_by_name(classes: Runner) -> None:
    window = classes.tokenize(EXAMPLES).window
    stages = classes.forward([0], window=window, stages=["layer.1.mlp", "layer.1"]).wait().stages
    assert ["layer.1.mlp", "layer.1"] == [name for name in stages if name.startswith("layer")]
    assert "logits" not in stages


def test_ids_beyond_the_embedding_are_refused_before_running(classes: Runner) -> None:
    with pytest.raises(InputsDoNotFit, match=r"input_ids 9999 is outside the \d+ rows"):
        classes.forward(inputs={"input_ids": [[2, 9999, 3]], "real": [[1, 1, 1]]}).wait()


def test_a_row_beyond_the_positions_is_refused_before_running(classes: Runner) -> None:
    with pytest.raises(InputsDoNotFit, match="41 tokens is longer than the 40 positions"):
        classes.forward(inputs={"input_ids": [[5] * 41], "real": [[1] * 41]}).wait()


@pytest.mark.parametrize(
    ("position", "said"), [(40, "40 is outside the 40 rows"), (-1, "-1 is outside the 40 rows")]
)
def test_positions_beyond_the_table_are_refused_before_running(
    classes: Runner, position: int, said: str
) -> None:
    given = {"input_ids": [[2, 5, 3]], "position_ids": [[0, 1, position]], "real": [[1, 1, 1]]}
    with pytest.raises(InputsDoNotFit, match=f"position_ids {said}"):
        classes.forward(inputs=given).wait()


def test_positions_of_a_table_that_counts_from_its_padding_reach_its_last_row(tmp_path: Path) -> None:
    tiny("roberta", vocab_size=len(VOCABULARY)).save_pretrained(tmp_path / "m")
    with start(write_tokenizer(tmp_path / "m")) as runner:
        given = {"input_ids": [[2, 5, 3]], "position_ids": [[2, 3, 39]], "real": [[1, 1, 1]]}
        assert "layer.0" in runner.forward(inputs=given).wait().stages
        given["position_ids"] = [[2, 3, 40]]
        with pytest.raises(InputsDoNotFit, match="position_ids 40 is outside the 40 rows"):
            runner.forward(inputs=given).wait()


def test_long_rows_are_cut_to_what_there_is_room_for(classes: Runner) -> None:
    encoding = encodings(classes, [Example(0, "good " * 60)])[0]
    assert (40, 62) == (len(encoding.input_ids), encoding.untruncated)


def test_token_classification_has_logits_for_every_token(folders: Path) -> None:
    with start(folders / "tokens") as runner:
        assert ["O", "B", "I"] == runner.describe().labels
        window = runner.tokenize(EXAMPLES).window
        logits = runner.forward([1], window=window).wait().stages["logits"]
        assert ("row", "token", "class") == logits.axes
        assert (1, 5, 3) == logits.values.shape


@pytest.mark.parametrize(
    ("labels", "changes", "task"),
    [
        (("LABEL_0",), {}, "regression"),
        (("LABEL_0",), {"problem_type": "regression"}, "regression"),
        (("x", "y"), {"problem_type": "regression"}, "regression"),
        (("LABEL_0",), {"problem_type": "multi_label_classification"}, "sequence_classification"),
        (("no", "yes"), {}, "sequence_classification"),
    ],
)
def test_one_output_or_outputs_said_to_be_values_are_a_regression(
    labels: tuple[str, ...], changes: dict[str, Any], task: str, tmp_path: Path
) -> None:
    with start(tiny_bert(tmp_path / "m", labels=labels, **changes)) as runner:
        said = runner.describe()
        assert (task, list(labels)) == (said.task, said.labels)


def test_a_bare_encoder_ends_in_its_pooler(folders: Path) -> None:
    with start(folders / "encoder", "?padding_side=left&max_length=6&batch_size=7") as runner:
        said = runner.describe()
        assert ("encoder", None, 7, "pooled") == (
            said.task,
            said.labels,
            said.batch_size,
            said.stages[-1].name,
        )
        assert [6, 5, 6] == [len(encoding.input_ids) for encoding in encodings(runner)]
        window = runner.tokenize(EXAMPLES).window
        real = runner.forward([0, 1], window=window).wait().stages["real"].values
        assert [[1, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1]] == real.tolist()


def test_padding_to_the_maximum_is_an_option(folders: Path) -> None:
    with start(folders / "classes", "?padding=max_length") as runner:
        window = runner.tokenize(EXAMPLES).window
        assert (1, 40) == runner.forward([1], window=window).wait().stages["input_ids"].values.shape


def test_a_tokenizer_without_a_mask_feeds_none(folders: Path, tmp_path: Path) -> None:
    folder = copy(folders / "classes", tmp_path / "m")
    edit(folder, "tokenizer_config.json", model_input_names=["input_ids"])
    with start(folder) as runner:
        window = runner.tokenize(EXAMPLES).window
        stages = runner.forward([0, 1], window=window).wait().stages
        assert not {"attention_mask", "token_type_ids"} & set(stages)
        assert stages["real"].values[1].tolist() == [1] * 5 + [0] * (stages["real"].values.shape[1] - 5)


def test_a_head_that_the_file_lacks_is_named(folders: Path, tmp_path: Path) -> None:
    folder = copy(folders / "encoder", tmp_path / "m")
    edit(folder, "config.json", architectures=["BertForSequenceClassification"])
    with start(folder) as runner:
        assert ["classifier.bias", "classifier.weight"] == runner.describe().newly_initialised


def test_weights_that_nothing_consumed_are_named(tmp_path: Path) -> None:
    with start(tiny_bert(tmp_path / "next", "AutoModelForNextSentencePrediction"), "?task=encoder") as runner:
        said = runner.describe()
    assert ["cls.seq_relationship.bias", "cls.seq_relationship.weight"] == said.unused_weights
    model: Any = transformers.GPT2DoubleHeadsModel(tiny("gpt2", vocab_size=len(VOCABULARY)).config)
    model.save_pretrained(tmp_path / "two")
    write_tokenizer(tmp_path / "two")
    with start(tmp_path / "two") as runner:
        said = runner.describe()
    assert ["multiple_choice_head.summary.bias", "multiple_choice_head.summary.weight"] == said.unused_weights
    assert any("GPT2DoubleHeadsModel" in note for note in said.notes)
    with start(tiny_bert(tmp_path / "masked", "AutoModelForMaskedLM"), "?task=encoder") as runner:
        said = runner.describe()
    assert ["pooler.dense.bias", "pooler.dense.weight"] == said.newly_initialised


def test_a_tokenizer_of_another_folder_can_be_used(folders: Path, tmp_path: Path) -> None:
    write_tokenizer(tmp_path / "cased", lowercase=False)
    with start(folders / "classes", f"?tokenizer={tmp_path / 'cased'}") as runner:
        assert "The" == encodings(runner)[0].pieces[1]
        assert runner.describe().tokenizer["do_lower_case"] is False


def test_bfloat16_is_said_and_crosses_as_float32(folders: Path) -> None:
    with start(folders / "classes", "?dtype=bfloat16&temperature=1.7") as runner:
        said = runner.describe()
        window = runner.tokenize(EXAMPLES).window
        logits = runner.forward([0], window=window).wait().stages["logits"]
    assert ("bfloat16", 1.7) == (said.dtype, said.temperature)
    assert ["The config has dtype float32; the weights are loaded as bfloat16."] == said.notes
    assert ("bfloat16", np.dtype(np.float32)) == (logits.source, logits.values.dtype)


def test_float32_is_the_default_whatever_the_checkpoint_says(tmp_path: Path) -> None:
    model = tiny("bert", "AutoModel", vocab_size=len(VOCABULARY)).to(torch.bfloat16)
    model.save_pretrained(tmp_path / "m")
    write_tokenizer(tmp_path / "m")
    with start(tmp_path / "m") as runner:
        assert ("float32", ["The config has dtype bfloat16; the weights are loaded as float32."]) == (
            runner.describe().dtype,
            runner.describe().notes,
        )
    with start(tmp_path / "m", "?dtype=auto") as runner:
        assert "bfloat16" == runner.describe().dtype


def test_either_attention_says_the_same(folders: Path) -> None:
    seen: list[Any] = []
    for kind in ("eager", "sdpa"):
        with start(folders / "classes", f"?attn={kind}") as runner:
            window = runner.tokenize(EXAMPLES).window
            seen.append(values(runner.forward([0, 1, 2], window=window).wait())["logits"])
    np.testing.assert_allclose(seen[0], seen[1], atol=1e-6)


def test_weights_differ_in_their_digest_only_where_they_differ(folders: Path, tmp_path: Path) -> None:
    digests: list[str | None] = []
    for folder in (
        folders / "classes",
        copy(folders / "classes", tmp_path / "same"),
        tiny_bert(tmp_path / "other", seed=1),
    ):
        with start(folder) as runner:
            digests.append(runner.describe().weights_digest)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.skipif(not GPT2.is_dir(), reason="needs ../shared/materials")
def test_a_model_without_a_padding_token_runs_row_by_row(tmp_path: Path) -> None:
    tiny("gpt2", "AutoModelForSequenceClassification", vocab_size=50257).save_pretrained(tmp_path / "m")
    for file in GPT2.iterdir():
        shutil.copy(file, tmp_path / "m" / file.name)
    with start(tmp_path / "m") as runner:
        said = runner.describe()
        assert (1, "There is no padding token, so rows are run one at a time.") == (
            said.max_rows,
            said.notes[-1],
        )
        encoding = encodings(runner)[0]
        assert EXAMPLES[0].text == encoding.normalized  # no normaliser: the text itself
        window = runner.tokenize(EXAMPLES).window
        stages = runner.forward([0], window=window).wait().stages
        assert (1, len(encoding.input_ids), 24) == stages["layer.2"].values.shape


@pytest.fixture
def byte_level(tmp_path: Path) -> Path:
    """A small GPT-2 whose tokenizer puts nothing around a text."""
    letters = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    model = tokenizers.models.BPE({letter: k for k, letter in enumerate(sorted(letters))}, [])
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast: Any = transformers.PreTrainedTokenizerFast
    fast(tokenizer_object=tokenizer, model_max_length=40).save_pretrained(tmp_path / "m")
    tiny("gpt2", "AutoModelForCausalLM", vocab_size=len(letters)).save_pretrained(tmp_path / "m")
    return tmp_path / "m"


def test_a_tokenizer_that_puts_nothing_around_a_text_is_not_asked_with_blank_probes(
    byte_level: Path, classes: Runner
) -> None:
    assert classes.describe().can.blank
    with start(byte_level) as runner:
        assert not runner.describe().can.blank


def test_a_row_without_a_token_is_refused_with_its_number_and_id(byte_level: Path) -> None:
    examples = [Example(5, "a"), Example(6, "", id="x"), Example(7, "")]
    with start(byte_level) as runner, pytest.raises(InputsDoNotFit) as caught:
        runner.tokenize(examples).wait()
    assert "Input 6 (id 'x', text '') has no token" in caught.value.sentence
    assert "nor for 1 later inputs" in caught.value.sentence
    assert caught.value.next_step


def test_what_a_model_does_not_take_is_left_out_and_said(tmp_path: Path) -> None:
    tiny("distilbert", "AutoModel", vocab_size=len(VOCABULARY)).save_pretrained(tmp_path / "m")
    with start(write_tokenizer(tmp_path / "m")) as runner:
        assert {None} == {encoding.token_type_ids for encoding in encodings(runner)}
        window = runner.tokenize(EXAMPLES).window
        assert "token_type_ids" not in runner.forward([0], window=window).wait().stages
        assert [] == list(runner.warnings)
        assert (
            "DistilBertModel takes no token_type_ids: its tokenizer's are ignored." in runner.describe().notes
        )
        given = {"input_ids": [[2, 5, 3]], "token_type_ids": [[0, 0, 1]], "real": [[1, 1, 1]]}
        runner.forward(inputs=given).wait()
        assert ("DistilBertModel takes no token_type_ids; it ran without.",) == runner.warnings


def test_a_folder_that_is_not_there_ends_in_a_sentence() -> None:
    error = refusal("./no/such/folder")
    assert isinstance(error, SubjectNotFound)
    assert "There is no folder ./no/such/folder." == error.sentence


def test_a_hub_name_out_of_reach_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    error = refusal("nobody/nothing")
    assert isinstance(error, SubjectNotFound)
    assert "HF_HUB_OFFLINE switches the hub off" in error.sentence


def test_a_family_name_says_what_it_stands_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert "hf:bert stands for google-bert/bert-base-uncased" in refusal("bert").sentence


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        ("config.json", "holds no config.json"),
        ("model.safetensors", "holds no weights"),
        ("vocab.txt", "holds no tokenizer"),
    ],
)
def test_what_is_missing_from_a_folder_is_named(folders: Path, tmp_path: Path, taken: str, said: str) -> None:
    folder = copy(folders / "classes", tmp_path / "m")
    (folder / taken).unlink()
    error = refusal(folder)
    assert isinstance(error, SubjectNotFound)
    assert said in error.sentence


def test_weights_that_are_cut_off_are_refused(folders: Path, tmp_path: Path) -> None:
    folder = copy(folders / "classes", tmp_path / "m")
    os.truncate(folder / "model.safetensors", 20_000)
    error = refusal(folder)
    assert isinstance(error, SubjectError)
    assert "is cut off: it has 20000 bytes" in error.sentence


def test_weights_of_another_shape_are_refused(folders: Path, tmp_path: Path) -> None:
    folder = edit(copy(folders / "classes", tmp_path / "m"), "config.json", intermediate_size=44)
    assert "shapes differ from those in config.json" in refusal(folder).sentence


def test_a_checkpoint_that_calls_something_is_refused_and_not_run(folders: Path, tmp_path: Path) -> None:
    class Call:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "executed"),))

    folder = copy(folders / "tokens", tmp_path / "m")
    torch.save({"weight": torch.ones(2), "more": Call()}, folder / "pytorch_model.bin")
    error = refusal(folder)
    assert isinstance(error, UnsafeArtifact)
    assert "mkdir" in error.sentence
    assert not (tmp_path / "executed").exists()


def test_code_that_a_checkpoint_brings_is_refused_and_not_run(folders: Path, tmp_path: Path) -> None:
    folder = copy(folders / "classes", tmp_path / "m")
    edit(folder, "config.json", model_type="own", auto_map={"AutoConfig": "own.Config"})
    (folder / "own.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')", encoding="utf-8")
    error = refusal(folder)
    assert isinstance(error, UnsafeArtifact)
    assert "trust_remote_code" in error.next_step
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "options",
    ["?max_length=41", "?batch_size=0", "?temperature=-1", "?device=nowhere", "?attn=flash_attention_2"],
)
def test_an_option_that_cannot_be_meant_is_refused(folders: Path, options: str) -> None:
    assert isinstance(refusal(folders / "classes", options), BadOptionValue)
