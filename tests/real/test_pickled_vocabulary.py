"""A tokenizer that unpickles its vocabulary does nothing: refused before transformers reads it, in every interpreter."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parity.border.runner import Runner
from parity.errors import UnsafeArtifact
from parity.subjects.subject import parse_subject
from parity_transformers import adapter
from tests.models import write_tokenizer
from tests.real.environments import OTHERS, interpreter_of

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cold")]

PORT = Path("fixtures/port").resolve()
KIND = {"model_type": "transfo-xl"}
CLASS = {"tokenizer_class": "TransfoXLTokenizer"}
VERSIONS = ["4.12.5", "4.20.1", "4.57.6", "here"]


class Marker:
    """What unpickles to a folder being made."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._path),)


def interpreter(version: str) -> str:
    """The interpreter that has this version of transformers."""
    found = Path(sys.executable) if version == "here" else interpreter_of(OTHERS[version])
    if found is None:
        pytest.skip(f"transformers {version} is not built: make versions")
    return str(found)


@pytest.fixture
def hostile(tmp_path: Path) -> Callable[..., Path]:
    """A model's folder with settings laid over its own, and files that run code when they are unpickled."""

    def make(settings: dict[str, dict[str, Any] | None], *files: str, name: str = "hostile") -> Path:
        folder = tmp_path / name
        shutil.copytree(PORT, folder)
        for file, more in settings.items():
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            old: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
            new = {key: value for key, value in {**old, **(more or {})}.items() if value is not None}
            path.write_text(json.dumps(new), encoding="utf-8")
        for file in files:
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(pickle.dumps({"sym2idx": Marker(tmp_path / "executed")}, protocol=2))
        return folder

    return make


def refusal(spec: str) -> str:
    """Why a subject is refused."""
    with (
        pytest.raises(UnsafeArtifact) as caught,
        Runner.start(parse_subject(spec), adapter, threads=1, timeout=300) as runner,
    ):
        runner.describe()
    return caught.value.sentence


