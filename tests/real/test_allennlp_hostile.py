"""Hostile archives before a real runner: refused, with nothing written outside and nothing executed."""

from __future__ import annotations

import io
import json
import os
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parity.errors import UnsafeArtifact
from tests.real.allennlp_asking import MATERIALS, ask, started

pytestmark = [pytest.mark.real]

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
    assert "asks for posix.mkdir" in said
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
    assert "The archive asks for 'os.getcwd' where a Tokenizer belongs" in said


def test_a_function_of_allennlps_is_no_type(tampered: Callable[..., str]) -> None:
    function = {"type": "allennlp.common.util.import_module_and_submodules", "package_name": "antigravity"}
    said = refusal(tampered(configured(lambda config: config["dataset_reader"].update(tokenizer=function))))
    assert "where a Tokenizer belongs: that is not a class of AllenNLP's" in said


def test_an_address_in_the_config_is_refused(tampered: Callable[..., str]) -> None:
    reader = {"type": "pretrained_transformer", "model_name": "https://evil.example/bert"}
    said = refusal(tampered(configured(lambda config: config["dataset_reader"].update(tokenizer=reader))))
    assert "dataset_reader.tokenizer.model_name is an address, 'https://evil.example/bert'" in said


def test_a_config_that_is_a_program_is_refused(tampered: Callable[..., str]) -> None:
    program = b'local name = importstr "/etc/passwd"; {"model": {"type": name}, "dataset_reader": {}}'
    said = refusal(tampered(replaced("config.json", program)))
    assert "it would have to be run as a jsonnet program" in said
