"""What the config of an AllenNLP archive may name: paths to code, addresses and files are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from parity_allennlp import archive, config

DOTTED = "allennlp.commands.predict._PredictManager"


@pytest.mark.parametrize(
    ("read", "where"),
    [
        ({"model": {"type": DOTTED}}, "model.type"),
        ({"model": DOTTED}, "model"),
        (
            {"model": {"embedder": {"token_embedders": {"tokens": {"type": DOTTED}}}}},
            "model.embedder.token_embedders.tokens.type",
        ),
        ({"dataset_reader": {"type": DOTTED}}, "dataset_reader.type"),
        (
            {"dataset_reader": {"token_indexers": {"tokens": {"type": DOTTED}}}},
            "dataset_reader.token_indexers.tokens.type",
        ),
        (
            {"validation_dataset_reader": {"tokenizer": {"type": DOTTED}}},
            "validation_dataset_reader.tokenizer.type",
        ),
        ({"vocabulary": {"type": DOTTED}}, "vocabulary.type"),
        ({"vocabulary": DOTTED}, "vocabulary"),
        (
            {"model": {"regularizer": {"regexes": [["w", {"type": DOTTED}]]}}},
            "model.regularizer.regexes.0.1.type",
        ),
    ],
)
def test_a_path_to_code_of_allennlps_own_is_no_registered_name(read: dict[str, object], where: str) -> None:
    with pytest.raises(config.Unsafe) as caught:
        config.scan(config.needed(read), ())
    assert f"{where} is {DOTTED!r}: a path to code and not a registered name" in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example/x",
        "https://evil.example/x",
        "HTTPS://EVIL.example/x",
        "  https://evil.example/x",
        "https:/evil.example/x",
        "https:evil.example/x",
        "s3://bucket/x",
        "gs://bucket/x",
        "hf://someone/x/weights.th",
        "ftp://evil.example/x",
        "file:///etc/passwd",
        "(http://evil.example/x.zip)#glove.txt",
        "(http://evil.example/x.zip)[glove.txt]",
        "[http://evil.example/x]",
        "x.tar.gz!http://evil.example/x",
        "https://evil.example/x.tar.gz!weights.th",
    ],
)
@pytest.mark.parametrize("key", ["weights_file", "model_name", "anything"])
def test_an_address_is_one_however_it_is_written(address: str, key: str) -> None:
    with pytest.raises(config.Unsafe) as caught:
        config.scan({"model": {"part": {key: address}}}, ())
    assert f"model.part.{key} is an address, {address!r}" in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "//etc/passwd",
        " /etc/passwd",
        "~/x",
        "~root/x",
        "../x",
        "a/..",
        "a/../../x",
        "(/etc/x)[y]",
        "x.txt!../y",
    ],
)
def test_a_file_outside_the_archive_is_refused_however_it_is_named(path: str) -> None:
    with pytest.raises(config.Unsafe, match=r"model\.options_file reads a (file outside|member of another) "):
        config.scan({"model": {"options_file": path}}, ())


@pytest.mark.parametrize("path", ["model.tar.gz!weights.th", "x.zip!x", "(x.zip)#glove.txt"])
def test_a_member_of_another_archive_is_refused(path: str) -> None:
    with pytest.raises(config.Unsafe, match=r"model\.options_file reads a member of another archive"):
        config.scan({"model": {"options_file": path}}, ())


@pytest.mark.parametrize(
    "options",
    [
        {"tokenizer_type": "transfo-xl"},
        {"pretrained_vocab_file": "vocab.pkl"},
        {"TrustMe": {"tokenizer_type": "TransfoXL"}},
    ],
)
def test_a_tokenizer_that_unpickles_is_refused_by_its_options(options: dict[str, object]) -> None:
    with pytest.raises(config.Unsafe, match="unpickle"):
        config.scan({"dataset_reader": {"tokenizer": {"tokenizer_kwargs": options}}}, ())


@pytest.mark.parametrize(
    "value",
    [
        "/",
        "//",
        "~",
        "O",
        "B-/x",
        "a:b",
        "[SEP]",
        "(x)",
        "x,y,x*y",
        "1:2",
        "en_core_web_sm",
        "epwalsh/bert-xsmall-dummy",
    ],
)
def test_a_word_that_only_looks_like_a_path_is_left_alone(value: str) -> None:
    config.scan({"model": {"word": value}}, ())


def test_the_whole_of_a_training_config_holds_no_path_to_code() -> None:
    for part in (
        {"trainer": {"callbacks": [{"type": DOTTED}]}},
        {"trainer": {"optimizer": {"type": DOTTED}}},
        {"trainer": DOTTED},
        {"data_loader": {"batch_sampler": {"type": DOTTED}}},
        {"model": {"initializer": {"regexes": [["w", {"type": DOTTED}]]}}},
        {"type": DOTTED},
    ):
        with pytest.raises(config.Unsafe, match="_PredictManager"):
            config.check_types(part, ())
        config.check_types(part, ("allennlp",))


def test_an_address_in_the_vocabulary_is_refused() -> None:
    read = config.needed(
        {"vocabulary": {"type": "from_files", "directory": "https://storage.example/vocabulary.tar.gz"}}
    )
    with pytest.raises(config.Unsafe, match=r"vocabulary.directory is an address"):
        config.scan(read, ())


def test_a_package_that_the_user_includes_may_be_named() -> None:
    config.scan({"model": {"type": "mine.models.Mine"}}, ("mine",))


def test_what_loading_never_reads_is_dropped_and_may_say_anything() -> None:
    read = config.needed(
        {
            "model": {
                "type": "simple_tagger",
                "embedder": {"pretrained_file": "https://x/glove.gz", "dim": 2},
            },
            "dataset_reader": {"type": "conll2003"},
            "train_data_path": "https://x/train.txt",
            "trainer": {"type": "os.system"},
        }
    )
    config.scan(read, ())
    assert {
        "model": {"type": "simple_tagger", "embedder": {"dim": 2}},
        "dataset_reader": {"type": "conll2003"},
    } == read


def test_every_place_of_a_transformers_name_is_found_and_can_be_set() -> None:
    read = {"model": {"embedder": {"model_name": "bert"}, "heads": [{"pretrained_model": "bert"}]}}
    for place in config.transformers(read):
        config.put(read, place.path, "./bert")
    assert {
        "model": {"embedder": {"model_name": "./bert"}, "heads": [{"pretrained_model": "./bert"}]}
    } == read


def test_the_pins_are_exact_and_name_no_registry(pins: Callable[[], list[str]]) -> None:
    assert [] == [line for line in pins() if line.count("==") != 1 or "://" in line or line.startswith("-")]


@pytest.fixture
def pins() -> Callable[[], list[str]]:
    """The lines of the managed environment's requirements."""
    path = Path(archive.__file__).with_name("requirements.txt")
    return lambda: path.read_text("utf-8").split("\n")[:-1]