@pytest.mark.parametrize("version", VERSIONS)
def test_a_folder_whose_tokenizer_unpickles_is_refused_and_nothing_is_executed(
    version: str, hostile: Callable[..., Path], tmp_path: Path
) -> None:
    folder = hostile({"tokenizer_config.json": CLASS}, "vocab.pkl")
    said = refusal(f"hf:{folder}@{interpreter(version)}")
    assert f"The tokenizer of {folder} was not loaded: tokenizer_config.json names tokenizer_class" in said
    assert "which unpickles vocab.pkl" in said
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("version", VERSIONS)
def test_so_is_a_folder_named_as_the_tokenizer_alone(
    version: str, hostile: Callable[..., Path], tmp_path: Path
) -> None:
    folder = hostile({"tokenizer_config.json": CLASS}, "vocab.pkl")
    said = refusal(f"hf:{PORT}@{interpreter(version)}?tokenizer={folder}")
    assert f"The tokenizer of {folder} was not loaded" in said
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("settings", "files", "name", "where"),
    [
        ({"config.json": CLASS}, ["vocab.pkl"], "x", "config.json names tokenizer_class"),
        ({"config.json": KIND}, ["vocab.pkl"], "x", "config.json names model_type"),
        ({"config.json": KIND}, ["vocab.bin"], "x", "which unpickles vocab.bin"),
        ({"config.json": KIND}, ["vocab.bin", "vocab.pkl"], "x", "which unpickles vocab.bin and vocab.pkl"),
        (
            {"tokenizer_config.json": {"tokenizer_class": "TransfoXLTokenizerFast"}},
            ["vocab.pkl"],
            "x",
            "tokenizer_config.json names tokenizer_class 'TransfoXLTokenizerFast'",
        ),
        (
            {"tokenizer_config.json": {**CLASS, "pretrained_vocab_file": "plain.json"}},
            ["plain.json"],
            "x",
            "tokenizer_config.json names pretrained_vocab_file 'plain.json'",
        ),
        (
            {
                "config.json": {
                    "model_type": "rag",
                    "question_encoder": KIND,
                    "generator": {"model_type": "bert"},
                }
            },
            ["question_encoder_tokenizer/vocab.pkl"],
            "x",
            "which unpickles question_encoder_tokenizer/vocab.pkl",
        ),
        (
            {
                "config.json": {
                    "model_type": "encoder-decoder",
                    "encoder": KIND,
                    "decoder": {"model_type": "bert"},
                }
            },
            ["vocab.pkl"],
            "x",
            "config.json names model_type 'transfo-xl'",
        ),
        (
            {"config.json": {"configuration_files": ["config.4.0.0.json"]}, "config.4.0.0.json": KIND},
            ["vocab.pkl"],
            "x",
            "config.4.0.0.json names model_type",
        ),
        ({"config.json": {"model_type": None}}, ["vocab.pkl"], "my-transfo-xl", "the name of the folder is"),
    ],
)
def test_whichever_file_says_so(
    settings: dict[str, dict[str, Any] | None],
    files: list[str],
    name: str,
    where: str,
    hostile: Callable[..., Path],
    tmp_path: Path,
) -> None:
    folder = hostile(settings, *files, name=name)
    assert where in refusal(f"hf:{folder}@{interpreter('4.12.5')}")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("settings", "files"),
    [
        ({"tokenizer_config.json": {"tokenizer_class": "BertTokenizer"}}, ["vocab.pkl", "optimizer.pkl"]),
        ({}, []),
    ],
)
def test_a_pickle_that_no_tokenizer_reads_is_none_of_its_business(
    settings: dict[str, dict[str, Any] | None], files: list[str], hostile: Callable[..., Path], tmp_path: Path
) -> None:
    folder = hostile(settings, *files)
    with Runner.start(parse_subject(f"hf:{folder}"), adapter, threads=1, timeout=300) as runner:
        assert "BertForSequenceClassification" == runner.describe().model_class
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("version", ["4.12.5", "4.20.1"])
def test_what_that_look_would_miss_is_not_unpickled_all_the_same(
    version: str, hostile: Callable[..., Path], tmp_path: Path
) -> None:
    """The second wall alone: the framework is let at the file, and its unpickling is prevented."""
    folder = hostile({"tokenizer_config.json": CLASS}, "vocab.pkl")
    script = """
import sys
sys.path.insert(0, sys.argv[1])
import forbidden
import transformers
try:
    import sacremoses
except ImportError:
    sacremoses = None
with forbidden.nothing_unpickled() as prevented:
    try:
        transformers.AutoTokenizer.from_pretrained(sys.argv[2])
    except Exception as error:
        print(type(error).__name__)
print(prevented if sacremoses is not None else "needs sacremoses")
"""
    place = Path(__file__).resolve().parents[2] / "parity" / "_in_process"
    done = subprocess.run(
        [interpreter(version), "-c", script, str(place), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] in {"['unpickle posix.mkdir']", "needs sacremoses"}
    assert not (tmp_path / "executed").exists()


def test_an_implementation_that_would_be_fetched_from_the_hub_is_refused(tmp_path: Path) -> None:
    shutil.copytree(PORT, tmp_path / "kernel")
    path = tmp_path / "kernel" / "config.json"
    for more in (
        {"attn_implementation": "someone/kernel"},
        {"text_config": {"experts_implementation": "a/b@main:c"}},
    ):
        path.write_text(
            json.dumps({**json.loads((PORT / "config.json").read_text("utf-8")), **more}), "utf-8"
        )
        assert "code that would be downloaded and run" in refusal(f"hf:{tmp_path / 'kernel'}")


def test_a_vocabulary_as_text_is_read_whatever_the_class(tmp_path: Path) -> None:
    from parity._in_process import pickled_vocabulary

    write_tokenizer(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(KIND), encoding="utf-8")
    assert pickled_vocabulary.look(str(tmp_path)) is None
    assert pickled_vocabulary.look("someone/model", ("config.json", KIND)) is not None
    assert pickled_vocabulary.look("someone/model", ("config.json", {"model_type": "bert"})) is None
