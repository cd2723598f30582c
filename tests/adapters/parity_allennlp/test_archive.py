"""What an AllenNLP archive may hold, and what is refused before anything of it is used."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from parity_allennlp import archive, config

CONFIG = json.dumps(
    {"model": {"type": "basic_classifier"}, "dataset_reader": {"type": "text_classification_json"}}
)


def file(name: str, content: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    """A plain member."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    """A member that is not a file: a link to `target`, a device, a pipe."""
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = target
    return member, b""


def write(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    """A tar.gz of those members after the ones that every archive has."""
    with tarfile.open(path, "w:gz") as tar:
        for member, content in (file("config.json", CONFIG.encode()), file("weights.th"), *members):
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to unpack to, with nothing beside it that a test did not put there."""
    made = tmp_path / "jail" / "unpacked"
    made.mkdir(parents=True)
    return made


def refused(path: Path, folder: Path, **limits: int) -> str:
    """Why an archive is refused; what lies outside the folder afterwards is checked too."""
    with pytest.raises(archive.Unsafe) as caught:
        archive.unpack(str(path), str(folder), archive.Limits(**limits))
    assert ["unpacked"] == [entry.name for entry in folder.parent.iterdir()]
    return str(caught.value)


def test_what_allennlp_writes_is_unpacked_and_the_rest_left(tmp_path: Path, folder: Path) -> None:
    path = write(tmp_path / "a.tar.gz", file("vocabulary/labels.txt", b"good\nbad\n"), file("fta/notes.txt"))
    unpacked = archive.unpack(str(path), str(folder))
    assert ["config.json", "vocabulary", "vocabulary/labels.txt", "weights.th"] == sorted(
        str(entry.relative_to(folder)) for entry in folder.rglob("*")
    )
    assert (["fta/notes.txt"], str(folder / "weights.th")) == (unpacked.ignored, unpacked.weights)


@pytest.mark.parametrize(
    "name", ["../outside", "vocabulary/../../outside", "/tmp/outside", "..\\outside", "C:/outside"]
)
def test_a_member_outside_the_folder_is_refused_by_name(name: str, tmp_path: Path, folder: Path) -> None:
    why = refused(write(tmp_path / "a.tar.gz", file(name)), folder)
    assert f"the member {name!r} would be written outside the archive's folder" == why


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (tarfile.SYMTYPE, "the member 'vocabulary' is a symbolic link to '/etc'"),
        (tarfile.LNKTYPE, "the member 'vocabulary' is a hard link to '/etc'"),
        (tarfile.CHRTYPE, "the member 'vocabulary' is a device or a pipe, not a file"),
        (tarfile.BLKTYPE, "the member 'vocabulary' is a device or a pipe, not a file"),
        (tarfile.FIFOTYPE, "the member 'vocabulary' is a device or a pipe, not a file"),
    ],
)
def test_a_link_and_a_device_are_refused(kind: bytes, expected: str, tmp_path: Path, folder: Path) -> None:
    path = write(tmp_path / "a.tar.gz", special("vocabulary", kind, "/etc"), file("vocabulary/passwd"))
    assert expected == refused(path, folder)


def test_a_bomb_is_counted_by_what_comes_out_not_by_what_it_declares(tmp_path: Path, folder: Path) -> None:
    path = write(tmp_path / "a.tar.gz", file("vocabulary/words.txt", b"\0" * (4 << 20)))
    assert refused(path, folder, ratio_from=1 << 20).startswith("it is a decompression bomb: ")


def test_an_archive_beyond_the_size_agreed_is_refused(tmp_path: Path, folder: Path) -> None:
    path = write(tmp_path / "a.tar.gz", file("vocabulary/words.txt", b"\0" * (4 << 20)))
    assert "it unpacks to more than 2,097,152 bytes" == refused(path, folder, total=2 << 20)


def test_more_members_than_agreed_are_refused(tmp_path: Path, folder: Path) -> None:
    path = write(tmp_path / "a.tar.gz", *(file(f"vocabulary/{number}.txt") for number in range(10)))
    assert "it has more than 5 members" == refused(path, folder, members=5)


def test_a_name_that_stands_twice_is_refused(tmp_path: Path, folder: Path) -> None:
    assert "two members are named 'weights.th'" == refused(
        write(tmp_path / "a.tar.gz", file("./weights.th")), folder
    )


def test_a_header_that_declares_more_than_there_is_does_not_hang_or_fill_memory(
    tmp_path: Path, folder: Path
) -> None:
    member = tarfile.TarInfo("vocabulary/words.txt")
    member.size = 1 << 40
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(member.tobuf() + b"x" * 512))
    assert refused(path, folder).startswith("it is not a complete tar.gz")


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(b"not a tar")
    assert refused(path, folder).startswith("it is not a complete tar.gz")


def test_a_serialization_directory_is_read_without_a_file_being_written_in_it(
    tmp_path: Path, folder: Path
) -> None:
    source = tmp_path / "run"
    (source / "vocabulary").mkdir(parents=True)
    (source / "config.json").write_text(CONFIG)
    (source / "best.th").write_bytes(b"x")
    unpacked = archive.unpack(str(source), str(folder))
    assert (str(source / "best.th"), ["best.th", "config.json", "vocabulary"]) == (
        unpacked.weights,
        sorted(entry.name for entry in source.iterdir()),
    )


def test_a_directory_without_weights_says_so(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "config.json").write_text(CONFIG)
    with pytest.raises(FileNotFoundError, match=r"holds no weights.th or best.th"):
        archive.unpack(str(tmp_path), str(folder))


def test_a_config_with_comments_and_trailing_commas_is_data() -> None:
    text = '{"a": "http://x // y", // why\n /* or */ "b": [1, 2,], # so\n}'
    assert {"a": "http://x // y", "b": [1, 2]} == config.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        'local x = 1; {"a": x}',
        '{"a": importstr "/etc/passwd"}',
        '{"a": std.extVar("HOME")}',
        "[]",
        '{"a": NaN}',
    ],
)
def test_a_config_that_is_a_program_is_refused(text: str) -> None:
    with pytest.raises(config.Unsafe):
        config.parse(text)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            {"type": "os.system"},
            "model.type is 'os.system': code outside AllenNLP would be imported and called",
        ),
        (
            {"a": [{"type": "subprocess.Popen"}]},
            "model.a.0.type is 'subprocess.Popen': code outside AllenNLP would be",
        ),
        (
            {"model_name": "https://evil.example/x"},
            "model.model_name is an address, 'https://evil.example/x'",
        ),
        ({"file": "hf://someone/x"}, "model.file is an address, 'hf://someone/x'"),
        (
            {"_pretrained": {"archive_file": "x.tar.gz"}},
            "model._pretrained.archive_file names another archive",
        ),
        ({"type": "from_archive", "archive_file": "x"}, "model.archive_file names another archive"),
        (
            {"transformer_kwargs": {"trust_remote_code": True}},
            "model.transformer_kwargs.trust_remote_code requests code",
        ),
        (
            {"weights_file": "/etc/passwd"},
            "model.weights_file reads a file outside the archive, '/etc/passwd'",
        ),
        ({"weights_file": "a/../../x"}, "model.weights_file reads a file outside the archive, 'a/../../x'"),
    ],
)
def test_a_config_that_reaches_out_is_refused_with_the_key(model: dict[str, object], expected: str) -> None:
    with pytest.raises(config.Unsafe) as caught:
        config.scan({"model": model}, ())
    assert str(caught.value).startswith(expected)
