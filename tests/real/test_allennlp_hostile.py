"""Hostile archives before a real runner: refused, with nothing written outside and nothing executed."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import tarfile
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from parity.errors import SubjectError, UnsafeArtifact
from tests.real.allennlp_asking import MATERIALS, ask, started

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cold")]

SOUND = MATERIALS / "archives" / "upstream__allennlp__basic_classifier_serialization.tar.gz"
Tamper = Callable[[str, bytes], bytes]


@pytest.fixture
def tampered(tmp_path: Path) -> Callable[..., str]:
    """A sound archive with members changed, or added: the subject of it."""
    if not SOUND.is_file():
        pytest.skip(f"{SOUND} is not here")

    def make(change: Tamper, *more: tarfile.TarInfo) -> str:
        path = tmp_path / "model.tar.gz"
        with tarfile.open(SOUND) as source, tarfile.open(path, "w:gz") as target:
            for member in source:
                content = source.extractfile(member)
                changed = change(member.name, content.read()) if content is not None else b""
                member.size = len(changed)
                target.addfile(member, io.BytesIO(changed))
            for member in more:
                target.addfile(member)
        return f"allennlp:{path}"

    return make


def unchanged(name: str, content: bytes) -> bytes:
    """Every member as it was."""
    return content


def configured(change: Callable[[dict[str, Any]], object]) -> Tamper:
    """The archive's config changed in place."""

    def tamper(name: str, content: bytes) -> bytes:
        if not name.endswith("config.json"):
            return content
        config = json.loads(content)
        change(config)
        return json.dumps(config).encode()

    return tamper


def replaced(ending: str, by: bytes) -> Tamper:
    """One member's content replaced."""

    def tamper(name: str, content: bytes) -> bytes:
        return by if name.endswith(ending) else content

    return tamper


def refusal(spec: str) -> str:
    """Why a subject is refused."""
    with pytest.raises(UnsafeArtifact) as caught, started(spec) as runner:
        runner.describe()
    return caught.value.sentence


class Marker:
    """What unpickles to a folder being made."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._path),)


def test_an_archive_left_as_it_was_is_run(tampered: Callable[..., str]) -> None:
    assert ["neg", "pos"] == ask(tampered(unchanged), ["a film"]).description.labels


def test_code_in_the_weights_is_refused_and_not_executed(
    tampered: Callable[..., str], tmp_path: Path
) -> None:
    marker = tmp_path / "executed"
    code = pickle.dumps({"weight": Marker(marker)}, protocol=2)
    said = refusal(tampered(replaced("weights.th", code)))
    assert "names posix.mkdir" in said
    assert not marker.exists()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (tarfile.SYMTYPE, "is a symbolic link to"),
        (tarfile.LNKTYPE, "is a hard link"),
        (tarfile.CHRTYPE, "is a device"),
    ],
)
def test_a_member_that_is_no_file_is_refused(
    kind: bytes, expected: str, tampered: Callable[..., str]
) -> None:
    member = tarfile.TarInfo("vocabulary/extra.txt")
    member.type, member.linkname = kind, "/etc/passwd"
    assert expected in refusal(tampered(unchanged, member))


def test_a_member_outside_the_folder_is_not_written(tampered: Callable[..., str], tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    assert "would be written outside" in refusal(tampered(unchanged, tarfile.TarInfo(f"../../..{outside}")))
    assert not outside.exists()


def test_a_dotted_type_is_refused_before_anything_is_imported(tampered: Callable[..., str]) -> None:
    said = refusal(tampered(configured(lambda config: config["model"].update(type="os.system"))))
    assert "model.type is 'os.system': code outside AllenNLP would be imported and called" in said


def test_a_bare_string_that_allennlp_would_read_as_a_type_is_refused_where_it_is_resolved(
    tampered: Callable[..., str],
) -> None:
    said = refusal(
        tampered(configured(lambda config: config["dataset_reader"].update(tokenizer="os.getcwd")))
    )
    assert "The archive has 'os.getcwd' in place of a Tokenizer" in said


def test_a_function_of_allennlps_is_no_type(tampered: Callable[..., str]) -> None:
    function = {"type": "allennlp.common.util.import_module_and_submodules", "package_name": "antigravity"}
    said = refusal(tampered(configured(lambda config: config["dataset_reader"].update(tokenizer=function))))
    assert (
        "dataset_reader.tokenizer.type is 'allennlp.common.util.import_module_and_submodules': a path" in said
    )


def test_an_address_in_the_config_is_refused(tampered: Callable[..., str]) -> None:
    reader = {"type": "pretrained_transformer", "model_name": "https://evil.example/bert"}
    said = refusal(tampered(configured(lambda config: config["dataset_reader"].update(tokenizer=reader))))
    assert "dataset_reader.tokenizer.model_name is an address, 'https://evil.example/bert'" in said


def test_a_config_that_is_a_program_is_refused(tampered: Callable[..., str]) -> None:
    program = b'local name = importstr "/etc/passwd"; {"model": {"type": name}, "dataset_reader": {}}'
    said = refusal(tampered(replaced("config.json", program)))
    assert "it is a jsonnet program" in said


MANAGER = {
    "type": "allennlp.commands.predict._PredictManager",
    "predictor": None,
    "input_file": "mine.txt",
    "output_file": "mine.txt",
    "batch_size": 1,
    "print_to_console": False,
    "has_dataset_reader": False,
}
"""A command of AllenNLP's, which opens its output file for writing as it is made."""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the user's in the folder that parity is run in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "mine.txt").write_text("of value", encoding="utf-8")
    return folder / "mine.txt"


@pytest.mark.parametrize(
    "part",
    [
        "dataset_reader.tokenizer",
        "dataset_reader.token_indexers.tokens",
        "vocabulary",
        "model.seq2vec_encoder",
    ],
)
def test_a_command_of_allennlps_named_as_a_type_does_not_empty_a_file(
    part: str, tampered: Callable[..., str], mine: Path
) -> None:
    def put(config: dict[str, Any]) -> None:
        *path, last = part.split(".")
        for key in path:
            config = config.setdefault(key, {})
        config[last] = MANAGER

    said = refusal(tampered(configured(put)))
    assert f"{part}.type is 'allennlp.commands.predict._PredictManager': a path to code" in said
    assert "of value" == mine.read_text("utf-8")


def test_nor_where_a_scan_does_not_know_that_a_type_stands_there(
    tampered: Callable[..., str], mine: Path
) -> None:
    name = "allennlp.commands.predict._PredictManager"
    said = refusal(tampered(configured(lambda config: config["dataset_reader"].update(tokenizer=name))))
    assert f"The archive has {name!r} in place of a Tokenizer: this is a path to code" in said
    assert "of value" == mine.read_text("utf-8")


class Counting(BaseHTTPRequestHandler):
    """Counts what is asked of it."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written to the terminal."""


def test_an_address_in_brackets_is_not_fetched(tampered: Callable[..., str]) -> None:
    with HTTPServer(("127.0.0.1", 0), Counting) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"(http://127.0.0.1:{server.server_port}/x.zip)#glove.txt"
        kind = "allennlp.modules.token_embedders.embedding.EmbeddingsTextFile"
        for more in ({"type": kind, "file_uri": address}, {"type": "spacy", "language": address}):
            read = {"type": "text_classification_json", "tokenizer": more}
            tamper = configured(partial(dict[str, Any].update, dataset_reader=read))
            assert "dataset_reader.tokenizer." in refusal(tampered(tamper))
        server.shutdown()
    assert [] == Counting.asked


def test_a_registered_name_of_another_kind_is_none_of_this_kind(tampered: Callable[..., str]) -> None:
    spec = tampered(
        configured(lambda config: config["dataset_reader"].update(tokenizer={"type": "from_archive"}))
    )
    with pytest.raises(SubjectError, match="from_archive not in acceptable choices"), started(spec) as runner:
        runner.describe()


def test_a_package_included_is_followed_to_classes_of_the_kind_alone(
    tampered: Callable[..., str], mine: Path
) -> None:
    spec = tampered(configured(lambda config: config["dataset_reader"].update(tokenizer=MANAGER)))
    assert "_PredictManager' in place of a Tokenizer: this is not such a class" in refusal(
        f"{spec}?include=allennlp"
    )
    assert "of value" == mine.read_text("utf-8")
    whitespace = "allennlp.data.tokenizers.whitespace_tokenizer.WhitespaceTokenizer"
    spec = tampered(
        configured(lambda config: config["dataset_reader"].update(tokenizer={"type": whitespace}))
    )
    assert ["neg", "pos"] == ask(f"{spec}?include=allennlp", ["a film"]).description.labels


@pytest.mark.parametrize("how", ["?transformer={}", ""])
def test_a_transformer_whose_tokenizer_unpickles_its_vocabulary_is_refused(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixtures = Path("fixtures").resolve()
    folder = tmp_path / "fixtures" / "encoder"
    shutil.copytree(fixtures / "encoder", folder)
    (folder / "tokenizer_config.json").write_text(
        '{"tokenizer_class": "TransfoXLTokenizer"}', encoding="utf-8"
    )
    (folder / "vocab.pkl").write_bytes(pickle.dumps(Marker(tmp_path / "executed"), protocol=2))
    monkeypatch.chdir(tmp_path)
    said = refusal(f"allennlp:{fixtures}/reviews.tar.gz" + how.format(folder))
    assert "names tokenizer_class 'TransfoXLTokenizer', which unpickles vocab.pkl" in said
    assert not (tmp_path / "executed").exists()
